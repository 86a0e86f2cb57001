"""The pictures of the page in `docs/pictures`: `python -m tests.web.shots`.

They are taken from a server of their own that has the conversations below.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
from playwright.async_api import Browser, Page, async_playwright, expect

from squid.ids import new_id, now
from tests.server import Server, anthropic_at
from tests.upstream import Upstream
from tests.web import sight
from tests.web.seeds import assistant, conversation, seed, user

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
HOUR = 3_600_000
MODEL = {"SQUID_PROVIDER_ANTHROPIC_MODEL": "claude-sonnet-5-5"}
LIGHT, DARK = {"color_scheme": "light"}, {"color_scheme": "dark"}
WIDE = {"viewport": {"width": 1280, "height": 800}}
PHONE = {
    **{"viewport": {"width": 390, "height": 844}, "device_scale_factor": 1.5},
    **{"has_touch": True, "is_mobile": True},
}

LOG = """\
# Sourdough log

12 Oct: 70 % water, 20 % starter, 4 h at 24 °C. Dense crumb, sour. Starter was three days old.
19 Oct: same flour, starter fed twice the day before. 5 h at 24 °C. Much better, a little flat.
26 Oct: 75 % water, 5 h at 26 °C. Flat, spread on the stone. Very open crumb.
2 Nov: 72 % water, 4.5 h at 25 °C, 30 min of rest before shaping. The best so far.
"""
BREAD = """\
Your four bakes differ in three things, and only one of them explains the flat loaves: \
**how far the dough had come when you shaped it**.

| Bake | Water | Rise | Loaf |
|---|---:|---:|---|
| 12 Oct | 70 % | 4 h, 24 °C | dense, sour |
| 19 Oct | 70 % | 5 h, 24 °C | good, a little flat |
| 26 Oct | 75 % | 5 h, 26 °C | open, spread |
| 2 Nov | 72 % | 4½ h, 25 °C | the best |

Two degrees matter more than half an hour. A dough at 26 °C rises about a fifth faster than one \
at 24 °C, so the third loaf was past its best when it met the stone.

For Saturday I would keep the 72 % and the rest before shaping, and go by the dough, not by the \
clock: shape when it has grown by **60 %**, with a rim of tape on the jar to see it by.
"""
SCRIPT = """\
Here is a small script that keeps watch over the starter. It reads the temperature once a minute \
and says when the dough should be ready.

```python
from time import sleep

RISE_AT_24 = 4.5  # hours to grow by 60 %


def speed(celsius: float) -> float:
    \"\"\"How fast it rises, against 24 °C: a tenth more for each degree.\"\"\"
    return 1.1 ** (celsius - 24)


done = 0.0
while done < RISE_AT_24:
    sleep(60)
    done += speed(read_sensor()) / 60
print("Shape it now.")
```

