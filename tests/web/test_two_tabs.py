"""What others do appears by itself: another tab, another browser, another program."""

from __future__ import annotations

from playwright.async_api import BrowserContext, Locator, Page, Route, expect

from tests.conftest import until
from tests.http.talk import asked as somebody_asks
from tests.web.conftest import Profiles, Served
from tests.web.faults import Faults
from tests.web.gate import Gate
from tests.web.seeds import conversation, seed, to_and_fro
from tests.web.sight import answered, answers, numbered, questions, words, write


def entry(page: Page, title: str) -> Locator:
    return page.get_by_role("navigation", name="Sessions").get_by_role("link", name=title)


async def opened(context: BrowserContext, url: str, session_id: str) -> Page:
    page = await context.new_page()
    await page.goto(f"{url}/sessions/{session_id}")
    await expect(questions(page).first).to_be_visible()
    return page


async def counting(served: Served) -> str:
    """A session whose answers count to sixty."""
    (session_id,) = await seed(
        served.client, conversation("Shared", to_and_fro(2), model="script:deltas=60")
    )
    return session_id


async def test_sent_in_one_streams_in_both(served: Served, gate: Gate, profiles: Profiles) -> None:
    """Two tabs of a browser, and another browser."""
    session_id = await counting(served)
    here = await profiles()
    pages = [
        await opened(context, served.url, session_id) for context in (here, here, await profiles())
    ]
    gate.hold_at('"w30')
    await write(pages[0], "To all of you")
    for page in pages:
        await expect(questions(page).last).to_contain_text("To all of you")
        await expect(answers(page).last).to_contain_text("w30")
        assert await words(answers(page).last) == numbered(31)
    gate.open()
    for page in pages:
        await answered(page)
        assert await words(answers(page).last) == numbered(60)
        await expect(questions(page)).to_have_count(2)


async def test_stopped_in_one_is_stopped_in_the_other(
    served: Served, gate: Gate, profiles: Profiles
) -> None:
    session_id = await counting(served)
    one = await opened(await profiles(), served.url, session_id)
    other = await opened(await profiles(), served.url, session_id)
    gate.hold_at('"w30')
    await write(one, "Begin")
    await expect(answers(other).last).to_contain_text("w30")
    await other.get_by_role("button", name="Stop").click()
    for page in (one, other):
        await expect(answers(page).last).to_have_attribute("data-status", "stopped")
        assert await words(answers(page).last) == numbered(31)
        await expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    gate.open()


async def test_renamed_and_deleted_in_one_is_so_in_the_other(
    served: Served, profiles: Profiles, faults: Faults
) -> None:
    faults.expect_status(404)  # of the deleted one, which is open in both
    session_id = await counting(served)
    one = await opened(await profiles(), served.url, session_id)
    other = await opened(await profiles(), served.url, session_id)
    await one.get_by_role("button", name="Actions for Shared").click()
    await one.get_by_role("menuitem", name="Rename").click()
    await expect(one.get_by_role("textbox", name="Title")).to_be_focused()
    await one.keyboard.press("ControlOrMeta+a")
    await one.keyboard.type("Ours")
    await one.keyboard.press("Enter")
    await expect(entry(one, "Ours")).to_be_visible()
    await expect(entry(other, "Ours")).to_be_visible()
    await expect(entry(other, "Shared")).to_have_count(0)
    await one.get_by_role("button", name="Actions for Ours").click()
    await one.get_by_role("menuitem", name="Delete").click()
    await one.get_by_role("alertdialog").get_by_role("button", name="Delete").click()
    await expect(entry(one, "Ours")).to_have_count(0)
    await expect(entry(other, "Ours")).to_have_count(0)
    await one.get_by_role("button", name="Undo").click()
    await expect(entry(other, "Ours")).to_be_visible()


async def test_what_a_program_asks_appears(page: Page, served: Served, gate: Gate) -> None:
    """`squid ask`, or anything else that speaks to the server: a new session in the list,
    its answer as it is written, and its end."""
    await somebody_asks(served.client, "Asked from a terminal", "deltas=60")
    await expect(entry(page, "Asked from a terminal")).to_be_visible()
    await entry(page, "Asked from a terminal").click()
    await expect(answers(page).last).to_contain_text("w59")
    session_id = page.url.rpartition("/")[2]
    await somebody_asks(served.client, "And again", "deltas=30", session_id)
    await expect(questions(page).last).to_contain_text("And again")
    await answered(page)
    assert await words(answers(page).last) == numbered(30)


