"""The page is loaded while the server is away: it is kept in the browser, and so is what was
read in it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Error, Page, Route, expect

from squid.http import page as served_page
from tests.conftest import becomes
from tests.web.conftest import LASTING, Process, Served
from tests.web.faults import Faults
from tests.web.gate import Gate
from tests.web.seeds import conversation, seed, to_and_fro
from tests.web.sight import (
    answered,
    answers,
    asked,
    is_there,
    numbered,
    questions,
    roll,
    top_of,
    words,
    write,
)
from tests.web.test_place import answering, is_whole, open_session, sees

pytestmark = pytest.mark.parametrize("context", [LASTING], indirect=True)


@pytest.fixture(autouse=True)
def lines_that_break(faults: Faults) -> None:
    faults.expect_network()


async def installed(page: Page) -> None:
    """The browser has the page."""
    await page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")


async def kept(page: Page, word: str) -> None:
    """What is shown is written down a moment later."""

    async def there() -> bool:
        return word in await page.evaluate(ALL_KEPT)

    await becomes(there, True)


ALL_KEPT = """() => new Promise(done => {
  const asked = indexedDB.open('squid-kept')
  // It is the page's to make.
  asked.onupgradeneeded = () => asked.transaction.abort()
  asked.onerror = event => { event.preventDefault(); done('') }
  asked.onsuccess = () => {
    const database = asked.result
    const all = database.transaction('said').objectStore('said').getAll()
    all.onsuccess = () => { database.close(); done(JSON.stringify(all.result)) }
  }
})"""


async def is_away(page: Page) -> None:
    await expect(page.get_by_role("status").filter(has_text="Reconnecting…")).to_be_visible()


async def test_what_was_read_is_there_and_what_is_written_goes_out_once(
    process: Process, context: BrowserContext
) -> None:
    (session_id,) = await seed(process.client, conversation("Away", to_and_fro(40)))
    page = await open_session(await context.new_page(), process.url, session_id)
    await installed(page)
    await roll(page, -600)
    text = "turn 32:"
    before = await top_of(page, text)
    await kept(page, "turn 39:")
    process.server.kill()

    await page.reload()
    await is_away(page)
    assert await top_of(page, text) == pytest.approx(before, abs=2), "the same place"
    await expect(page).to_have_title("Away – Squid")
    sessions = page.get_by_role("navigation", name="Sessions")
    await expect(sessions.get_by_role("link", name="Away")).to_be_visible()
    await write(page, "Written to nobody")
    waiting = page.get_by_role("list", name="Waiting to be sent").get_by_role("listitem")
    await expect(waiting).to_contain_text(["Written to nobody"])
    await page.reload()
    await expect(waiting).to_contain_text(["Written to nobody"])

    await process.start()
    await expect(questions(page).last).to_contain_text("Written to nobody")
    await is_there(process.client, session_id, ["Written to nobody"])
    await answered(page)
    await expect(waiting).to_have_count(0)
    await expect(page.get_by_text("Reconnecting…")).to_have_count(0)
    assert (await asked(process.client, session_id)).count("Written to nobody") == 1


async def test_an_answer_is_there_as_far_as_it_was_shown(
    process: Process, gate: Gate, context: BrowserContext
) -> None:
    session_id = await answering(process.client, gate)
    page = await open_session(await context.new_page(), process.url, session_id)
    await installed(page)
    await sees(page, "w40")
    gate.hold_at('"w80')  # which the page was told, and did not read
    await sees(page, "w80")
    await kept(page, "w80.")
    process.server.kill()
    await page.reload()
    await is_away(page)
    await sees(page, "w80")
    assert await words(answers(page).last) == numbered(81)
    await process.start()
    answer = answers(page).last
    await expect(answer).to_have_attribute("data-status", "interrupted")
    assert await words(answer) == numbered(81)
    gate.open()


async def test_a_reload_in_mid_answer_goes_on_behind_what_was_kept(
    process: Process, gate: Gate, context: BrowserContext
) -> None:
    """The line breaks, and not the server: the run goes on, and nothing comes twice."""
    session_id = await answering(process.client, gate)
    page = await open_session(await context.new_page(), process.url, session_id)
    await installed(page)
    await sees(page, "w40")
    gate.hold_at('"w80')
    await sees(page, "w80")
    await kept(page, "w80.")
    away = True

    async def cut(route: Route) -> None:
        await (route.abort("connectionrefused") if away else route.fallback())

    await context.route("**/*", cut)
    await page.reload()
    await is_away(page)
    assert await words(answers(page).last) == numbered(81)
    gate.hold_at('"w120')
    away = False
    await sees(page, "w120")
    assert await words(answers(page).last) == numbered(121)
    gate.open()
    await is_whole(page, process.client, session_id)


async def test_a_session_that_is_new_to_the_browser(
    process: Process, context: BrowserContext
) -> None:
    """Its address is opened all the same, and what is written there waits."""
    (session_id,) = await seed(process.client, conversation("Never seen", to_and_fro(2)))
    page = await context.new_page()
    await page.goto(process.url)
    await installed(page)
    process.server.kill()
    await page.goto(f"{process.url}/sessions/{session_id}")
    await is_away(page)
    await write(page, "First words")
    waiting = page.get_by_role("list", name="Waiting to be sent").get_by_role("listitem")
    await expect(waiting).to_contain_text(["First words"])
    await process.start()
    await expect(questions(page).last).to_contain_text("First words")
    await is_there(process.client, session_id, ["First words"])
    await answered(page)
    assert (await asked(process.client, session_id)).count("First words") == 1


async def test_nothing_is_kept_for_who_does_not_want_it(
    process: Process, context: BrowserContext
) -> None:
    (session_id,) = await seed(process.client, conversation("Private", to_and_fro(2)))
    page = await open_session(await context.new_page(), process.url, session_id)
    await installed(page)
    await kept(page, "turn 1:")
    await page.keyboard.press("ControlOrMeta+,")
    keep = page.get_by_role("radiogroup", name="Keep in this browser")
    await keep.get_by_role("radio", name="No").click()

    async def empty() -> bool:
        return await page.evaluate(ALL_KEPT) == "[]"

    await becomes(empty, True)
    await page.reload()
    await expect(questions(page).first).to_be_visible()
    process.server.kill()
    await page.reload()
    await is_away(page)
    await expect(page.get_by_text("turn 1:")).to_have_count(0)
    assert await empty()


async def test_a_new_page_takes_the_place_of_the_kept_one(
    served: Served, context: BrowserContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = await context.new_page()
    await page.goto(served.url)
    await installed(page)
    (before,) = await page.evaluate("caches.keys()")
    folder = tmp_path / "page"
    shutil.copytree(served_page.FOLDER, folder)
    worker = folder / "worker.js"
    was = re.search(r'"version":"(\w+)"', worker.read_text())
    assert was is not None
    assert before == f"squid-page-{was[1]}"
    worker.write_text(worker.read_text().replace(was[1], "next"))
    document = (folder / "index.html").read_text()
    (folder / "index.html").write_text(document.replace("never lost", "never ever lost"))
    monkeypatch.setattr(served_page, "FOLDER", folder)

    await page.reload()
    about = page.locator("meta[name=description]")
    await expect(about).to_have_attribute("content", "Conversations that are never ever lost.")

    async def names() -> list[str]:
        found: list[str] = await page.evaluate("caches.keys()")
        return found

    # A tab that was open before may still want the old one's parts.
    await becomes(names, [before, "squid-page-next"])


async def test_an_answer_of_the_api_is_never_from_the_browser(
    process: Process, context: BrowserContext
) -> None:
    page = await context.new_page()
    await page.goto(process.url)
    await installed(page)
    await page.reload()
    process.server.kill()
    failed = await page.evaluate("fetch('/api/server').then(() => false, () => true)")
    assert failed
    for address in ("/api/server", "/docs", "/readyz", "/somewhere/else"):
        with pytest.raises(Error, match="ERR_CONNECTION_REFUSED"):
            await page.goto(process.url + address)


async def test_another_program_at_the_same_address_has_its_own(
    served: Served, context: BrowserContext
) -> None:
    page = await context.new_page()
    await page.goto(served.url)
    await installed(page)
    told = 0

    async def other(route: Route) -> None:
        nonlocal told
        told += 1
        await route.fulfill(body=f"number {told}", content_type="text/javascript")

    await context.route("**/assets/app.js", other)
    await page.reload()
    ask = "fetch('/assets/app.js').then(answer => answer.text())"
    assert [await page.evaluate(ask), await page.evaluate(ask)] == ["number 1", "number 2"]
