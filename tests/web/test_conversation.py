"""Reading: answers as they come, where one reads, and what is done to a message."""

from __future__ import annotations

import re
import sqlite3
from typing import Any

from playwright.async_api import BrowserContext, Locator, Page, Route, expect

from tests.conftest import becomes, until
from tests.store.tree import add_message, add_session
from tests.web.conftest import Served
from tests.web.faults import Faults
from tests.web.gate import Gate


async def ask(served: Served, script: str = "deltas=3", text: str = "Hello") -> dict[str, Any]:
    """Ask in session `s`, which is made where it is not there."""
    await served.client.post("/api/sessions", json={"id": "s", "title": "A session"})
    answer = await served.client.post(
        "/api/sessions/s/messages",
        json={"message": {"content": text}, "model": f"script:{script}"},
    )
    assert answer.status_code == 202, answer.text
    return answer.json()


async def said(served: Served) -> list[dict[str, Any]]:
    return (await served.client.get("/api/sessions/s")).json()["messages"]


async def count(served: Served) -> int:
    return len(await said(served))


async def show(page: Page, served: Served) -> Locator:
    """Session `s`, opened: its answers."""
    await page.goto(f"{served.url}/sessions/s")
    return page.get_by_role("article", name="Assistant")


async def fill(served: Served, count: int) -> None:
    """A session of so many messages, which differ in length."""

    def make(db: sqlite3.Connection) -> None:
        add_session(db, id="s", title="A long one")
        parent = None
        for number in range(count):
            parent = add_message(
                db,
                "s",
                f"m{number:05}",
                parent,
                role="assistant" if number % 2 else "user",
                content=f"message {number}. " + "More of it. " * (number * 7 % 60),
            )

    await served.squid.database.write(make)


TOP = """() => {
  const scroller = document.querySelector('[data-scroller]')
  const edge = scroller.getBoundingClientRect().top
  const rows = [...scroller.querySelectorAll('[data-message-id]')]
  rows.sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top)
  const row = rows.find((row) => row.getBoundingClientRect().bottom > edge)
  return [row.dataset.messageId, Math.round(row.getBoundingClientRect().top - edge)]
}"""

FROM_END = """() => {
  const { scrollHeight, clientHeight, scrollTop } = document.querySelector('[data-scroller]')
  return scrollHeight - clientHeight - scrollTop
}"""


async def settled(page: Page) -> None:
    """Until nothing has moved for some frames."""
    await page.evaluate("""async () => {
      const scroller = document.querySelector('[data-scroller]')
      const frame = () => new Promise(requestAnimationFrame)
      for (let still = 0, last = NaN; still < 10; still += 1) {
        await frame()
        const now = scroller.scrollTop
        if (now !== last) still = 0
        last = now
      }
    }""")


AT_END = f"""async () => {{
  while (({FROM_END})() > 4) await new Promise(requestAnimationFrame)
}}"""


async def test_an_answer_streams_and_ends_as_the_server_has_it(
    page: Page, served: Served, gate: Gate
) -> None:
    gate.hold_at('"w9')
    await ask(served, "deltas=60")
    answers = await show(page, served)
    await expect(answers).to_have_attribute("data-status", "streaming")
    await expect(page.get_by_role("status").filter(has_text="begins")).to_be_attached()
    gate.open()
    await expect(answers).to_have_attribute("data-status", "complete")
    await expect(page.get_by_role("status").filter(has_text="complete")).to_be_attached()
    text = (await said(served))[-1]["content"]
    assert text.split()[-1] == "w59"
    await expect(answers.get_by_text("w0 w1")).to_have_text(text.strip())


async def test_reasoning_and_tools_are_folded(page: Page, served: Served) -> None:
    await ask(served, "deltas=3,thinking=3,tools=1")
    await show(page, served)
    reasoning = page.get_by_role("button", name="Reasoning")
    await expect(reasoning).to_have_attribute("aria-expanded", "false")
    await reasoning.click()
    thought = (await said(served))[1]["reasoning"]
    await expect(page.get_by_text(thought.strip())).to_be_visible()
    # What an answer has called is in it, before what can be done to it.
    answer = page.get_by_role("article", name="Assistant")
    await expect(answer.get_by_role("button")).to_have_text(
        [re.compile("^Reasoning"), re.compile("^Tool: "), *[""] * 5]
    )
    await expect(
        page.get_by_role("list", name="Conversation").get_by_role("listitem")
    ).to_have_count(2)
    tool = page.get_by_role("button", name=re.compile("^Tool: "))
    await tool.click()
    await expect(page.get_by_text('"city": "Paris"')).to_be_visible()
    await tool.click()
    await expect(page.get_by_text('"city": "Paris"')).to_have_count(0)


