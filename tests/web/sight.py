"""What is on the screen, and where."""

from __future__ import annotations

import re
from typing import Any

import httpx2
from playwright.async_api import Locator, Page, expect

from tests.conftest import becomes

SCRIPT = """
window.sight = {
  // What scrolls the conversation.
  scroller() {
    let at = document.querySelector('ol[aria-label="Conversation"]')
    while (at && !/auto|scroll/.test(getComputedStyle(at).overflowY)) at = at.parentElement
    return at ?? document.scrollingElement
  },
  // Where a text begins, in px from the top of the window; null where it is not.
  topOf(text) {
    const list = document.querySelector('ol[aria-label="Conversation"]')
    const walker = document.createTreeWalker(list, NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const at = node.data.indexOf(text)
      if (at < 0) continue
      const range = document.createRange()
      range.setStart(node, at)
      range.setEnd(node, at + text.length)
      return range.getBoundingClientRect().top
    }
    return null
  },
  toEnd() {
    const box = sight.scroller()
    return box.scrollHeight - box.clientHeight - box.scrollTop
  },
  // Resolves when nothing has moved for ten frames.
  async still() {
    let last, same = 0
    while (same < 10) {
      await new Promise(requestAnimationFrame)
      const box = sight.scroller()
      const now = box.scrollTop + ' ' + box.scrollHeight
      same = now === last ? same + 1 : 0
      last = now
    }
  },
}
"""


def conversation(page: Page) -> Locator:
    return page.get_by_role("list", name="Conversation")


def answers(page: Page) -> Locator:
    return conversation(page).get_by_role("article", name="Assistant")


def questions(page: Page) -> Locator:
    return conversation(page).get_by_role("article", name="You")


async def words(answer: Locator) -> list[str]:
    """The numbered words of the upstream's that an answer shows: a gap or a double shows."""
    return re.findall(r"\bw\d+\b", await answer.inner_text())


def numbered(count: int) -> list[str]:
    return [f"w{number}" for number in range(count)]


async def still(page: Page) -> None:
    await page.evaluate("sight.still()")


async def top_of(page: Page, text: str) -> float:
    """Where it is, once nothing moves any more."""
    await still(page)
    top = await page.evaluate("text => sight.topOf(text)", text)
    assert top is not None, f"{text!r} is not there"
    return float(top)


async def to_end(page: Page) -> float:
    """How many px there are below what is seen."""
    await still(page)
    return float(await page.evaluate("sight.toEnd()"))


async def roll(page: Page, pixels: float) -> None:
    """Turn the wheel over the conversation."""
    box = await page.evaluate(
        "() => { const b = sight.scroller().getBoundingClientRect();"
        " return [b.x + b.width / 2, b.y + b.height / 2] }"
    )
    await page.mouse.move(*box)
    await page.mouse.wheel(0, pixels)
    await still(page)


async def write(page: Page, text: str) -> None:
    """Say something."""
    await page.get_by_role("textbox", name="Message").fill(text)
    await page.get_by_role("button", name="Send", exact=True).click()


async def shown(client: httpx2.AsyncClient, session_id: str) -> list[dict[str, Any]]:
    """The newest messages of the shown branch, as the API tells them."""
    page = (await client.get(f"/api/sessions/{session_id}/messages?limit=200")).json()
    messages: list[dict[str, Any]] = page["messages"]
    return messages


async def asked(client: httpx2.AsyncClient, session_id: str) -> list[str]:
    return [one["content"] for one in await shown(client, session_id) if one["role"] == "user"]


async def complete(answer: Locator) -> None:
    await expect(answer).to_have_attribute("data-status", "complete")


async def answered(page: Page) -> None:
    """What is seen to be asked has its answer. (The last answer alone may be the one before.)"""
    last = conversation(page).get_by_role("article").last
    await expect(last).to_have_accessible_name("Assistant")
    await complete(last)


async def is_there(client: httpx2.AsyncClient, session_id: str, texts: list[str]) -> None:
    """The page shows what is on its way before the server has it."""

    async def last() -> list[str]:
        return (await asked(client, session_id))[-len(texts) :]

    await becomes(last, texts)
