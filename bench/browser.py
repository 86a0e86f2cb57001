"""The page in a Chromium without a window, and what Chromium says of it."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import processes, seed
from bench.http import Client

if TYPE_CHECKING:  # it is installed for the tests, and Squid does without it
    from playwright.sync_api import Browser, CDPSession, Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

MARKDOWN = """\
## High water

The figures are for the bridge; at the harbour mouth it is **12 minutes** earlier.

- spring tides two days after the new moon
- neap tides a week later, with `0.8 m` less of it

```python
def height(hour: float) -> float:
    return 3.9 + 2.1 * cos(hour / 6.2)
```

| harbour | high | low |
|---|---:|---:|
| Brest | 6.9 | 1.2 |
| Dover | 6.7 | 0.8 |

"""

SHOWN = """number => new Promise(resolve => {
  const look = () => {
    const list = document.querySelector('ol[aria-label="Conversation"]')
    const last = [...(list?.querySelectorAll('article') ?? [])].at(-1)
    if (last?.innerText.includes(`turn ${number}:`)) {
      // It is on the screen with the frame behind this one.
      requestAnimationFrame(() => resolve(performance.now()))
    } else requestAnimationFrame(look)
  }
  look()
})"""


class Missing(Exception):
    """There is no browser to measure in."""


class Bench:
    """A Squid with something in it, and a browser beside it."""

    def __init__(self, server: processes.Running, browser: Browser) -> None:
        self.server = server
        self.browser = browser
        self._client = Client(server)

    @contextlib.contextmanager
    def page(self) -> Iterator[tuple[Page, CDPSession]]:
        """In a profile of its own: nothing is kept from the last one."""
        context = self.browser.new_context(viewport={"width": 1280, "height": 800})
        try:
            page = context.new_page()
            tools = context.new_cdp_session(page)
            tools.send("Performance.enable")
            yield page, tools
        finally:
            context.close()

    def ask(self, session_id: str, deltas: int) -> str:
        """Have a Markdown answer of so many deltas written; returns its id."""
        body = {
            "message": {"content": MARKDOWN},
            "model": f"script:text=echo,size=6,deltas={deltas}",
        }
        answer = self._client.json("POST", f"/api/sessions/{session_id}/messages", body)
        return str(answer["messages"][-1]["id"])


@contextlib.contextmanager
def opened(fill: Callable[[Any], None]) -> Iterator[Bench]:
    """Raises Missing."""
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise Missing("playwright is not installed") from None
    if path is None:
        raise Missing("there is no Chromium: apt-get install chromium")
    with tempfile.TemporaryDirectory() as folder, processes.upstream() as up:
        seed.database(Path(folder), fill)
        with (
            processes.squid(Path(folder), up) as server,
            sync_playwright() as playwright,
            playwright.chromium.launch(
                executable_path=path,
                args=["--no-sandbox", "--disable-gpu"],
                # A signal is the bench's to hear, which then closes what it opened.
                handle_sigint=False,
                handle_sigterm=False,
            ) as browser,
        ):
            yield Bench(server, browser)


def ended(page: Page, message_id: str) -> None:
    answer = page.locator(f'article[data-message-id="{message_id}"][data-status="complete"]')
    answer.wait_for(timeout=600_000)
    page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")


def metrics(tools: CDPSession) -> dict[str, float]:
    found = tools.send("Performance.getMetrics")
    return {one["name"]: one["value"] for one in found["metrics"]}
