"""Every view of the page, each with all that it can show."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
from playwright.async_api import Page, expect

from squid.ids import message_id, new_id, now
from tests.web.seeds import assistant, conversation, seed, user
from tests.web.sight import conversation as conversation_of

DAY = 86_400_000

MARKDOWN = """\
# A heading

Some *emphasis*, some **weight**, `code` in a line, and a [link](https://example.org/).

## A list

1. One
2. Two
   - with another in it
3. ~~Three~~

- [x] done
- [ ] to do

> Somebody else's words.

```python
def tide(hour: int) -> float:
    return 2.1 * cos(hour / 6.2)  # metres
```

| Harbour | High | Low |
|---|---:|---:|
| Brest | 6.9 | 1.2 |
| Dover | 6.7 | 0.8 |

The height is $h = a \\cos(\\omega t)$, and over a day:

$$\\int_0^{24} h\\,dt = 0$$

---

| a | table | that | is | wider | than | the | screen | of | any | phone | there | is |
|---|---|---|---|---|---|---|---|---|---|---|---|---|
| 1111111 | 2222222 | 3333333 | 4444444 | 5555555 | 66666666 | 777777 | 8 | 9 | 10 | 11 | 12 | 13 |
"""
UNBROKEN = "https://example.org/" + "a-very-long-address-" * 20
NOTES = b"High water at the bridge: 04:12, 16:40.\nLow water: 10:25, 22:51.\n"


WEATHER = {"id": "toolu_1", "name": "weather", "input": '{"city": "Brest"}'}
BUSY = {
    **{"code": "provider-overloaded", "detail": "The model's server has too much to do."},
    "hint": "Try again in a minute.",
}


def everything() -> dict[str, Any]:
    """A conversation with every kind of message, and of what can be in one."""
    sha256, file_id, run_id = hashlib.sha256(NOTES).hexdigest(), new_id(), new_id()
    found = [
        {
            **{"title": "notes.txt", "text": "High water at the bridge: 04:12"},
            **{"file_id": file_id, "unit": "char", "start": 0, "end": 31, "position": 17},
        },
        {"title": "A page", "text": "found", "url": "https://example.org/a", "position": 41},
    ]
    usage = {"input_tokens": 812, "output_tokens": 240, "reasoning_tokens": 96}
    tool = {"role": "tool", "content": "", "run_id": run_id}
    whole = conversation(
        "Everything there is",
        [
            user("What is in here?\n\n  And does `code` of mine stay?\n" + UNBROKEN),
            assistant(MARKDOWN, reasoning="First the tables.\n\nThen the weather.", usage=usage),
            user("When is high water?", files=[file_id]),
            assistant("As your notes say, high water is at 04:12.", sources=found, usage=usage),
            user("And the weather?"),
            assistant("Wind from the west, force 5.", run_id=run_id),
            {**tool, "tool": {**WEATHER, "result": '{"wind": "W 5"}'}},
            {**tool, "tool": {**WEATHER, "id": "toolu_2", "result": "No", "is_error": True}},
            user("Go on"),
            assistant("Stopped by a", status="stopped"),
            user("Again"),
            assistant("Some of it came, then", status="error", error=BUSY),
            user("And now?"),
            assistant("This was cut off in its", status="interrupted"),
        ],
    )
    messages = whole["messages"]
    # Another answer to the second question, older than the one that is shown.
    other = {**messages[3], "id": message_id("assistant", "local"), "content": "Soon."}
    messages.insert(3, other)
    content = {"sha256": sha256, "data": base64.b64encode(NOTES).decode()}
    file = {"id": file_id, "name": "notes.txt", "media_type": "text/plain", "sha256": sha256}
    return {**whole, "contents": [content], "files": [{**file, "created_at": now()}]}


async def seed_all(client: httpx2.AsyncClient) -> str:
    """Sessions of several days, one archived, one in the trash; returns the one to open."""
    today = now()
    (session_id, *_) = await seed(
        client,
        everything(),
        *(
            conversation(
                f"{days} days ago", [user("Hello"), assistant("Good day.")], at=today - days * DAY
            )
            for days in (1, 3, 12, 60, 400)
        ),
        conversation("", [user("Hello")], at=today - 2 * DAY),
        conversation("An archived one", [user("Hello")], archived_at=today),
        conversation("A deleted one", [user("Hello")], deleted_at=today),
        conversation("שיחה על הגאות", [user("שלום"), assistant("שלום. **מה שלומך?**")]),
    )
    return session_id


async def session(page: Page, url: str, session_id: str) -> None:
    await page.goto(f"{url}/sessions/{session_id}")
    await expect(conversation_of(page).get_by_text("This was cut off in its")).to_be_visible()


async def unfolded(page: Page, url: str, session_id: str) -> None:
    """Everything in it that can be opened, open."""
    await session(page, url, session_id)
    for name in (re.compile("^Reasoning"), re.compile("^Tool: ")):
        folded = conversation_of(page).get_by_role("button", name=name, expanded=False)
        while await folded.count():
            await folded.first.click()
    await (
        conversation_of(page).get_by_role("heading", name="A heading").scroll_into_view_if_needed()
    )


async def empty(page: Page, url: str, session_id: str) -> None:
    await page.goto(url)
    await expect(page.get_by_role("textbox", name="Message")).to_be_visible()


async def nowhere(page: Page, url: str, session_id: str) -> None:
    await page.goto(f"{url}/sessions/there-is-none")
    await expect(page.get_by_role("heading", name="There is no such session")).to_be_visible()


async def archive(page: Page, url: str, session_id: str) -> None:
    await page.goto(f"{url}/archive")
    await expect(page.get_by_role("main").get_by_text("An archived one")).to_be_visible()


async def trash(page: Page, url: str, session_id: str) -> None:
    await page.goto(f"{url}/trash")
    await expect(page.get_by_role("main").get_by_text("A deleted one")).to_be_visible()


async def sidebar(page: Page) -> None:
    """On a phone it is a drawer."""
    opener = page.get_by_role("button", name="Open the sidebar")
    if await opener.is_visible():
        await opener.click()
    await expect(page.get_by_role("button", name="New session", exact=True)).to_be_visible()


async def drawer(page: Page, url: str, session_id: str) -> None:
    await session(page, url, session_id)
    await sidebar(page)


async def menu(page: Page, url: str, session_id: str) -> None:
    await session(page, url, session_id)
    await sidebar(page)
    await page.get_by_role("button", name="Actions for Everything there is").click()
    await expect(page.get_by_role("menu")).to_be_visible()


async def deleting(page: Page, url: str, session_id: str) -> None:
    await menu(page, url, session_id)
    await page.get_by_role("menuitem", name="Delete").click()
    await expect(page.get_by_role("alertdialog")).to_be_visible()


async def searching(page: Page, url: str, session_id: str) -> None:
    await session(page, url, session_id)
    await sidebar(page)
    await page.get_by_role("searchbox", name="Search sessions").fill("nothing has this")
    links = page.get_by_role("navigation", name="Sessions").get_by_role("link")
    await expect(links.filter(has_text="Everything")).to_have_count(0)


async def settings(page: Page, url: str, session_id: str) -> None:
    await session(page, url, session_id)
    await sidebar(page)
    await page.get_by_role("button", name="Settings", exact=True).click()
    await expect(page.get_by_role("dialog", name="Settings")).to_be_visible()


async def palette(page: Page, url: str, session_id: str) -> None:
    await session(page, url, session_id)
    await page.keyboard.press("ControlOrMeta+k")
    await expect(page.get_by_role("dialog", name="Commands")).to_be_visible()


async def shortcuts(page: Page, url: str, session_id: str) -> None:
    await session(page, url, session_id)
    await page.get_by_role("main").focus()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()


async def attaching(page: Page, url: str, session_id: str) -> None:
    """A file at hand, and the menu of models open."""
    await session(page, url, session_id)
    async with page.expect_file_chooser() as chooser:
        await page.get_by_role("button", name="Attach files").click()
    note = {"name": "tides.txt", "mimeType": "text/plain", "buffer": NOTES}
    await (await chooser.value).set_files(note)
    files = page.get_by_role("list", name="Attached files")
    await expect(files.get_by_role("listitem")).to_have_count(1)
    await page.get_by_role("textbox", name="Message").fill("With it,\nin two lines.")


async def models(page: Page, url: str, session_id: str) -> None:
    await session(page, url, session_id)
    await page.get_by_role("button", name=re.compile("^Model: ")).click()


async def prompt(page: Page, url: str, session_id: str) -> None:
    await session(page, url, session_id)
    await page.get_by_role("button", name="System prompt").click()


async def editing(page: Page, url: str, session_id: str) -> None:
    await session(page, url, session_id)
    message = conversation_of(page).get_by_role("article", name="You").last
    await message.hover()
    await message.get_by_role("button", name="Edit").click()
    await expect(message.get_by_role("textbox")).to_be_visible()


async def cited(page: Page, url: str, session_id: str) -> None:
    """An answer with the markers of its sources."""
    await session(page, url, session_id)
    marker = conversation_of(page).get_by_label("Source 1: notes.txt")
    await marker.scroll_into_view_if_needed()
    await expect(marker).to_be_in_viewport()


async def source(page: Page, url: str, session_id: str) -> None:
    """A cited place, open."""
    await session(page, url, session_id)
    sources = conversation_of(page).get_by_role("list", name="Sources")
    await sources.get_by_role("button").first.scroll_into_view_if_needed()
    await sources.get_by_role("button").first.click()


View = Callable[[Page, str, str], Awaitable[None]]
VIEWS: tuple[View, ...] = (
    *(empty, session, unfolded, editing, cited, source, attaching, models, prompt),
    *(menu, deleting, searching, settings, palette, shortcuts, archive, trash, nowhere),
)
