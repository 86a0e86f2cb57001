"""The palette and the shortcuts."""

from __future__ import annotations

import re

from playwright.async_api import Page, expect

from tests.web.conftest import Served
from tests.web.seed import make_sessions


async def test_it_finds_a_session_on_the_server(page: Page, served: Served) -> None:
    await make_sessions(served.squid, [f"Session {n}" for n in range(300)])
    await expect(page.get_by_role("navigation", name="Sessions")).to_be_visible()
    await page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog", name="Commands")
    await palette.get_by_role("combobox").fill("session 29")
    await expect(palette.get_by_role("option", name="Session 290")).to_be_visible()
    await expect(palette.get_by_role("option")).to_have_count(8)
    await palette.get_by_role("combobox").fill("session 299")
    await expect(palette.get_by_role("option")).to_have_count(1)
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("/sessions/s299$"))
    await expect(palette).to_be_hidden()


async def test_it_does_what_can_be_done(page: Page) -> None:
    await expect(page.get_by_role("navigation", name="Sessions")).to_be_visible()
    await page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog", name="Commands")
    await palette.get_by_role("combobox").fill("dark")
    await page.keyboard.press("Enter")
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await expect(palette).to_be_hidden()
    await page.keyboard.press("Control+k")
    await palette.get_by_role("combobox").fill("shortcuts")
    await page.keyboard.press("Enter")
    shortcuts = page.get_by_role("dialog", name="Keyboard shortcuts")
    await expect(shortcuts).to_contain_text("New sessionCtrlShiftO")
    await page.keyboard.press("Escape")
    await expect(shortcuts).to_be_hidden()
    await page.keyboard.press("Control+k")
    await expect(palette).to_be_visible()
    await page.keyboard.press("Control+k")
    await expect(palette).to_be_hidden()


async def test_shortcuts_leave_typing_alone(page: Page, served: Served) -> None:
    await make_sessions(served.squid, ["A", "B", "C"])
    await page.goto(f"{served.url}/sessions/s1")
    await expect(page.get_by_role("link", name="B", exact=True)).to_be_visible()
    search = page.get_by_role("searchbox", name="Search sessions")
    await page.keyboard.press("Control+Shift+f")
    await expect(search).to_be_focused()
    await page.keyboard.press("?")
    await expect(search).to_have_value("?")
    await search.fill("")
    await page.keyboard.press("Alt+ArrowDown")
    await expect(page).to_have_url(re.compile("/sessions/s2$"))
    await page.keyboard.press("Alt+ArrowUp")
    await page.keyboard.press("Alt+ArrowUp")
    await expect(page).to_have_url(re.compile("/sessions/s0$"))
    await page.keyboard.press("Control+Shift+o")
    await expect(page).to_have_url(f"{served.url}/")
    await page.get_by_role("link", name="A", exact=True).focus()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
