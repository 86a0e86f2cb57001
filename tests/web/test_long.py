"""A session of 10,000 messages opens at its end at once, and is read upwards without a jump."""

from __future__ import annotations

import asyncio
import re

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Locator, Page, Request, Route, expect

from tests.web.conftest import Served
from tests.web.seeds import conversation, seed, to_and_fro
from tests.web.sight import conversation as conversation_of
from tests.web.sight import roll, still, to_end, top_of

MANY = 10_000
LAST = f"turn {MANY - 1}:"


@pytest_asyncio.fixture(loop_scope="session")
async def long(served: Served) -> str:
    """Its address."""
    (session_id,) = await seed(served.client, conversation("A long one", to_and_fro(MANY)))
    return f"{served.url}/sessions/{session_id}"


async def seen(page: Page) -> str:
    """A message that is in the window now."""
    await still(page)
    found = await page.evaluate(
        """() => [...document.querySelectorAll('article')].map(one => [
             one.getBoundingClientRect().top, /turn \\d+:/.exec(one.innerText)?.[0]
           ]).find(([top, text]) => text && top > 60 && top < innerHeight - 200)?.[1]"""
    )
    assert found, "a message begins in the window"
    return str(found)


async def test_it_opens_at_its_end(long: str, context: BrowserContext) -> None:
    page = await context.new_page()
    read: list[str] = []

    def note(request: Request) -> None:
        if re.search(r"/api/sessions/[^/?]+(/messages)?(\?|$)", request.url):
            read.append(request.url)

    page.on("request", note)
    await page.goto(long)
    await expect(conversation_of(page).get_by_text(LAST)).to_be_visible()
    assert await to_end(page) <= 2
    assert len(set(read)) == 1, "one page of messages is all it needs"
    assert await page.get_by_role("article").count() < 100, "and no more are in the document"


async def test_it_is_read_upwards_without_a_jump(long: str, context: BrowserContext) -> None:
    """Older pages come while one reads, held here until the window has come to rest."""
    page = await context.new_page()
    arrived = asyncio.Event()
    asked: list[str] = []

    async def hold(route: Route) -> None:
        asked.append(route.request.url)
        await arrived.wait()
        await route.fallback()

    await page.route(re.compile(r"/api/sessions/[^/]+/messages\?.*before="), hold)
    await page.goto(long)
    await expect(conversation_of(page).get_by_text(LAST)).to_be_visible()
    for pages in (1, 2, 3):
        while len(asked) < pages:
            await roll(page, -1200)
        await roll(page, -200)
        anchor = await seen(page)
        before = await top_of(page, anchor)
        async with page.expect_response(re.compile(r"before=")) as answer:
            arrived.set()
        await (await answer.value).finished()
        assert await top_of(page, anchor) == pytest.approx(before, abs=2), f"page {pages}"
        arrived.clear()
    arrived.set()


async def test_home_and_end(long: str, context: BrowserContext) -> None:
    page = await context.new_page()
    await page.goto(long)
    last = conversation_of(page).get_by_text(LAST)
    await expect(last).to_be_visible()
    await last.click()
    await page.keyboard.press("Home")
    await expect(last).not_to_be_in_viewport()
    assert await to_end(page) > 1000
    await page.keyboard.press("End")
    await expect(last).to_be_in_viewport()
    assert await to_end(page) <= 2


@pytest.mark.slow
async def test_thousands_of_sessions(served: Served, context: BrowserContext) -> None:
    """The list draws what is seen of it, and goes on while one scrolls."""
    await seed(
        served.client,
        *(conversation(f"Session {n:04}", [], at=1_795_000_000_000 + n) for n in range(2_000)),
    )
    page = await context.new_page()
    await page.goto(served.url)
    sessions = page.get_by_role("navigation", name="Sessions")
    await expect(sessions.get_by_role("link", name="Session 1999")).to_be_visible()
    assert await sessions.get_by_role("link").count() < 150
    await sessions.get_by_role("link", name="Session 1999").hover()
    # On a busy machine a step may go past any one of them.
    while min(await numbers(sessions)) > 1500:
        await page.mouse.wheel(0, 3_000)
        await page.evaluate("new Promise(requestAnimationFrame)")
    assert await sessions.get_by_role("link").count() < 150


async def numbers(sessions: Locator) -> list[int]:
    """Of the sessions that are drawn."""
    shown = await sessions.get_by_role("link", name="Session ").all_inner_texts()
    return [int(title.split()[-1]) for title in shown]
