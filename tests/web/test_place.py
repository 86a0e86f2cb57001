"""The page never loses your place: reloads, kills, lost networks, and what is said meanwhile.

Answers are held at a word (`gate`), so that their middle lasts as long as a test looks.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.async_api import BrowserContext, Page, Request, Route, async_playwright, expect

from tests.conftest import becomes
from tests.web.conftest import FLAGS, WHOLE, Process, Profiles, Served, there
from tests.web.faults import Faults
from tests.web.gate import Gate
from tests.web.seeds import conversation, seed, to_and_fro, user
from tests.web.sight import (
    answered,
    answers,
    asked,
    complete,
    is_there,
    numbered,
    questions,
    roll,
    shown,
    to_end,
    top_of,
    words,
    write,
)

WORDS = 300
"""Of an answer; each with dots behind it, to fill a line: it is higher than the window."""


async def answering(client: httpx2.AsyncClient, gate: Gate) -> str:
    """A session in which an answer is being written, and held at its 41st word."""
    gate.hold_at('"w40')
    model = f"script:deltas={WORDS},size=150"
    (session_id,) = await seed(client, conversation("Held", to_and_fro(4), model=model))
    body = {"message": {"content": "Count, please."}}
    answer = await client.post(f"/api/sessions/{session_id}/messages", json=body)
    assert answer.status_code == 202, answer.text
    return session_id


async def open_session(page: Page, url: str, session_id: str) -> Page:
    await page.goto(f"{url}/sessions/{session_id}")
    await expect(questions(page).first).to_be_visible()
    return page


async def sees(page: Page, word: str) -> None:
    await expect(answers(page).last).to_contain_text(word + ".")


async def is_whole(page: Page, client: httpx2.AsyncClient, session_id: str) -> None:
    """The last answer is complete, and the same as the server's: no gap and no double."""
    await answered(page)
    told = (await shown(client, session_id))[-1]
    assert told["status"] == "complete"
    assert re.findall(r"w\d+", told["content"]) == numbered(WORDS)
    await page.evaluate("sight.scroller().scrollTop = sight.scroller().scrollHeight")
    assert await words(answers(page).last) == numbered(WORDS)


@pytest.mark.parametrize("up", [False, True], ids=["at-the-end", "scrolled-up"])
async def test_reload_in_mid_answer(
    served: Served, gate: Gate, context: BrowserContext, up: bool
) -> None:
    session_id = await answering(served.client, gate)
    page = await open_session(await context.new_page(), served.url, session_id)
    await sees(page, "w40")
    if up:
        await roll(page, -300)
    before = await top_of(page, "w20.")
    await page.reload()
    await sees(page, "w40")
    assert await top_of(page, "w20.") == pytest.approx(before, abs=2), "the same place"
    gate.hold_at('"w80')
    await sees(page, "w80")
    assert await words(answers(page).last) == numbered(81), "it grows, nothing twice"
    if up:
        assert await top_of(page, "w20.") == pytest.approx(before, abs=2)
    else:
        assert await to_end(page) <= 2, "it follows the end as before"
    gate.open()
    await is_whole(page, served.client, session_id)


@pytest.mark.parametrize("end", ["kill", "stop"])
async def test_the_server_goes_in_mid_answer(
    process: Process, gate: Gate, context: BrowserContext, faults: Faults, end: str
) -> None:
    """`kill -9`, or an orderly restart between two deltas: what was shown stays."""
    faults.expect_network()
    session_id = await answering(process.client, gate)
    page = await open_session(await context.new_page(), process.url, session_id)
    await sees(page, "w40")
    if end == "kill":
        process.server.kill()
    else:
        await process.stop()
    await expect(page.get_by_role("status").filter(has_text="Reconnecting…")).to_be_visible()
    assert await words(answers(page).last) == numbered(41), "what was shown stays"
    await process.start()
    answer = answers(page).last
    await expect(answer).to_have_attribute("data-status", "interrupted")
    await expect(page.get_by_text("Reconnecting…")).to_have_count(0)
    assert await words(answer) == numbered(41)
    gate.open()
    await answer.get_by_role("button", name="Continue").click()
    await complete(answer)
    told = (await shown(process.client, session_id))[-1]
    assert re.findall(r"w\d+", told["content"]) == numbered(41) + numbered(WORDS)
    assert await words(answer) == numbered(41) + numbered(WORDS)


async def test_somebody_else_continues_while_the_server_is_not_heard(
    process: Process, gate: Gate, context: BrowserContext, faults: Faults
) -> None:
    """The page was told nothing of that run, and shows the whole answer all the same."""
    faults.expect_network()
    session_id = await answering(process.client, gate)
    page = await open_session(await context.new_page(), process.url, session_id)
    await sees(page, "w40")
    await process.stop()
    gate.open()
    await process.start()
    told = (await shown(process.client, session_id))[-1]
    run = await process.client.post(f"/api/messages/{told['id']}/continue", json={})
    assert run.status_code == 202, run.text
    await answered(page)
    assert await words(answers(page).last) == numbered(41) + numbered(WORDS)


