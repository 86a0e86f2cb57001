"""Exports and imports from the page."""

from __future__ import annotations

import asyncio
import json
import re

from playwright.async_api import BrowserContext, FilePayload, Page, expect

from tests.web.conftest import Served
from tests.web.faults import Faults
from tests.web.seed import make_sessions


def file(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/json", "buffer": content}


async def test_a_session_is_exported(page: Page, served: Served) -> None:
    await make_sessions(served.squid, ["A trip"])
    await page.goto(served.url)
    for item, name in (("JSON", "A trip.json"), ("Markdown", "A trip.md")):
        await page.get_by_role("button", name="Actions for A trip").click()
        async with page.expect_download() as saved:
            await page.get_by_role("menuitem", name=f"Export as {item}").click()
        download = await saved.value
        assert download.suggested_filename == name
        assert b"A trip" in await asyncio.to_thread((await download.path()).read_bytes)


async def test_an_export_that_fails_is_told_and_not_saved(
    context: BrowserContext, served: Served, faults: Faults
) -> None:
    faults.expect_status(404)
    faults.expect_network()
    page = await context.new_page()
    # By the feed it would be gone from the list at once.
    await page.route("**/api/events*", lambda route: route.abort())
    await make_sessions(served.squid, ["A trip"])
    await page.goto(served.url)
    await expect(page.get_by_role("link", name="A trip")).to_be_visible()
    await served.client.delete("/api/sessions/s0")
    await served.squid.database.write(lambda db: db.execute("DELETE FROM members"))
    await page.get_by_role("button", name="Actions for A trip").click()
    await page.get_by_role("menuitem", name="Export as JSON").click()
    await expect(page.get_by_text("Not exported: There is no session").first).to_be_visible()


async def test_sessions_are_imported(page: Page, served: Served) -> None:
    await make_sessions(served.squid, ["A trip"])
    export = (await served.client.get("/api/sessions/s0/export")).content
    other = export.replace(b'"s0"', b'"s9"').replace(b"A trip", b"Bread")
    await page.get_by_role("button", name="Import sessions").click()
    dialog = page.get_by_role("dialog", name="Import sessions")
    choose = dialog.locator('input[type="file"]')
    await choose.set_input_files(file("trip.json", export))
    await expect(dialog.get_by_text("0 sessions added, 1 known already")).to_be_visible()
    await choose.set_input_files(file("bread.json", other))
    await expect(dialog.get_by_text("1 session added")).to_be_visible()
    await dialog.get_by_role("button", name="Open the first").click()
    await expect(page).to_have_url(re.compile("/sessions/s9$"))
    await expect(page.get_by_role("link", name="Bread")).to_be_visible()


async def test_every_refusal_says_why(
    context: BrowserContext, served: Served, faults: Faults
) -> None:
    faults.expect_status(400, 409, 413, 422)
    page = await context.new_page()
    await page.goto(served.url)
    await make_sessions(served.squid, ["A trip"])
    export = (await served.client.get("/api/sessions/s0/export")).json()
    broken = json.dumps({**export, "sessions": 7}).encode()
    await page.get_by_role("button", name="Import sessions").click()
    dialog = page.get_by_role("dialog", name="Import sessions")
    choose = dialog.locator('input[type="file"]')
    refused = dialog.get_by_role("alert")
    await choose.set_input_files(file("empty.json", b""))
    await expect(refused).to_contain_text("empty.json is empty")
    await choose.set_input_files(file("trip.md", b"# A trip"))
    await expect(refused).to_contain_text("trip.md is no JSON export")
    await choose.set_input_files(file("broken.json", broken))
    await expect(refused).to_contain_text("broken.json was not imported")
    await expect(refused).to_contain_text("(at /sessions")