`read_sensor` is yours to write: most cheap sensors are a file under `/sys/bus/w1/devices`. On a \
cool night (20 °C) it will say **6 h 35 min**, at 26 °C **3 h 43 min**.
"""
TITLES = (
    *("Plan for a week on the Breton coast", "Why is my query slow?", "Letter to the landlord"),
    *("Names for a grey cat", "Regex for German postcodes", "Notes on chapter four"),
    *("A birthday speech, two minutes", "Moving the backups to the new disk"),
    *("What does this lease say about pets?", "Compare the three heat pumps", "Chess openings"),
)


def bread() -> dict[str, Any]:
    file_id, sha256 = new_id(), hashlib.sha256(LOG.encode()).hexdigest()

    def cited(words: str, behind: str) -> dict[str, Any]:
        start = LOG.index(words)
        return {
            **{"title": "sourdough.md", "file_id": file_id, "text": words, "unit": "char"},
            **{"start": start, "end": start + len(words)},
            "position": BREAD.index(behind) + len(behind),
        }

    whole = conversation(
        "Why the third loaf was flat",
        [
            user("Here is my baking log. Why was the third loaf so flat?", files=[file_id]),
            assistant(
                BREAD,
                reasoning=(
                    "Four bakes. Water 70, 70, 75, 72 %; time 4, 5, 5, 4.5 h; temperature 24,"
                    " 24, 26, 25 °C.\n\nThe third has the most water and the warmest rise."
                    " Which of the two made it spread? The crumb was very open, so it was not"
                    " short of gas: it was over-proofed."
                ),
                sources=[
                    cited("75 % water, 5 h at 26 °C. Flat, spread on the stone.", "flat loaves"),
                    cited("30 min of rest before shaping. The best so far.", "before shaping"),
                ],
                usage={"input_tokens": 412, "output_tokens": 298, "reasoning_tokens": 87},
            ),
            user("I have a temperature sensor. Could a script tell me when to shape?"),
            assistant(SCRIPT, usage={"input_tokens": 743, "output_tokens": 231}),
        ],
    )
    content = {"sha256": sha256, "data": base64.b64encode(LOG.encode()).decode()}
    named = {"name": "sourdough.md", "media_type": "text/markdown", "created_at": now()}
    return {**whole, "contents": [content], "files": [{"id": file_id, "sha256": sha256, **named}]}


async def furnish(client: httpx2.AsyncClient) -> str:
    """Have the conversations there; returns the one to show."""
    older = (
        conversation(title, [user(title), assistant("Gladly.")], at=now() - (3 + 19 * n) * HOUR)
        for n, title in enumerate(TITLES)
    )
    session_id, *_ = await seed(client, bread(), *older)
    return session_id


# -- what is shown


async def top(page: Page) -> None:
    """The beginning of the conversation."""
    await page.evaluate("sight.scroller().scrollTop = 0")


async def code(page: Page) -> None:
    """Its end."""


async def sources(page: Page) -> None:
    reasoning = sight.conversation(page).get_by_role("button", name="Reasoning")
    await reasoning.first.click()
    await top(page)


async def palette(page: Page) -> None:
    await page.keyboard.press("ControlOrMeta+k")
    await expect(page.get_by_role("dialog", name="Commands")).to_be_visible()


async def drawer(page: Page) -> None:
    await page.get_by_role("button", name="Open the sidebar").click()
    await expect(page.get_by_role("button", name="New session", exact=True)).to_be_visible()


Show = Callable[[Page], Awaitable[None]]
SHOTS: dict[str, tuple[Show, dict[str, Any]]] = {
    "conversation-light": (top, WIDE | LIGHT),
    "conversation-dark": (code, WIDE | DARK),
    "reasoning-light": (sources, WIDE | LIGHT),
    "palette-dark": (palette, WIDE | DARK),
    "phone-light": (code, PHONE | LIGHT),
    "phone-dark": (top, PHONE | DARK),
    "phone-sessions-light": (drawer, PHONE | LIGHT),
}


async def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("No Chromium is installed: apt-get install chromium")
    PICTURES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="squid-shots-") as folder,
        Upstream.in_thread() as upstream,
        Server(Path(folder), env={**anthropic_at(upstream.url), **MODEL}) as server,
    ):
        async with httpx2.AsyncClient(base_url=server.url, verify=False) as client:
            address = f"{server.url}/sessions/{await furnish(client)}"
        async with (
            async_playwright() as playwright,
            await playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
            ) as browser,
        ):
            for name, shot in SHOTS.items():
                await take(browser, address, PICTURES / f"{name}.png", *shot)


async def take(
    browser: Browser, address: str, path: Path, show: Show, options: dict[str, Any]
) -> None:
    context = await browser.new_context(**options, reduced_motion="reduce", locale="en-GB")
    await context.add_init_script(sight.SCRIPT)
    page = await context.new_page()
    await page.goto(address)
    await expect(sight.conversation(page).get_by_text("cool night")).to_be_visible()
    await expect(page.get_by_role("button", name="Model: Claude Sonnet 5.5")).to_be_visible()
    await show(page)
    await page.mouse.move(0, 0)
    await sight.still(page)
    picture = await page.screenshot(path=path, caret="hide")
    print(f"{path.name}: {len(picture):,} bytes")
    await context.close()


if __name__ == "__main__":
    asyncio.run(main())