async def test_reload_in_the_middle_of_a_tool_call(page: Page, served: Served, gate: Gate) -> None:
    """Between two pieces of its input: what came of it is there, and the rest comes behind."""
    gate.hold_at("days")
    await ask(served, "tools=1", "How is the weather?")
    await show(page, served)
    tool = page.get_by_role("button", name="Tool: weather")
    for _ in range(2):
        await tool.click()
        await expect(page.get_by_text('{"city": "Paris", "days"', exact=True)).to_be_visible()
        await page.reload()
    await tool.click()
    gate.open()
    await expect(page.get_by_role("article", name="Assistant")).to_have_attribute(
        "data-status", "complete"
    )
    await expect(page.get_by_text(re.compile(r'"city": "Paris",\s+"days": 3\s'))).to_be_visible()
    await expect(tool).to_have_count(1)


async def test_an_answer_that_was_cut_off_goes_on(page: Page, served: Served) -> None:
    await ask(served, "deltas=9,cut_after=4,times=1,key=cut")
    answers = await show(page, served)
    await expect(answers).to_have_attribute("data-status", "error")
    await expect(page.get_by_role("alert")).to_contain_text("broke")
    await answers.get_by_role("button", name="Continue").click()
    await expect(answers).to_be_focused()
    await expect(answers).to_have_attribute("data-status", "complete")
    await expect(page.get_by_role("alert")).to_have_count(0)
    await expect(page.get_by_role("button", name="Continue")).to_have_count(0)
    assert len(await said(served)) == 2


async def test_a_stopped_answer_says_so(page: Page, served: Served) -> None:
    started = await ask(served, "deltas=3,stall_after=2")
    answers = await show(page, served)
    await expect(answers.get_by_text("w0 w1")).to_be_visible()
    await served.client.post(f"/api/runs/{started['run']['id']}/stop")
    await expect(answers).to_have_attribute("data-status", "stopped")
    await expect(answers.get_by_text("Stopped")).to_be_visible()
    await expect(answers.get_by_role("button", name="Continue")).to_be_enabled()


async def test_a_message_is_deleted_and_comes_back(page: Page, served: Served) -> None:
    await ask(served, text="Forget this")
    await show(page, served)
    mine = page.get_by_role("article", name="You")
    await mine.get_by_role("button", name="Delete").click()
    await page.get_by_role("alertdialog").get_by_role("button", name="Delete").click()
    await expect(mine).to_have_count(0)
    await becomes(lambda: count(served), 1)
    await page.get_by_role("button", name="Undo").click()
    await expect(mine).to_contain_text("Forget this")
    await becomes(lambda: count(served), 2)


async def test_the_end_is_followed_until_one_lets_go(page: Page, served: Served) -> None:
    await page.set_viewport_size({"width": 800, "height": 400})
    await ask(served, "never_ending=1,delay_ms=4,size=60")
    answers = await show(page, served)
    await expect(answers.get_by_text("w20.")).to_be_attached()
    await page.evaluate(AT_END)
    down = page.get_by_role("button", name="To the latest message")
    await expect(down).to_have_count(0)
    # The page's own last step down may be told of after the first one up.
    await page.evaluate("""() => {
      const scroller = document.querySelector('[data-scroller]')
      scroller.dispatchEvent(new WheelEvent('wheel', { deltaY: -1 }))
      scroller.dispatchEvent(new Event('scroll'))
    }""")
    await expect(down).to_be_visible()
    await page.mouse.move(400, 150)
    await page.mouse.wheel(0, -60)
    await expect(down).to_be_visible()
    await expect(answers.get_by_text("w200.")).to_be_attached()
    assert await page.evaluate(FROM_END) > 200
    await down.click()
    await expect(down).to_have_count(0)
    await page.evaluate(AT_END)
    await page.keyboard.press("PageUp")
    await expect(down).to_be_visible()
    await settled(page)
    await page.keyboard.press("End")
    await expect(down).to_have_count(0)


