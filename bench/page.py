"""What the page costs: to load, to open a long session, to follow an answer, to leave open.

Against a `squid serve` of its own with the tests' upstream, in a Chromium without a window.
"""

from __future__ import annotations

import asyncio
import gzip
import re
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
from playwright.async_api import Browser, BrowserContext, CDPSession, Page, async_playwright

import squid
from bench.figures import Figures
from tests.server import Server, anthropic_at
from tests.upstream import Upstream
from tests.web.seeds import conversation, seed, to_and_fro

PAGE = Path(squid.__file__).parent / "page"

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
PER_SECOND = 50
"""Deltas of an answer, as models send them."""

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


class Bench(NamedTuple):
    server: Server
    client: httpx2.AsyncClient
    browser: Browser

    @asynccontextmanager
    async def page(self) -> AsyncIterator[tuple[Page, CDPSession]]:
        """In a profile of its own: nothing is kept from the last one."""
        context: BrowserContext = await self.browser.new_context(
            viewport={"width": 1280, "height": 800}
        )
        page = await context.new_page()
        try:
            yield page, await context.new_cdp_session(page)
        finally:
            await context.close()

    async def ask(self, session_id: str, deltas: int) -> str:
        """Have a Markdown answer of so many deltas written; returns its run."""
        body = {
            "message": {"content": MARKDOWN},
            "model": f"script:text=echo,size=6,deltas={deltas}",
        }
        answer = await self.client.post(f"/api/sessions/{session_id}/messages", json=body)
        answer.raise_for_status()
        return str(answer.json()["messages"][-1]["id"])


async def measure(figures: Figures) -> None:
    weigh(figures)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("No Chromium is installed: apt-get install chromium")
    with (
        tempfile.TemporaryDirectory(prefix="squid-bench-") as folder,
        Upstream.in_thread() as upstream,
        Server(Path(folder), env=anthropic_at(upstream.url)) as server,
    ):
        async with (
            httpx2.AsyncClient(base_url=server.url, timeout=60, verify=False) as client,
            async_playwright() as playwright,
            await playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
            ) as browser,
        ):
            figures.versions["chromium"] = browser.version
            bench = Bench(server, client, browser)
            await opening(bench, figures)
            await following(bench, figures)
            await staying(bench, figures)


# -- what is loaded


def weigh(figures: Figures) -> None:
    """The scripts that the document names are what is loaded before anything is shown."""
    document = (PAGE / "index.html").read_text("utf-8")
    named = re.findall(r'(?:src|href)="/(assets/[^"]+)"', document)
    scripts = [PAGE / name for name in named if name.endswith(".js")]
    styles = [PAGE / name for name in named if name.endswith(".css")]
    # What was compressed when the page was built lies beside it.
    everything = [one for one in PAGE.rglob("*.*") if one.suffix not in (".br", ".gz")]
    figures.add("JavaScript at first, gzip", "KB", [_packed(scripts)], "300 KB")
    figures.add("styles at first, gzip", "KB", [_packed(styles)])
    figures.add("all of the page's files, as they are", "KB", [_size(everything)])


def _packed(paths: list[Path]) -> float:
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in paths) / 1000


def _size(paths: list[Path]) -> float:
    return sum(path.stat().st_size for path in paths) / 1000


# -- opening a session


async def opening(bench: Bench, figures: Figures) -> None:
    """From the navigation's start to its last message on the screen, with an empty cache."""
    for count in (20, 10_000):
        made = conversation(f"A session of {count}", to_and_fro(count))
        (session_id,) = await seed(bench.client, made)
        times = []
        for _ in range(3 if figures.quick else 9):
            async with bench.page() as (page, _):
                await page.goto(f"{bench.server.url}/sessions/{session_id}", wait_until="commit")
                times.append(float(await page.evaluate(SHOWN, count - 1)))
        figures.add(f"last message of {count:,} shown", "ms", times)


# -- following an answer


