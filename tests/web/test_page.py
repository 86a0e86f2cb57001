"""The page opens."""

from __future__ import annotations

from playwright.async_api import Page, expect


async def test_it_opens(page: Page) -> None:
    await expect(page).to_have_title("Squid")
    await expect(page.get_by_role("navigation")).to_be_attached()
