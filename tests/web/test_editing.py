"""A question that is said differently: what is written of it is kept until it is saved."""

from __future__ import annotations

from playwright.async_api import Locator, Page, expect

from tests.web.conftest import PHONE, Profiles, Served
from tests.web.seeds import assistant, conversation, seed, user
from tests.web.sight import answered, asked


async def two(served: Served) -> list[str]:
    """Sessions; the second one is the newer."""
    return await seed(
        served.client,
        conversation("First one", [user("one"), assistant("x")], at=1_795_000_000_000),
        conversation("Second one", [user("two"), assistant("y")], at=1_795_000_100_000),
    )


def mine(page: Page) -> Locator:
    return page.get_by_role("article", name="You")


def form(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Edit your message")


async def edit(page: Page) -> None:
    await mine(page).hover()
    await mine(page).get_by_role("button", name="Edit").click()
    await expect(form(page)).to_be_focused()


async def test_it_outlives_other_sessions_and_a_reload(page: Page, served: Served) -> None:
    first, second = await two(served)
    await page.goto(f"{served.url}/sessions/{second}")
    await edit(page)
    await form(page).fill("two, said with care")
    await page.keyboard.press("Alt+ArrowDown")
    await expect(page).to_have_url(f"{served.url}/sessions/{first}")
    await expect(mine(page)).to_contain_text("one")
    await expect(form(page)).to_have_count(0)
    await page.keyboard.press("Alt+ArrowUp")
    await expect(form(page)).to_have_value("two, said with care")
    # It is there, and has not taken the focus.
    await expect(form(page)).not_to_be_focused()
    await page.reload()
    await expect(form(page)).to_have_value("two, said with care")
    await page.get_by_role("button", name="Save and send").click()
    await expect(mine(page).get_by_text("2/2")).to_be_visible()
    await answered(page)
    assert await asked(served.client, second) == ["two, said with care"]
    # Saved, it is no draft any more.
    await mine(page).get_by_role("button", name="Previous version").click()
    await expect(mine(page).get_by_text("1/2")).to_be_visible()
    await expect(form(page)).to_have_count(0)
    await page.reload()
    await expect(mine(page).get_by_text("1/2")).to_be_visible()
    await expect(form(page)).to_have_count(0)


async def test_escape_keeps_it_and_cancel_does_not(page: Page, served: Served) -> None:
    _, second = await two(served)
    await page.goto(f"{served.url}/sessions/{second}")
    await edit(page)
    await form(page).fill("two, said with care")
    await form(page).press("Escape")
    await expect(mine(page)).to_be_focused()
    await expect(mine(page).get_by_text("two", exact=True)).to_be_visible()
    await edit(page)
    await expect(form(page)).to_have_value("two, said with care")
    await page.get_by_role("button", name="Cancel").click()
    await edit(page)
    await expect(form(page)).to_have_value("two")
    await form(page).press("Escape")
    await page.reload()
    await expect(mine(page)).to_be_visible()
    await expect(form(page)).to_have_count(0)


async def test_with_a_finger_enter_breaks_the_line(profiles: Profiles, served: Served) -> None:
    _, second = await two(served)
    page = await (await profiles(**PHONE)).new_page()
    await page.goto(f"{served.url}/sessions/{second}")
    await mine(page).tap()
    await mine(page).get_by_role("button", name="Edit").tap()
    await form(page).fill("one line")
    await form(page).press("Enter")
    await page.keyboard.type("and another")
    await expect(form(page)).to_have_value("one line\nand another")
    await page.get_by_role("button", name="Save and send").tap()
    await expect(mine(page).get_by_text("2/2")).to_be_visible()
    assert await asked(served.client, second) == ["one line\nand another"]
