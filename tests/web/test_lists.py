"""Lists that are longer than a page of the API's, and titles that are longer than a line."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import BrowserContext, Locator, Page, Route, expect

from tests.web.conftest import Served
from tests.web.faults import Faults
from tests.web.seed import make_sessions

BROKEN = '{"type":"urn:squid:error:database","detail":"The database cannot be used."}'
LONG = "Donaudampfschifffahrt" * 12
"""A title without a blank."""
FEW = 4
"""With news of the feed, a list is read anew. Asked again in each frame, it is sixty times."""


class Refusing:
    """Refuses each page behind the first, and counts how often it is asked for."""

    def __init__(self) -> None:
        self.asked = 0

    async def __call__(self, route: Route) -> None:
        self.asked += 1
        await route.fulfill(status=500, content_type="application/problem+json", body=BROKEN)


async def frames(page: Page, count: int = 60) -> None:
    """In each of which the page could ask once more."""
    await page.evaluate(
        """async count => {
            for (let at = 0; at < count; at++) await new Promise(requestAnimationFrame)
        }""",
        count,
    )


@pytest.mark.parametrize("place", ["sidebar", "archive"])
async def test_a_page_that_is_refused_is_not_asked_for_on_and_on(
    context: BrowserContext, served: Served, faults: Faults, place: str
) -> None:
    faults.expect_status(500)
    page = await context.new_page()
    await make_sessions(served.squid, [f"Session {n:03}" for n in range(110)])
    list_: Locator = page.get_by_role("navigation", name="Sessions")
    if place == "archive":
        for n in range(110):
            await served.client.patch(f"/api/sessions/s{n}", json={"archived": True})
        list_ = page.get_by_role("main")
    refusing = Refusing()
    await page.route(re.compile(r"/api/sessions\?.*cursor="), refusing)
    await page.goto(served.url if place == "sidebar" else f"{served.url}/archive")
    await list_.get_by_role("link", name=re.compile("^Session")).first.focus()
    await page.keyboard.press("End")
    told = list_.get_by_role("alert")
    await expect(told).to_contain_text("The rest could not be loaded")
    await expect(told).to_contain_text("The database cannot be used.")
    await frames(page)
    assert 0 < refusing.asked < FEW
    before = refusing.asked
    again = told.get_by_role("button", name="Try again")
    await again.click()
    await expect(told).to_be_visible()
    await frames(page)
    assert before < refusing.asked < before + FEW
    await page.unroute_all()
    await again.click()
    await expect(told).to_have_count(0)
    last = list_.get_by_role("listitem").last
    await expect(last).to_have_attribute("aria-setsize", "110")


async def test_the_trash_that_cannot_be_looked_through_is_not_asked_for_on_and_on(
    context: BrowserContext, served: Served, faults: Faults
) -> None:
    """A session that is not there may be far back in the trash."""
    faults.expect_status(404, 500)
    page = await context.new_page()
    await make_sessions(served.squid, [f"Session {n:03}" for n in range(110)])
    for n in range(110):
        await served.client.delete(f"/api/sessions/s{n}")
    refusing = Refusing()
    await page.route(re.compile(r"/api/sessions\?.*cursor="), refusing)
    listed = (await served.client.get("/api/sessions?deleted=true&limit=100")).json()["sessions"]
    (far, *_) = {f"s{n}" for n in range(110)} - {one["id"] for one in listed}
    await page.goto(f"{served.url}/sessions/{far}")
    main = page.get_by_role("main")
    await expect(main.get_by_text("The trash could not be looked through")).to_be_visible()
    await frames(page)
    assert 0 < refusing.asked < FEW
    await page.unroute_all()
    await main.get_by_role("button", name="Try again").click()
    await expect(main.get_by_text("This session is in the trash")).to_be_visible()


async def test_the_day_on_top_covers_nobody(page: Page, served: Served) -> None:
    """What has the focus is seen (WCAG 2.4.11), whichever way one comes."""
    await make_sessions(served.squid, [f"Session {n:02}" for n in range(60)])
    await page.goto(served.url)
    sessions = page.get_by_role("navigation", name="Sessions")
    link = sessions.get_by_role("link", name="Session 00")
    await link.focus()
    for n in range(1, 46):
        await page.keyboard.press("ArrowDown")
        await expect(sessions.get_by_role("link", name=f"Session {n:02}")).to_be_focused()
    day = await sessions.get_by_role("heading", name="Today").bounding_box()
    assert day is not None
    for n in range(44, -1, -1):
        await page.keyboard.press("ArrowUp")
        at = sessions.get_by_role("link", name=f"Session {n:02}")
        await expect(at).to_be_focused()
        box = await at.bounding_box()
        assert box is not None
        assert box["y"] >= day["y"] + day["height"] - 1, f"Session {n:02} is under the day"


@pytest.mark.parametrize("width", [1000, 320])
async def test_a_long_word_pushes_nothing_out_of_the_window(
    page: Page, served: Served, width: int
) -> None:
    await make_sessions(served.squid, [LONG])
    await page.set_viewport_size({"width": width, "height": 700})
    await page.goto(f"{served.url}/sessions/s0")
    if width < 600:
        await page.get_by_role("button", name="Open the sidebar").click()
    await page.get_by_role("button", name="Actions for").click()
    await page.get_by_role("menuitem", name="Delete").click()
    asked = page.get_by_role("alertdialog")
    await expect(asked.get_by_role("button", name="Cancel")).to_be_in_viewport(ratio=1)
    assert await asked.evaluate("one => one.scrollWidth <= one.clientWidth")
    await asked.get_by_role("button", name="Delete").click()
    await expect(page.get_by_role("button", name="Undo")).to_be_in_viewport(ratio=1)
    toast = page.get_by_role("listitem").filter(has_text="is in the trash")
    box = await toast.bounding_box()
    assert box is not None
    assert box["height"] < 160, "it is a few lines at most"