async def test_the_network_is_lost_and_comes_back(
    served: Served, gate: Gate, context: BrowserContext, faults: Faults
) -> None:
    faults.expect_network()
    session_id = await answering(served.client, gate)
    page = await open_session(await context.new_page(), served.url, session_id)
    await sees(page, "w40")
    await context.set_offline(True)
    offline = re.compile("Reconnecting…|You are offline")
    await expect(page.get_by_role("status").filter(has_text=offline)).to_be_visible()
    gate.hold_at('"w80')
    assert await words(answers(page).last) == numbered(41)
    await context.set_offline(False)
    await sees(page, "w80")
    assert await words(answers(page).last) == numbered(81)
    await expect(page.get_by_text(offline)).to_have_count(0)
    gate.open()
    await is_whole(page, served.client, session_id)


async def test_what_is_sent_offline_waits_and_goes_out_once(
    page: Page, served: Served, faults: Faults
) -> None:
    faults.expect_network()
    (session_id,) = await seed(served.client, conversation("Away", to_and_fro(2)))
    await open_session(page, served.url, session_id)
    await page.context.set_offline(True)
    await write(page, "From the train")
    waiting = page.get_by_role("list", name="Waiting to be sent")
    await expect(waiting.get_by_role("listitem")).to_contain_text(["From the train"])
    await page.context.set_offline(False)
    await expect(questions(page).last).to_contain_text("From the train")
    await is_there(served.client, session_id, ["From the train"])
    await answered(page)
    await expect(waiting).to_have_count(0)
    assert (await asked(served.client, session_id)).count("From the train") == 1


async def test_what_waits_outlives_the_page(
    process: Process, context: BrowserContext, faults: Faults
) -> None:
    """The server is away, the page is closed, and the next one sends it."""
    faults.expect_network()
    (session_id,) = await seed(process.client, conversation("Away", to_and_fro(2)))
    page = await open_session(await context.new_page(), process.url, session_id)
    process.server.kill()
    await expect(page.get_by_role("status").filter(has_text="Reconnecting…")).to_be_visible()
    await write(page, "Said to nobody")
    waiting = page.get_by_role("list", name="Waiting to be sent")
    await expect(waiting.get_by_role("listitem")).to_contain_text(["Said to nobody"])
    await page.close()
    await process.start()
    page = await open_session(await context.new_page(), process.url, session_id)
    await expect(questions(page).last).to_contain_text("Said to nobody")
    await is_there(process.client, session_id, ["Said to nobody"])
    await answered(page)
    assert (await asked(process.client, session_id)).count("Said to nobody") == 1


async def test_a_lost_answer_to_a_message_sends_it_once(
    page: Page, served: Served, faults: Faults
) -> None:
    """The server took it, and the line broke before it could say so."""
    faults.expect_network()
    (session_id,) = await seed(served.client, conversation("Broken line", to_and_fro(2)))
    await open_session(page, served.url, session_id)
    sent: list[Any] = []

    async def lose(route: Route) -> None:
        sent.append(route.request.post_data_json)
        if len(sent) == 1:
            await route.fetch()
            await route.abort("connectionreset")
        else:
            await route.fallback()

    await page.route(re.compile(r"/api/(sessions/[^/]+/messages|chat)$"), lose)
    await write(page, "Only once")
    await expect(questions(page).last).to_contain_text("Only once")
    await is_there(served.client, session_id, ["Only once"])
    await answered(page)
    await expect(page.get_by_role("list", name="Waiting to be sent")).to_have_count(0)
    assert (await asked(served.client, session_id)).count("Only once") == 1
    # Sent again, if the change feed did not tell the page first that it is there.
    assert {one["message"]["id"] for one in sent} == {sent[0]["message"]["id"]}


async def test_what_is_written_while_an_answer_runs_follows_in_order(
    page: Page, served: Served, gate: Gate
) -> None:
    session_id = await answering(served.client, gate)
    await open_session(page, served.url, session_id)
    await sees(page, "w40")
    later = ["first", "second", "third"]
    for text in later:
        await write(page, text)
    waiting = page.get_by_role("list", name="Waiting to be sent")
    await expect(waiting.get_by_role("listitem")).to_contain_text(later)
    assert "first" not in await asked(served.client, session_id)
    gate.open()
    await expect(questions(page).last).to_contain_text("third")
    await expect(waiting).to_have_count(0)
    await is_there(served.client, session_id, later)

    async def statuses() -> list[str]:
        return [one["status"] for one in await shown(served.client, session_id)][-6:]

    await becomes(statuses, ["complete"] * 6)
    await answered(page)


async def test_reading_on_above_is_not_disturbed(page: Page, served: Served, gate: Gate) -> None:
    """Scrolled up, the page lets go of the end, and offers the way down."""
    session_id = await answering(served.client, gate)
    await open_session(page, served.url, session_id)
    await sees(page, "w40")
    down = page.get_by_role("button", name="To the latest message")
    assert await to_end(page) <= 2
    await expect(down).to_have_count(0)
    await roll(page, -400)
    await expect(down).to_be_visible()
    before = await top_of(page, "w20.")
    gate.hold_at('"w80')
    await sees(page, "w80")
    assert await top_of(page, "w20.") == pytest.approx(before, abs=2)
    await down.click()
    await expect(down).to_have_count(0)
    assert await to_end(page) <= 2
    gate.hold_at('"w120')
    await sees(page, "w120")
    assert await to_end(page) <= 2, "it follows again"
    gate.open()
    await is_whole(page, served.client, session_id)


