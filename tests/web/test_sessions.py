"""The sessions at the side, the archive and the trash."""

from __future__ import annotations

import re

from playwright.async_api import BrowserContext, Page, Route, expect

from tests.conftest import becomes
from tests.web.conftest import Served
from tests.web.faults import Faults
from tests.web.seed import make_sessions


async def shown(served: Served, id: str) -> dict[str, object]:
    session: dict[str, object] = (await served.client.get(f"/api/sessions/{id}")).json()["session"]
    return session


async def title_of(served: Served, id: str) -> object:
    return (await shown(served, id))["title"]


async def test_a_session_is_opened_and_marked(page: Page, served: Served) -> None:
    await make_sessions(served.squid, ["A trip", "Bread"])
    await page.goto(served.url)
    link = page.get_by_role("link", name="Bread")
    await link.click()
    await expect(page).to_have_url(re.compile("/sessions/s1$"))
    await expect(page).to_have_title("Bread – Squid")
    await expect(link).to_have_attribute("aria-current", "page")
    await page.get_by_role("button", name="New session").click()
    await expect(page).to_have_url(f"{served.url}/")
    await expect(page).to_have_title("Squid")


async def test_they_are_grouped_by_day_and_sorted(page: Page, served: Served) -> None:
    await make_sessions(served.squid, ["C", "A", "B", "D"], days_apart=1)
    await page.goto(served.url)
    sessions = page.get_by_role("navigation", name="Sessions")
    await expect(sessions.get_by_role("heading")).to_have_text(
        ["Today", "Yesterday", "Previous 7 days"]
    )
    await page.get_by_role("button", name="Sort").click()
    await page.get_by_role("menuitemradio", name="Title").click()
    await expect(sessions.locator("li")).to_have_text(["A", "B", "C", "D"])
    await page.reload()  # it is remembered
    await expect(sessions.locator("li")).to_have_text(["A", "B", "C", "D"])


async def test_search_keeps_the_list_until_the_next_one_is_there(
    page: Page, served: Served
) -> None:
    await make_sessions(served.squid, ["A trip", "Bread"])
    await page.goto(served.url)
    search = page.get_by_role("searchbox", name="Search sessions")
    await search.fill("tri")
    await expect(page.get_by_role("link", name="Bread")).to_be_hidden()
    await expect(page.get_by_role("link", name="A trip")).to_be_visible()
    await search.fill("<nowhere>")
    await expect(page.get_by_text("Nothing is found for “<nowhere>”")).to_be_visible()
    assert page.url == f"{served.url}/"
    await search.press("Escape")
    await expect(search).to_have_value("")
    await expect(page.get_by_role("link", name="Bread")).to_be_visible()


async def test_it_is_renamed_in_place(page: Page, served: Served) -> None:
    await make_sessions(served.squid, ["Old"])
    await page.goto(served.url)
    await page.get_by_role("button", name="Actions for Old").click()
    await page.get_by_role("menuitem", name="Rename").click()
    title = page.get_by_role("textbox", name="Title")
    await expect(title).to_be_focused()
    await title.fill("x" * 501)
    await title.press("Enter")
    await expect(page.get_by_text("500 characters at most").first).to_be_visible()
    await title.fill(" New ")
    await title.press("Enter")
    await expect(page.get_by_role("link", name="New", exact=True)).to_be_focused()
    await becomes(lambda: title_of(served, "s0"), "New")
    await page.keyboard.press("F2")
    await title.fill("Other")
    await title.press("Escape")
    await page.keyboard.press("F2")
    await title.fill("  ")
    await title.press("Enter")
    await expect(page.get_by_role("link", name="New", exact=True)).to_be_visible()
    assert await title_of(served, "s0") == "New"


async def test_what_the_server_refuses_is_taken_back(
    context: BrowserContext, served: Served, faults: Faults
) -> None:
    faults.expect_status(409)
    page = await context.new_page()  # one that may log the refusal
    await make_sessions(served.squid, ["Old"])
    await page.goto(served.url)

    async def refuse(route: Route) -> None:
        if route.request.method == "PATCH":
            await route.fulfill(
                status=409,
                content_type="application/problem+json",
                body='{"type":"urn:squid:error:conflict","detail":"It is not to be."}',
            )
        else:
            await route.continue_()

    await page.route("**/api/sessions/s0", refuse)
    await page.get_by_role("button", name="Actions for Old").click()
    await page.get_by_role("menuitem", name="Archive").click()
    await expect(page.get_by_text("Not archived: It is not to be.").first).to_be_visible()
    await expect(page.get_by_role("link", name="Old")).to_be_visible()


async def test_it_is_deleted_and_brought_back(page: Page, served: Served) -> None:
    await make_sessions(served.squid, ["A trip", "Bread"])
    await page.goto(f"{served.url}/sessions/s0")
    await page.get_by_role("link", name="Bread").focus()
    await page.keyboard.press("Delete")
    bread = page.get_by_role("alertdialog", name="Delete “Bread”?")
    await bread.get_by_role("button", name="Delete").click()
    await expect(page.get_by_role("link", name="A trip")).to_be_focused()
    await page.keyboard.press("Delete")
    asked = page.get_by_role("alertdialog", name="Delete “A trip”?")
    await asked.get_by_role("button", name="Cancel").click()
    await expect(page.get_by_role("link", name="A trip")).to_be_visible()
    await page.get_by_role("button", name="Actions for A trip").click()
    await page.get_by_role("menuitem", name="Delete").click()
    await asked.get_by_role("button", name="Delete").click()
    await expect(page.get_by_role("link", name="A trip")).to_be_hidden()
    await expect(page).to_have_url(f"{served.url}/")
    # The notice of the one before may still be there, and the only one.
    notice = page.get_by_role("region", name="Notifications").get_by_role("listitem")
    await notice.filter(has_text="A trip").get_by_role("button", name="Undo").click()
    await expect(page.get_by_role("link", name="A trip")).to_be_visible()


