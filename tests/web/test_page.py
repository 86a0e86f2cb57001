"""The page opens."""

from __future__ import annotations

from playwright.async_api import BrowserContext, Page, expect

from tests.web.conftest import Served
from tests.web.faults import Faults


async def test_it_opens(page: Page) -> None:
    await expect(page).to_have_title("Squid")
    await expect(page.get_by_role("navigation")).to_be_attached()


async def test_a_part_that_is_gone_offers_a_reload(
    context: BrowserContext, served: Served, faults: Faults
) -> None:
    """As after an upgrade of the server under an open page."""
    faults.expect_status(404)
    page = await context.new_page()  # one that may log the refusal
    await page.goto(served.url)
    await page.route("**/assets/SettingsDialog-*", lambda route: route.fulfill(status=404))
    settings = page.get_by_role("button", name="Settings")
    said = page.get_by_text("A part of the page could not be loaded").first
    await settings.click()
    await expect(said).to_be_visible()
    await page.unroute("**/assets/SettingsDialog-*")
    await page.get_by_role("button", name="Reload").click()
    await settings.click()
    await expect(page.get_by_role("dialog", name="Settings")).to_be_visible()


async def test_an_address_that_cannot_be_decoded_is_of_no_session(
    context: BrowserContext, served: Served, faults: Faults
) -> None:
    faults.expect_status(404)
    page = await context.new_page()
    await page.goto(f"{served.url}/sessions/%E0%A4%A")
    await expect(page.get_by_role("heading", name="There is no such session")).to_be_visible()
    await expect(page.get_by_role("navigation", name="Sessions")).to_be_visible()
    await page.keyboard.press("Control+k")
    await expect(page.get_by_role("dialog", name="Commands")).to_be_visible()