async def test_the_place_is_kept_over_other_sessions_and_a_reload(
    page: Page, served: Served
) -> None:
    long, other = await seed(
        served.client,
        conversation("A long one", to_and_fro(40)),
        conversation("Another", [user("turn 0: alone")]),
    )
    await open_session(page, served.url, long)
    await roll(page, -1500)
    turns = await page.get_by_role("article").all_inner_texts()
    in_view = re.findall(r"turn \d+:", " ".join(turns))
    tops = {text: await page.evaluate("text => sight.topOf(text)", text) for text in in_view}
    anchor = next(text for text, top in tops.items() if top is not None and 0 < top < 700)
    before = await top_of(page, anchor)
    sessions = page.get_by_role("navigation", name="Sessions")
    await sessions.get_by_role("link", name="Another").click()
    await expect(questions(page)).to_contain_text(["turn 0: alone"])
    await expect(page).to_have_url(f"{served.url}/sessions/{other}")
    await sessions.get_by_role("link", name="A long one").click()
    await expect(page.get_by_text(anchor)).to_be_visible()
    assert await top_of(page, anchor) == pytest.approx(before, abs=2), "after another session"
    await page.reload()
    await expect(page.get_by_text(anchor)).to_be_visible()
    assert await top_of(page, anchor) == pytest.approx(before, abs=2), "after a reload"


async def test_a_message_to_a_new_session_is_sent_once(
    page: Page, served: Served, faults: Faults
) -> None:
    """Each of its requests loses its first answer."""
    faults.expect_network()
    lost: set[str] = set()

    async def lose(route: Route) -> None:
        request: Request = route.request
        place = re.sub(r"sessions/[^/]+", "sessions/ID", request.url)
        if request.method == "POST" and place not in lost:
            lost.add(place)
            await route.fetch()
            await route.abort("connectionreset")
        else:
            await route.fallback()

    await page.route(re.compile(r"/api/(sessions|chat)"), lose)
    await write(page, "A new subject")
    await expect(questions(page)).to_contain_text(["A new subject"])
    await answered(page)
    await expect(page).to_have_url(re.compile(r"/sessions/"))
    sessions = (await served.client.get("/api/sessions")).json()["sessions"]
    assert [one["title"] for one in sessions] == ["A new subject"]
    assert await asked(served.client, sessions[0]["id"]) == ["A new subject"]
    assert lost, "something was lost"


async def test_another_browser_goes_on_where_this_one_was(
    served: Served, gate: Gate, profiles: Profiles
) -> None:
    """A laptop closed in mid-answer, and a phone opened."""
    session_id = await answering(served.client, gate)
    laptop = await profiles()
    page = await open_session(await laptop.new_page(), served.url, session_id)
    await sees(page, "w40")
    await laptop.close()
    phone = await (await profiles(viewport={"width": 390, "height": 844})).new_page()
    await open_session(phone, served.url, session_id)
    await sees(phone, "w40")
    gate.open()
    await is_whole(phone, served.client, session_id)


async def test_a_session_is_opened_while_the_server_is_away(
    process: Process, context: BrowserContext, faults: Faults
) -> None:
    """It is loading until the server is back, and then it is there."""
    faults.expect_network()
    await seed(process.client, conversation("Not yet read", to_and_fro(2)))
    page = await context.new_page()
    await page.goto(process.url)
    link = page.get_by_role("navigation", name="Sessions").get_by_role("link", name="Not yet read")
    await expect(link).to_be_visible()
    process.server.kill()
    await link.click()
    await expect(page.get_by_role("status", name="The conversation is loading")).to_be_visible()
    await expect(page.get_by_role("status").filter(has_text="Reconnecting…")).to_be_visible()
    await process.start()
    await expect(questions(page)).to_contain_text(["turn 0:"])
    await expect(page).to_have_title("Not yet read – Squid")


async def test_a_browser_that_keeps_nothing(served: Served, tmp_path: Path) -> None:
    """As where somebody has blocked all site data: it has locks and a database, and gives
    neither."""
    whole = there(WHOLE)
    profile = tmp_path / "profile" / "Default"
    profile.mkdir(parents=True)
    blocked = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    (profile / "Preferences").write_text(json.dumps(blocked))
    async with (
        async_playwright() as playwright,
        await playwright.chromium.launch_persistent_context(
            profile.parent, executable_path=whole, args=FLAGS
        ) as context,
    ):
        page = await context.new_page()
        await page.goto(served.url)
        refused = "navigator.locks.request('x', () => true).catch(error => error.name)"
        assert await page.evaluate(refused) == "SecurityError"
        await write(page, "Kept nowhere")
        await answered(page)
        await expect(questions(page)).to_contain_text(["Kept nowhere"])