async def following(bench: Bench, figures: Figures) -> None:
    """The main thread's time while an answer streams as fast as it comes."""
    deltas = 1_000 if figures.quick else 5_000
    kinds: dict[str, list[float]] = {"Task": [], "Script": [], "Layout": [], "RecalcStyle": []}
    wall = []
    for _ in range(2 if figures.quick else 5):
        (session_id,) = await seed(bench.client, conversation("Followed", to_and_fro(2)))
        async with bench.page() as (page, tools):
            await page.goto(f"{bench.server.url}/sessions/{session_id}")
            await page.evaluate(SHOWN, 1)
            await tools.send("Performance.enable")
            before = await metrics(tools)
            answer = await bench.ask(session_id, deltas)
            await ended(page, answer)
            after = await metrics(tools)
        for kind, values in kinds.items():
            name = f"{kind}Duration"
            values.append((after[name] - before[name]) * 1_000 / deltas * 1_000)
        wall.append(deltas / (after["Timestamp"] - before["Timestamp"]))
    figures.add("main thread per 1,000 events: all", "ms", kinds["Task"])
    figures.add("main thread per 1,000 events: scripts", "ms", kinds["Script"])
    layout = [a + b for a, b in zip(kinds["Layout"], kinds["RecalcStyle"], strict=True)]
    figures.add("main thread per 1,000 events: layout and style", "ms", layout)
    figures.add("events shown a second, as they came", "/s", wall)


async def ended(page: Page, message_id: str) -> None:
    answer = page.locator(f'article[data-message-id="{message_id}"][data-status="complete"]')
    await answer.wait_for(timeout=600_000)
    await page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")


async def metrics(tools: CDPSession) -> dict[str, float]:
    found: dict[str, Any] = await tools.send("Performance.getMetrics")
    return {one["name"]: one["value"] for one in found["metrics"]}


# -- left open


async def staying(bench: Bench, figures: Figures) -> None:
    """As many events as an hour of streaming has, in one page that is never reloaded: half
    of them in one session, the rest in others that are opened one after another."""
    all_deltas = (60 if figures.quick else 3_600) * PER_SECOND
    each = 1_000 if figures.quick else 3_000
    answers = all_deltas // each
    async with bench.page() as (page, tools):
        # The first, and one for each four answers of the second half.
        count = 1 + -(-(answers - answers // 2) // 4)
        made = (conversation(f"Session {n}", to_and_fro(2)) for n in range(count))
        sessions = await seed(bench.client, *made)
        await page.goto(f"{bench.server.url}/sessions/{sessions[0]}")
        await page.evaluate(SHOWN, 1)
        await tools.send("Performance.enable")
        # What is loaded when it is first needed is no leak.
        await ended(page, await bench.ask(sessions[0], 500))
        before = await rest(tools)
        for number in range(answers):
            session_id = sessions[0]
            if number >= answers // 2:
                session_id = sessions[1 + (number - answers // 2) // 4]
                await page.locator(f'a[href="/sessions/{session_id}"]').first.click()
                await page.wait_for_url(f"**/sessions/{session_id}")
            await ended(page, await bench.ask(session_id, each))
            print(f"\r  {(number + 1) * each:,} events", end="", file=sys.stderr)
        print(file=sys.stderr)
        await page.locator(f'a[href="/sessions/{sessions[0]}"]').first.click()
        await page.wait_for_url(f"**/sessions/{sessions[0]}")
        after = await rest(tools)
    hour = f"after {answers * each:,} events"
    for name, unit, scale in (
        ("JSHeapUsedSize", "MB", 1e6),
        ("Nodes", "", 1),
        ("JSEventListeners", "", 1),
    ):
        words = {"JSHeapUsedSize": "heap", "Nodes": "nodes", "JSEventListeners": "listeners"}[name]
        figures.add(f"{words} at first", unit, [before[name] / scale])
        figures.add(f"{words} {hour}", unit, [after[name] / scale])


async def rest(tools: CDPSession) -> dict[str, float]:
    """The metrics when what is not needed any more is gone."""
    for _ in range(3):
        await tools.send("HeapProfiler.collectGarbage")
        await asyncio.sleep(0.1)
    return await metrics(tools)
