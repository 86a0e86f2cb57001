"""A question that is said differently: what is written of it is kept until it is sent,
and then goes out once."""

from __future__ import annotations

from playwright.async_api import Locator, Page, Route, expect

from tests.conftest import until
from tests.http.talk import ended
from tests.web.conftest import PHONE, Profiles, Served
from tests.web.faults import Faults
from tests.web.seeds import assistant, conversation, seed, user
from tests.web.sight import answered, answers, asked, shown


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


async def waits(page: Page, served: Served, text: str) -> tuple[str, Locator]:
    """A session without its server, and the edit that waits in it."""
    _, session_id = await two(served)
    await page.goto(f"{served.url}/sessions/{session_id}")
    await edit(page)
    await page.context.set_offline(True)
    await form(page).fill(text)
    await form(page).press("Enter")
    waiting = page.get_by_role("list", name="Waiting to be sent").get_by_role("listitem")
    await expect(waiting).to_contain_text([text])
    return session_id, waiting


async def test_it_waits_for_the_server_and_goes_out_once(
    page: Page, served: Served, faults: Faults
) -> None:
    """It can be taken back into its form meanwhile."""
    faults.expect_network()
    second, waiting = await waits(page, served, "two, said badly")
    await expect(waiting).to_contain_text(["Said differently"])
    await expect(mine(page).get_by_text("two", exact=True)).to_be_visible()
    # Also where the question is drawn anew meanwhile.
    await page.get_by_role("button", name="New session").click()
    await expect(mine(page)).to_have_count(0)
    await page.get_by_role("link", name="Second one").click()
    await waiting.get_by_role("button", name="Edit").click()
    await expect(form(page)).to_have_value("two, said badly")
    await expect(form(page)).to_be_focused()
    await expect(waiting).to_have_count(0)
    await form(page).fill("two, said with care")
    await form(page).press("Enter")
    await expect(form(page)).to_have_count(0)
    await expect(waiting).to_contain_text(["two, said with care"])
    await page.context.set_offline(False)
    await expect(mine(page).get_by_text("2/2")).to_be_visible()
    await expect(mine(page)).to_contain_text("two, said with care")
    await answered(page)
    await expect(waiting).to_have_count(0)
    question, _ = await shown(served.client, second)
    assert question["content"] == "two, said with care"
    assert len(question["siblings"]) == 2, "once"


async def test_what_is_taken_back_is_not_lost_to_a_form_that_is_open(
    page: Page, served: Served, faults: Faults
) -> None:
    faults.expect_network()
    _, waiting = await waits(page, served, "two, said with care")
    await edit(page)
    await expect(form(page)).to_have_value("two")
    await waiting.get_by_role("button", name="Edit").click()
    box = page.get_by_role("textbox", name="Message", exact=True)
    await expect(box).to_have_value("two, said with care")
    await expect(form(page)).to_have_value("two")


async def test_it_is_seen_in_its_place_on_its_way(page: Page, served: Served) -> None:
    """With its files. What was said behind the question is not in its branch."""
    uploaded = await served.client.post("/api/files", files={"file": ("a.txt", b"a")})
    file = uploaded.json()["files"][0]["id"]
    (session_id,) = await seed(served.client, conversation("On its way", []))
    for message in ({"content": "one", "files": [file]}, {"content": "another"}):
        url = f"/api/sessions/{session_id}/messages"
        begun = (await served.client.post(url, json={"message": message})).json()
        await ended(served.client, begun["run"]["id"])
    await page.goto(f"{served.url}/sessions/{session_id}")
    await expect(mine(page)).to_have_count(2)
    held: list[Route] = []
    await page.route("**/api/messages/*", lambda route: held.append(route))
    await mine(page).first.hover()
    await mine(page).first.get_by_role("button", name="Edit").click()
    await form(page).fill("one, said with care")
    await form(page).press("Enter")
    await expect(mine(page)).to_have_count(1)
    await expect(mine(page)).to_have_attribute("data-status", "sending")
    await expect(mine(page)).to_contain_text("one, said with care")
    await expect(mine(page).get_by_text("a.txt")).to_be_visible()
    await expect(answers(page)).to_have_count(0)
    await expect(mine(page)).to_be_focused()
    await until(lambda: held)
    await held[0].continue_()
    await expect(mine(page).get_by_text("2/2")).to_be_visible()
    await expect(mine(page).get_by_text("a.txt")).to_be_visible()
    await expect(mine(page)).to_be_focused()
    await answered(page)


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