async def test_what_was_missed_while_away_is_there_afterwards(
    page: Page, served: Served, faults: Faults
) -> None:
    """Changes that the feed could not tell, because the line was down."""
    faults.expect_network()
    (session_id,) = await seed(served.client, conversation("Before", to_and_fro(2)))
    await expect(entry(page, "Before")).to_be_visible()
    await page.context.set_offline(True)
    await served.client.patch(f"/api/sessions/{session_id}", json={"title": "After"})
    await seed(served.client, conversation("Meanwhile", to_and_fro(2)))
    await page.context.set_offline(False)
    await expect(entry(page, "After")).to_be_visible()
    await expect(entry(page, "Meanwhile")).to_be_visible()


async def test_they_share_what_is_being_written(served: Served, context: BrowserContext) -> None:
    """What one sends is not left over in the other, and nothing is written over."""
    (session_id,) = await seed(served.client, conversation("Shared", to_and_fro(2)))
    one, other = [await opened(context, served.url, session_id) for _ in range(2)]
    boxes = [page.get_by_role("textbox", name="Message") for page in (one, other)]
    await boxes[0].fill("Begun here")
    await expect(boxes[1]).to_have_value("Begun here")
    await write(other, "Begun here, ended there")
    await expect(boxes[0]).to_have_value("")
    await expect(questions(other).last).to_contain_text("ended there")
    await answered(other)
    assert await one.evaluate("Object.keys(localStorage).filter(key => /draft/.test(key))") == []


async def test_they_share_the_files_of_what_is_being_written(
    served: Served, context: BrowserContext
) -> None:
    (session_id,) = await seed(served.client, conversation("Shared", to_and_fro(2)))
    one, other = [await opened(context, served.url, session_id) for _ in range(2)]
    files = [page.get_by_role("list", name="Attached files") for page in (one, other)]
    for page, name in ((one, "a.txt"), (other, "b.txt")):
        file = {"name": name, "mimeType": "text/plain", "buffer": name.encode()}
        await page.locator("input[type=file]").set_input_files([file])  # type: ignore[list-item]
        for shown in files:
            await expect(shown).to_contain_text(name)
    await one.reload()
    await expect(files[0]).to_contain_text("a.txt")
    await expect(files[0]).to_contain_text("b.txt")
    await files[0].get_by_role("button", name="Remove a.txt").click()
    await expect(files[1].get_by_text("a.txt")).to_have_count(0)
    await write(other, "With one of them")
    await expect(questions(other).last.get_by_text("b.txt")).to_be_visible()
    for shown in files:
        await expect(shown).to_have_count(0)


async def test_a_file_that_both_take_to_the_server_is_there_once(
    served: Served, context: BrowserContext
) -> None:
    """Neither takes its own for another one with the same content, nor forgets the other's."""
    (session_id,) = await seed(served.client, conversation("Shared", to_and_fro(2)))
    one, other = [await opened(context, served.url, session_id) for _ in range(2)]
    files = [page.get_by_role("list", name="Attached files") for page in (one, other)]
    held: dict[tuple[Page, str], Route] = {}

    async def hold(route: Route) -> None:
        name = next(name for name in ("a.txt", "b.txt") if name in (route.request.post_data or ""))
        held[route.request.frame.page, name] = route

    await context.route("**/api/files", hold)
    for page, name in ((one, "a.txt"), (other, "b.txt")):
        file = {"name": name, "mimeType": "text/plain", "buffer": name.encode()}
        await page.locator("input[type=file]").set_input_files([file])  # type: ignore[list-item]
        for shown in files:
            await expect(shown).to_contain_text(name)
    # Each takes up what the other has begun, and hears that it is there before it is done.
    for page, name in ((one, "a.txt"), (other, "b.txt"), (other, "a.txt"), (one, "b.txt")):
        await until(lambda at=(page, name): at in held, seconds=40)
        await held[page, name].continue_()
        for shown in files:
            there = shown.get_by_role("listitem").filter(has_text=name)
            await expect(there.get_by_role("progressbar")).to_have_count(0)
    for shown in files:
        await expect(shown.get_by_role("listitem")).to_have_count(2)
    for page in (one, other):
        await page.reload()
    for shown in files:
        await expect(shown.get_by_role("listitem")).to_have_count(2)
    await write(one, "With both of them")
    for name in ("a.txt", "b.txt"):
        await expect(questions(one).last.get_by_text(name)).to_be_visible()