async def test_older_messages_come_without_a_jump(page: Page, served: Served) -> None:
    await fill(served, 400)
    held: list[Route] = []

    async def hold(route: Route) -> None:
        held.append(route)
        if len(held) > 1:
            await route.continue_()

    await page.route("**/messages?before=*", hold)
    await show(page, served)
    await expect(page.get_by_text("message 399.")).to_be_in_viewport()
    scroller = page.get_by_role("region", name="Messages")
    await scroller.evaluate("(scroller) => { scroller.scrollTop = 0 }")
    await expect(page.get_by_text("message 350.")).to_be_in_viewport()
    await until(lambda: held)
    await scroller.evaluate("(scroller) => { scroller.scrollTop = 333 }")
    await settled(page)
    before = await page.evaluate(TOP)
    await held[0].continue_()
    await expect(page.get_by_text("Loading older messages…")).to_have_count(0)
    await settled(page)
    assert await page.evaluate(TOP) == before
    await scroller.focus()
    await page.keyboard.press("PageUp")
    await expect(page.get_by_text("message 349.")).to_be_in_viewport()


async def test_one_comes_back_to_where_one_was(page: Page, served: Served) -> None:
    await fill(served, 400)
    await show(page, served)
    scroller = page.get_by_role("region", name="Messages")
    await expect(page.get_by_text("message 399.")).to_be_in_viewport()
    await settled(page)
    await scroller.evaluate("(scroller) => { scroller.scrollTop = 0 }")
    await expect(page.get_by_text("message 345.")).to_be_attached()
    await scroller.evaluate("(scroller) => { scroller.scrollTop -= 3333 }")
    await settled(page)
    before = await page.evaluate(TOP)
    assert before[0] < "m00340"
    for go in (page.reload, lambda: page.goto(served.url)):
        await go()
        await show(page, served)
        await expect(scroller).to_be_visible()
        await settled(page)
        after = await page.evaluate(TOP)
        assert after[0] == before[0]
        assert abs(after[1] - before[1]) <= 2


async def test_what_one_has_in_hand_is_kept(page: Page, served: Served) -> None:
    await fill(served, 100)
    await show(page, served)
    await expect(page.get_by_text("message 99.")).to_be_in_viewport()
    mine = page.get_by_role("article", name="You").last
    await mine.hover()
    await mine.get_by_role("button", name="Edit").click()
    await mine.get_by_role("textbox").fill("Said differently")
    await settled(page)  # the box is smaller now, and all above it lower
    await page.get_by_text("message 97.").click(click_count=3)
    assert "message 97." in await page.evaluate("getSelection().toString()")
    scroller = page.get_by_role("region", name="Messages")
    await scroller.evaluate("(scroller) => { scroller.scrollTop = 0 }")
    # Older ones have come, and all rows have other numbers.
    await expect(page.get_by_text("message 45.")).to_be_attached()
    await expect(page.get_by_text("message 90.")).to_have_count(0)
    assert "message 97." in await page.evaluate("getSelection().toString()")
    await page.get_by_role("button", name="To the latest message").click()
    await expect(mine.get_by_role("textbox")).to_have_value("Said differently")


REFUSED = """(sessionId) => new Promise((resolve, reject) => {
  const request = indexedDB.open('squid-outbox')
  request.onupgradeneeded = () => request.result.createObjectStore('entries')
  request.onerror = reject
  request.onsuccess = () => {
    const id = 'local.assistant.01912345-6789-7abc-8def-0123456789ab'
    const entry = {
      v: 1, id, sessionId, newSession: null, content: 'Too much', attachments: [], model: null,
      state: 'refused', createdAt: 1, problem: {
        code: 'too-large', detail: 'It is too large.', hint: 'Make it shorter.',
      },
    }
    const change = request.result.transaction('entries', 'readwrite')
    change.objectStore('entries').put(entry, id)
    change.oncomplete = () => { request.result.close(); resolve() }
  }
})"""


async def test_what_was_refused_says_why_and_what_to_do(page: Page, served: Served) -> None:
    await ask(served)
    await page.evaluate(REFUSED, "s")
    await show(page, served)
    waits = page.get_by_role("list", name="Waiting to be sent").get_by_role("listitem")
    await expect(waits).to_contain_text("It is too large. Make it shorter.")
    await expect(waits.get_by_role("button", name="Remove")).to_be_visible()
    await waits.get_by_role("button", name="Send again").click()
    mine = page.get_by_role("article", name="You").filter(has_text="Too much")
    await expect(mine).to_have_attribute("data-status", "complete")
    await expect(waits).to_have_count(0)
    assert [one["content"] for one in await said(served)][2] == "Too much"


async def test_a_session_in_the_trash_is_restored(
    context: BrowserContext, served: Served, faults: Faults
) -> None:
    faults.expect_status(404)
    await ask(served)
    await served.client.delete("/api/sessions/s")
    # One of its own, as Chromium calls a 404 an error.
    page = await context.new_page()
    await show(page, served)
    await page.get_by_role("button", name="Restore").click()
    await expect(page.get_by_role("article", name="You")).to_be_visible()
