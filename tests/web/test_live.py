"""The page stays with the server: what others do appears, and what is sent goes out once."""

from __future__ import annotations

import re
from typing import Any

from playwright.async_api import BrowserContext, Locator, Page, Request, Route, expect

from tests.conftest import until
from tests.web.conftest import Served
from tests.web.faults import Faults
from tests.web.gate import Gate

LONG = "script:deltas=40"
QUICK = "script:deltas=2"


async def session(served: Served, model: str = QUICK) -> str:
    made = await served.client.post("/api/sessions", json={"model": model, "title": "Live"})
    return str(made.json()["id"])


async def said(served: Served, session_id: str) -> list[str]:
    found = await served.client.get(f"/api/sessions/{session_id}/messages")
    return [m["content"] for m in found.json()["messages"] if m["role"] == "user"]


async def opened(context: BrowserContext, served: Served, session_id: str) -> Page:
    """The session in a tab whose network may fail, which the console calls an error."""
    page = await context.new_page()
    await page.goto(f"{served.url}/sessions/{session_id}")
    await heard(served)
    return page


async def heard(served: Served) -> None:
    """The page's feed is there."""
    feed: Any = served.squid.engine.feed
    await until(lambda: feed._readers)


def mine(page: Page) -> Locator:
    return page.get_by_role("article", name="You")


def waiting(page: Page) -> Locator:
    return page.get_by_role("list", name="Waiting to be sent").get_by_role("listitem")


def answers(page: Page, status: str = "complete") -> Locator:
    return page.locator(f'article[aria-label="Assistant"][data-status="{status}"]')


async def write(page: Page, text: str) -> None:
    await page.get_by_role("textbox", name="Message").fill(text)
    await page.get_by_role("button", name="Send", exact=True).click()


async def hide(page: Page, hidden: bool) -> None:
    await page.evaluate(
        """hidden => {
            Object.defineProperty(document, 'visibilityState',
                {configurable: true, value: hidden ? 'hidden' : 'visible'})
            document.dispatchEvent(new Event('visibilitychange'))
        }""",
        hidden,
    )


async def test_what_another_client_asks_appears_and_streams(
    page: Page, served: Served, gate: Gate
) -> None:
    gate.hold_at('"w3')
    session_id = await session(served, LONG)
    await page.goto(f"{served.url}/sessions/{session_id}")
    await expect(page.get_by_role("textbox", name="Message")).to_be_visible()
    await heard(served)
    path = f"/api/sessions/{session_id}/messages"
    await served.client.post(path, json={"message": {"content": "From elsewhere"}})
    await expect(mine(page)).to_have_text("From elsewhere")
    await expect(answers(page, "streaming")).to_contain_text("w3 ")
    gate.open()
    await expect(answers(page)).to_contain_text("w39 ")
    text = await answers(page).inner_text()
    assert text.split() == [f"w{number}" for number in range(40)]


async def test_a_new_session_is_made_by_its_first_message(page: Page, served: Served) -> None:
    await write(page, "The first words")
    await expect(answers(page)).to_be_visible()
    await expect(page).to_have_url(re.compile("/sessions/"))
    await expect(page.get_by_role("link", name="The first words")).to_be_visible()


async def test_what_is_written_while_an_answer_runs_goes_out_after_it(
    page: Page, served: Served, gate: Gate
) -> None:
    gate.hold_at('"w3')
    session_id = await session(served, LONG)
    await page.goto(f"{served.url}/sessions/{session_id}")
    await write(page, "One")
    await expect(answers(page, "streaming")).to_be_visible()
    await write(page, "Two")
    await write(page, "Three")
    await expect(page.get_by_role("list", name="Waiting to be sent")).to_contain_text("Two")
    assert await said(served, session_id) == ["One"]
    gate.open()
    await expect(answers(page)).to_have_count(3)
    assert await said(served, session_id) == ["One", "Two", "Three"]


async def test_what_is_sent_offline_waits_and_goes_out_once(
    context: BrowserContext, served: Served, faults: Faults
) -> None:
    faults.expect_network()
    session_id = await session(served)
    page = await opened(context, served, session_id)
    await context.set_offline(True)
    await expect(page.get_by_text("You are offline")).to_be_visible()
    await write(page, "From the train")
    await expect(waiting(page)).to_contain_text("Goes out when the server can be reached")
    await page.close()
    await context.set_offline(False)
    page = await opened(context, served, session_id)
    await expect(answers(page)).to_be_visible()
    await expect(mine(page)).to_have_count(1)
    await expect(page.get_by_text("You are offline")).to_have_count(0)
    assert await said(served, session_id) == ["From the train"]


async def test_a_message_whose_answer_was_lost_is_there_once(
    context: BrowserContext, served: Served, faults: Faults
) -> None:
    faults.expect_network()
    session_id = await session(served)
    page = await context.new_page()
    # Without the feed, only sending it again can show it.
    await page.route("**/api/events*", lambda route: route.abort())
    await page.goto(f"{served.url}/sessions/{session_id}")
    lost = []

    async def lose(route: Route) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(await route.fetch())
            await route.abort()
        else:
            await route.continue_()

    await page.route("**/messages", lose)
    await write(page, "Once")
    await expect(answers(page)).to_be_visible()
    await expect(mine(page)).to_have_count(1)
    assert lost[0].status == 202
    assert await said(served, session_id) == ["Once"]


async def test_two_tabs_send_what_waits_once(
    context: BrowserContext, served: Served, faults: Faults
) -> None:
    faults.expect_network()
    session_id = await session(served)
    first = await opened(context, served, session_id)
    second = await opened(context, served, session_id)
    await context.set_offline(True)
    await write(first, "Only one of us")
    await expect(waiting(first)).to_contain_text("Goes out when the server can be reached")
    await expect(waiting(second)).to_be_visible()
    await first.close()
    await context.set_offline(False)
    await expect(answers(second)).to_be_visible()
    await expect(mine(second)).to_have_count(1)
    assert await said(served, session_id) == ["Only one of us"]


async def test_a_hidden_tab_lets_go_of_its_streams_and_takes_them_up_again(
    context: BrowserContext, served: Served, gate: Gate
) -> None:
    feed: Any = served.squid.engine.feed
    gate.hold_at('"w1')
    session_id = await session(served, LONG)
    page = await context.new_page()
    followed: list[int] = []

    def note(request: Request) -> None:
        if match := re.search(r"/runs/.*/events\?after=(\d+)", request.url):
            followed.append(int(match[1]))

    page.on("request", note)
    await page.clock.install()
    await page.goto(f"{served.url}/sessions/{session_id}")
    await write(page, "Go on without me")
    await expect(answers(page, "streaming")).to_contain_text("w1 ")
    await hide(page, True)
    await page.clock.fast_forward(11_000)
    await until(lambda: not feed._readers and not served.squid.engine.figures.readers)
    await hide(page, False)
    await until(lambda: feed._readers and len(followed) > 1)
    gate.open()
    await expect(answers(page)).to_contain_text("w39 ")
    text = await answers(page).inner_text()
    assert text.split() == [f"w{number}" for number in range(40)]
    assert followed[0] < followed[1]
    assert feed._readers == 1
