"""What a person chooses for this browser."""

from __future__ import annotations

import asyncio

from playwright.async_api import BrowserContext, Page, Route, expect

from tests.web.conftest import Served

GROUND = "getComputedStyle(document.body).backgroundColor"
DARK = "rgb(23, 22, 28)"


async def test_they_hold_at_once_and_in_other_tabs(
    page: Page, context: BrowserContext, served: Served
) -> None:
    other = await context.new_page()
    await other.goto(served.url)
    await page.get_by_role("button", name="Settings").click()
    settings = page.get_by_role("dialog", name="Settings")
    await settings.get_by_role("radio", name="Dark").click()
    await settings.get_by_role("radio", name="Large").click()
    for tab in (page, other):
        await expect(tab.locator("html")).to_have_attribute("data-theme", "dark")
        await expect(tab.locator("html")).to_have_attribute("data-text-size", "large")
        assert await tab.evaluate(GROUND) == DARK
    colours = page.locator('meta[name="theme-color"]')
    await expect(colours.first).to_have_attribute("content", DARK)
    await settings.get_by_role("combobox", name="Model of new sessions").select_option(index=1)
    stored = await page.evaluate("JSON.parse(localStorage['squid.settings'])")
    assert stored["model"]
    await expect(settings).to_contain_text("anthropic")


async def test_the_theme_is_there_before_the_page_is(page: Page, served: Served) -> None:
    """Also where everything else is late, nothing white is painted."""
    await page.evaluate("localStorage['squid.settings'] = '{\"theme\": \"dark\"}'")
    late = asyncio.Event()

    async def hold(route: Route) -> None:
        await late.wait()
        await route.continue_()

    await page.route("**/assets/index-*.js", hold)
    await page.goto(served.url, wait_until="commit")
    await expect(page.locator("body")).to_have_css("background-color", DARK)
    await expect(page.locator("#root")).to_be_empty()
    late.set()
    await expect(page.get_by_role("navigation")).to_be_visible()


async def test_what_storage_holds_is_not_trusted(page: Page) -> None:
    for stored in ('{"theme": 1, "sort": "x", "model": {}, "constructor": 2}', "null", "[", '"x"'):
        await page.evaluate("(stored) => { localStorage['squid.settings'] = stored }", stored)
        await page.reload()
        await expect(page.locator("html")).to_have_attribute("data-theme", "system")
        await expect(page.get_by_role("navigation", name="Sessions")).to_be_visible()