async def test_the_archive_and_the_trash(page: Page, served: Served) -> None:
    await make_sessions(served.squid, ["A trip", "Bread", "Cake"])
    await served.client.delete("/api/sessions/s2")
    await page.goto(served.url)
    await page.get_by_role("button", name="Actions for Bread").click()
    await page.get_by_role("menuitem", name="Archive").click()
    await expect(page.get_by_role("link", name="Bread")).to_be_hidden()
    await page.get_by_role("link", name="Archive").click()
    await expect(page).to_have_title("Archive – Squid")
    await page.get_by_role("main").get_by_role("button", name="Unarchive").click()
    await expect(page.get_by_text("Nothing is archived")).to_be_visible()
    sessions = page.get_by_role("navigation", name="Sessions")
    await expect(sessions.get_by_role("link", name="Bread")).to_be_visible()
    await page.get_by_role("link", name="Trash").click()
    await page.get_by_role("main").get_by_role("button", name="Restore").click()
    await expect(page.get_by_text("The trash is empty")).to_be_visible()
    await expect(sessions.get_by_role("link", name="Cake")).to_be_visible()


async def test_what_others_do_appears(page: Page, served: Served) -> None:
    await make_sessions(served.squid, ["A trip", "Bread"])
    await page.goto(served.url)
    await page.get_by_role("link", name="Bread").hover()  # nothing moves under it for a moment
    await served.client.post("/api/sessions", json={"id": "new", "title": "New here"})
    await served.client.patch("/api/sessions/s0", json={"title": "Two trips"})
    await served.client.delete("/api/sessions/s1")
    sessions = page.get_by_role("navigation", name="Sessions")
    await expect(sessions.locator("li")).to_have_text(["Today", "New here", "Two trips"])
    slow = {"message": {"content": "Hi"}, "model": "script:deltas=500,delay_ms=20"}
    await served.client.post("/api/sessions/s0/messages", json=slow)
    live = page.get_by_role("img", name="An answer is being written")
    await expect(live).to_be_visible()
    await expect(sessions.locator("li")).to_have_text(["Today", "Two trips", "New here"])
    run = (await shown(served, "s0"))["live_run_id"]
    await served.client.post(f"/api/runs/{run}/stop")
    await expect(live).to_be_hidden()


async def test_thousands_are_scrolled_and_walked_through(page: Page, served: Served) -> None:
    await make_sessions(served.squid, [f"Session {n}" for n in range(1000)])
    await page.goto(served.url)
    sessions = page.get_by_role("navigation", name="Sessions")
    await sessions.get_by_role("link", name="Session 0", exact=True).focus()
    await page.keyboard.press("ArrowDown")
    await expect(sessions.get_by_role("link", name="Session 1", exact=True)).to_be_focused()
    await sessions.get_by_role("link", name="Session 1", exact=True).hover()
    last = sessions.get_by_role("link", name="Session 999", exact=True)
    await page.evaluate(
        """() => {
            const list = document.querySelector('nav ul').parentElement
            const down = () => { list.scrollTop = list.scrollHeight; requestAnimationFrame(down) }
            down()
        }"""
    )
    await expect(last).to_be_visible()
    assert await sessions.get_by_role("listitem").count() < 100
    await expect(last.locator("xpath=ancestor::li")).to_have_attribute("aria-setsize", "1000")


async def test_nothing_there_yet_and_no_answer(
    context: BrowserContext, served: Served, faults: Faults
) -> None:
    faults.expect_status(500)
    page = await context.new_page()
    await page.goto(served.url)
    await expect(page.get_by_text("No sessions yet")).to_be_visible()
    refused = '{"type":"urn:squid:error:database","detail":"The database cannot be used."}'
    await page.route("**/api/sessions?*", lambda route: route.fulfill(status=500, body=refused))
    await page.get_by_role("link", name="Trash").click()
    await expect(page.get_by_role("alert")).to_contain_text("could not be loaded")
    await page.unroute_all()
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_text("The trash is empty")).to_be_visible()


async def test_on_a_phone_they_are_in_a_drawer(page: Page, served: Served) -> None:
    await make_sessions(served.squid, ["A trip"])
    await page.set_viewport_size({"width": 390, "height": 800})
    await page.goto(served.url)
    sessions = page.get_by_role("navigation", name="Sessions")
    await expect(sessions).to_be_hidden()
    opener = page.get_by_role("button", name="Open the sidebar")
    await opener.click()
    await expect(sessions).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(sessions).to_be_hidden()
    await expect(opener).to_be_focused()
    await opener.click()
    await sessions.get_by_role("link", name="A trip").click()
    await expect(sessions).to_be_hidden()
    await expect(page).to_have_url(re.compile("/sessions/s0$"))


async def test_it_is_closed_and_opened(page: Page) -> None:
    sessions = page.get_by_role("navigation", name="Sessions")
    await page.get_by_role("button", name="Close the sidebar").click()
    await expect(sessions).to_be_hidden()
    await expect(page.get_by_role("button", name="Open the sidebar")).to_be_focused()
    await page.reload()
    await page.get_by_role("button", name="Open the sidebar").click()
    await expect(sessions).to_be_visible()
    await page.keyboard.press("Control+b")
    await expect(sessions).to_be_hidden()
