"""What has not gone out is never out of sight, nor in the way."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Locator, Page, expect

from tests.web.conftest import Served
from tests.web.faults import Faults
from tests.web.seeds import conversation, seed, to_and_fro
from tests.web.sight import answered, answers, asked, questions, write


@pytest.fixture(autouse=True)
def lines_that_break(faults: Faults) -> None:
    faults.expect_network()


def waiting(page: Page) -> Locator:
    return page.get_by_role("list", name="Waiting to be sent").get_by_role("listitem")


async def sessions(served: Served) -> list[str]:
    listed = (await served.client.get("/api/sessions")).json()["sessions"]
    return [one["title"] for one in listed]


async def test_the_first_message_of_a_session_is_taken_back(page: Page, served: Served) -> None:
    """There is no session to write in then: it begins another one."""
    await page.context.set_offline(True)
    await write(page, "First words")
    await expect(page).to_have_url(re.compile("/sessions/"))
    await waiting(page).get_by_role("button", name="Edit").click()
    await expect(page).to_have_url(f"{served.url}/")
    box = page.get_by_role("textbox", name="Message")
    await expect(box).to_have_value("First words")
    await page.context.set_offline(False)
    await page.reload()
    await expect(box).to_have_value("First words")
    await write(page, "Better words")
    await answered(page)
    assert await sessions(served) == ["Better words"]


async def test_a_session_that_is_begun_offline_is_found_again(page: Page, served: Served) -> None:
    await seed(served.client, conversation("Another", to_and_fro(2)))
    side = page.get_by_role("navigation", name="Sessions")
    await expect(side.get_by_role("link", name="Another")).to_be_visible()
    await page.context.set_offline(True)
    await write(page, "Begun on the train")
    await expect(waiting(page)).to_be_visible()
    await page.keyboard.press("ControlOrMeta+Shift+o")
    await expect(page).to_have_url(f"{served.url}/")
    mark = side.get_by_role("img", name="A message waits to be sent")
    await expect(mark).to_be_visible()
    await side.get_by_role("link", name="Begun on the train").click()
    await expect(waiting(page)).to_contain_text("Begun on the train")
    await page.context.set_offline(False)
    await answered(page)
    await expect(mark).to_have_count(0)
    await expect(side.get_by_role("link", name="Begun on the train")).to_have_count(1)
    assert sorted(await sessions(served)) == ["Another", "Begun on the train"]


async def test_what_waits_in_a_session_that_is_deleted(
    page: Page, served: Served, faults: Faults
) -> None:
    """It is refused, says so, and goes out once the session is back."""
    faults.expect_status(404)
    (session_id,) = await seed(served.client, conversation("Put away", to_and_fro(2)))
    await page.goto(f"{served.url}/sessions/{session_id}")
    await expect(questions(page).first).to_be_visible()
    await page.context.set_offline(True)
    await write(page, "Too late")
    await expect(waiting(page)).to_be_visible()
    assert (await served.client.delete(f"/api/sessions/{session_id}")).status_code == 200
    await page.context.set_offline(False)
    await expect(page.get_by_text("This session is in the trash")).to_be_visible()
    await expect(waiting(page)).to_contain_text("Too late")
    await page.get_by_role("button", name="Restore").click()
    await expect(questions(page).first).to_be_visible()
    await waiting(page).get_by_role("button", name="Send again").click()
    await expect(questions(page).last).to_contain_text("Too late")
    await expect(answers(page)).to_have_count(2)
    await answered(page)
    assert (await asked(served.client, session_id)).count("Too late") == 1


async def test_what_is_dropped_just_before_it_is_sent_goes_along(
    page: Page, served: Served
) -> None:
    box = page.get_by_role("textbox", name="Message")
    await box.fill("Look at this")
    await box.evaluate(
        """box => {
          const data = new DataTransfer()
          data.items.add(new File(['# Notes'], 'notes.md', { type: 'text/markdown' }))
          box.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true }))
          box.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }))
        }"""
    )
    await answered(page)
    await expect(questions(page).last.get_by_text("notes.md")).to_be_visible()
