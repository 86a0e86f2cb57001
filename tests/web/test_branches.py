"""Versions of a message: what makes them, and the way between them."""

from __future__ import annotations

from playwright.async_api import Page, expect

from tests.web.conftest import Served
from tests.web.test_conversation import ask, said, show


async def test_another_answer_is_a_branch(page: Page, served: Served) -> None:
    await ask(served)
    answers = await show(page, served)
    await answers.get_by_role("button", name="Try again", exact=True).click()
    await expect(answers.get_by_text("2/2")).to_be_visible()
    await expect(answers).to_have_attribute("data-status", "complete")
    before = answers.get_by_role("button", name="Previous version")
    await before.click()
    await expect(answers.get_by_text("1/2")).to_be_visible()
    # The page stays where it is, and so does whoever pressed the button.
    await expect(before).to_be_focused()
    await expect(page.get_by_role("article")).to_have_count(2)
    await answers.get_by_role("button", name="Next version").click()
    await expect(answers.get_by_text("2/2")).to_be_visible()


async def test_a_question_is_said_differently(page: Page, served: Served) -> None:
    await ask(served, "text=echo", "First")
    await show(page, served)
    mine = page.get_by_role("article", name="You")
    await mine.get_by_role("button", name="Edit").click()
    box = mine.get_by_role("textbox")
    await box.fill("Second")
    await box.press("Escape")
    await expect(mine.get_by_text("First")).to_be_visible()
    await expect(mine).to_be_focused()
    await mine.get_by_role("button", name="Edit").click()
    await box.fill("Second\nline")
    await box.press("Enter")
    await expect(mine.get_by_text("2/2")).to_be_visible()
    await expect(mine).to_contain_text("Second\nline", use_inner_text=True)
    await expect(mine).to_be_focused()
    await mine.get_by_role("button", name="Previous version").click()
    await expect(mine.get_by_text("First")).to_be_visible()
    assert [one["content"] for one in await said(served)] == ["First", "First"]
