"""A session's title is written in the list and above the conversation, in one way."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, Page, expect

from tests.conftest import becomes
from tests.web.conftest import Served
from tests.web.seeds import assistant, conversation, seed, user


@pytest.fixture(params=["list", "header"])
def place(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def rename(page: Page, served: Served, place: str) -> tuple[str, Locator]:
    turns = [user("Hello"), assistant("Good day.")]
    (session_id,) = await seed(served.client, conversation("The old one", turns))
    await page.goto(f"{served.url}/sessions/{session_id}")
    if place == "list":
        await page.get_by_role("link", name="The old one").focus()
        await page.keyboard.press("F2")
    else:
        await page.get_by_role("heading", name="The old one").get_by_role("button").click()
    title = page.get_by_role("textbox", name="Title")
    await expect(title).to_be_focused()
    return session_id, title


async def title_of(served: Served, session_id: str) -> object:
    return (await served.client.get(f"/api/sessions/{session_id}")).json()["session"]["title"]


async def test_a_title_that_is_too_long_is_not_cut(page: Page, served: Served, place: str) -> None:
    """It is counted as the server does: an emoji is one."""
    session_id, title = await rename(page, served, place)
    await title.fill("🦑" * 501)
    await expect(title).to_have_value("🦑" * 501)
    await title.press("Enter")
    await expect(page.get_by_text("500 characters at most").first).to_be_visible()
    await title.fill("🦑" * 500)
    await title.press("Enter")
    await becomes(lambda: title_of(served, session_id), "🦑" * 500)


async def test_enter_is_the_input_methods_first(page: Page, served: Served, place: str) -> None:
    """Safari has ended the composition before it tells of that Enter."""
    _, title = await rename(page, served, place)
    await title.fill("かんじ")
    await title.evaluate("""(box) => box.dispatchEvent(
      new KeyboardEvent('keydown', {key: 'Enter', keyCode: 229, bubbles: true, cancelable: true})
    )""")
    await title.fill("漢字")
    await title.press("Enter")
    await expect(page.get_by_role("link", name="漢字")).to_be_visible()


async def test_the_focus_stays_where_one_went(page: Page, served: Served, place: str) -> None:
    _, title = await rename(page, served, place)
    await title.fill("Another")
    box = page.get_by_role("textbox", name="Message")
    await box.click()
    await expect(title).to_have_count(0)
    await expect(page.get_by_role("link", name="Another")).to_be_visible()
    await expect(box).to_be_focused()
