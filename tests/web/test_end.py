"""At the end of a conversation: what opens there stays under one's hand, and only what goes up
lets go of it."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, Page, expect

from tests.web.conftest import PHONE, Profiles, Served
from tests.web.gate import Gate
from tests.web.seeds import PARAGRAPH, Turn, assistant, conversation, seed, user
from tests.web.sight import (
    answered,
    answers,
    complete,
    questions,
    still,
    to_end,
    top_of,
    write,
)

LONG = "\n\n".join(f"Part {number}. {PARAGRAPH}" for number in range(30))
LINES = "\n".join(f"row {number}" for number in range(200))
CALL = {"id": "toolu_1", "name": "look", "input": '{"a": 1}', "result": LINES}
SLOWLY = "script:deltas=50,size=150,delay_ms=30"
DETAILS = f"The answer.\n\n<details>\n<summary>More of it</summary>\n\n{LONG}\n\n</details>"
CODE = "```\n" + "wide code " * 40 + "\n```"


def tool() -> Turn:
    return {"role": "tool", "content": "", "tool": CALL}


async def show(page: Page, served: Served, *turns: Turn) -> None:
    """A session with a long answer and these behind it, opened at its end."""
    turns = (user("Before"), assistant(LONG), *turns)
    (session_id,) = await seed(served.client, conversation("The end", turns))
    await page.goto(f"{served.url}/sessions/{session_id}")
    await expect(page.get_by_role("list", name="Conversation")).to_be_visible()
    assert await to_end(page) <= 2


def down(page: Page) -> Locator:
    return page.get_by_role("button", name="To the latest message")


async def top(page: Page, what: Locator) -> float:
    await still(page)
    box = await what.bounding_box()
    assert box is not None
    return box["y"]


OPENS = {
    "reasoning": ([user("And?"), assistant("Short.", reasoning=LONG)], "Reasoning"),
    "details": ([user("And?"), assistant(DETAILS)], "More of it"),
    "question": ([user(LINES), assistant("Short.")], "Show more"),
    "tool": ([user("And?"), assistant("Look."), tool(), assistant("Seen.")], "Tool: look"),
}


@pytest.mark.parametrize("name", OPENS)
@pytest.mark.parametrize("context", [{"viewport": {"width": 1000, "height": 700}}], indirect=True)
async def test_what_opens_stays_where_it_is(page: Page, served: Served, name: str) -> None:
    turns, label = OPENS[name]
    await show(page, served, *turns)
    pressed = page.get_by_text(label, exact=True)
    # What one reads of a question is above the button that shows the rest.
    anchor = page.get_by_text("row 0") if name == "question" else pressed
    before = await top(page, anchor)
    await pressed.click()
    assert await to_end(page) > 10, "it has opened"
    assert await top(page, anchor) == pytest.approx(before, abs=2)
    await expect(down(page)).to_be_visible()
    closes = page.get_by_text("Show less") if name == "question" else pressed
    await closes.click()
    await still(page)
    assert await to_end(page) <= 2, "it ends where it did"
    await expect(down(page)).to_have_count(0)


async def test_what_closes_stays_under_the_pointer(page: Page, served: Served) -> None:
    """The button is behind what it closes."""
    await show(page, served, user(LINES), assistant(LONG))
    await page.get_by_role("button", name="Show more").click()
    less = page.get_by_role("button", name="Show less")
    await less.scroll_into_view_if_needed()
    before = await top(page, less)
    await less.click()
    more = page.get_by_role("button", name="Show more")
    assert await top(page, more) == pytest.approx(before, abs=2)


async def test_what_opens_below_the_edge_is_shown(page: Page, served: Served) -> None:
    await show(page, served, user("And?"), assistant("Short."))
    await answers(page).last.get_by_role("button", name="Details").click()
    await still(page)
    await expect(page.get_by_text("claude-sonnet-5-5")).to_be_in_viewport(ratio=1)
    assert await to_end(page) <= 2
    await expect(down(page)).to_have_count(0)


async def test_a_growing_answer_leaves_what_was_opened_in_it(
    page: Page, served: Served, gate: Gate
) -> None:
    gate.hold_at('"w40')
    model = "script:deltas=200,thinking=200,size=150"
    (session_id,) = await seed(served.client, conversation("Live", [], model=model))
    body = {"message": {"content": "Count, please."}}
    await served.client.post(f"/api/sessions/{session_id}/messages", json=body)
    await page.goto(f"{served.url}/sessions/{session_id}")
    await expect(answers(page).last).to_contain_text("w40.")
    assert await to_end(page) <= 2
    reasoning = page.get_by_role("button", name="Reasoning")
    await reasoning.scroll_into_view_if_needed()
    before = await top(page, reasoning)
    await reasoning.click()
    assert await top(page, reasoning) == pytest.approx(before, abs=2)
    gate.open()
    await answered(page)
    assert await top(page, reasoning) == pytest.approx(before, abs=2)


async def test_a_swipe_to_the_side_does_not_let_go(profiles: Profiles, served: Served) -> None:
    context = await profiles(**PHONE)
    page = await context.new_page()
    await show(page, served, user("And?"), assistant(CODE))
    cdp = await context.new_cdp_session(page)

    async def swipe(right: float, downward: float) -> None:
        box = await page.locator("pre").last.bounding_box()
        assert box is not None
        x, y = box["x"] + 250, box["y"] + 15
        for step in range(15):
            at = {"x": x + right * step / 14, "y": y + downward * step / 14}
            kind = "touchMove" if step else "touchStart"
            await cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [at]})
        await cdp.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        await still(page)

    await swipe(-140, 4)
    moved = "[...document.querySelectorAll('pre')].at(-1).parentElement.scrollLeft"
    assert await page.evaluate(f"Math.max({moved}, document.querySelector('pre').scrollLeft)") > 0
    await expect(down(page)).to_have_count(0)
    await swipe(0, 200)
    await expect(down(page)).to_be_visible()


async def test_keys_go_to_what_scrolls_by_itself(page: Page, served: Served) -> None:
    await show(page, served, user("And?"), assistant("Look."), tool(), user("So?"), assistant(LONG))
    scroller = page.get_by_role("region", name="Messages")
    await scroller.focus()
    await page.keyboard.press("Home")
    await page.evaluate("sight.still()")
    await page.get_by_role("button", name="Tool: look").click()
    result = page.locator("pre").filter(has_text="row 199")
    await result.focus()
    await still(page)
    before = await page.evaluate("sight.scroller().scrollTop")
    await page.keyboard.press("End")
    await expect(result).not_to_have_js_property("scrollTop", 0)
    await still(page)
    assert await page.evaluate("sight.scroller().scrollTop") == before
    await down(page).click()
    await expect(down(page)).to_have_count(0)


async def test_keys_with_another_one_are_not_the_lists(page: Page, served: Served) -> None:
    await show(page, served, user("And?"), assistant(LONG))
    scroller = page.get_by_role("region", name="Messages")
    await scroller.focus()
    # The newest session has none before it.
    await page.keyboard.press("Alt+ArrowUp")
    await still(page)
    await expect(down(page)).to_have_count(0)
    await page.keyboard.press("PageUp")
    await expect(down(page)).to_be_visible()
    await still(page)
    taken = await scroller.evaluate("""(scroller) => !scroller.dispatchEvent(
      new KeyboardEvent('keydown', {key: 'End', shiftKey: true, bubbles: true, cancelable: true})
    )""")
    assert not taken, "it makes a selection longer"
    assert await top_of(page, "Part 29.") is not None
    await expect(questions(page)).not_to_have_count(0)


async def test_an_answer_without_a_word_says_so(page: Page, served: Served) -> None:
    await show(
        page,
        served,
        *(user("One"), assistant("", stop_reason="end_turn")),
        *(user("Two"), assistant("", stop_reason="refusal")),
        *(user("Three"), assistant("", reasoning="Hm.", stop_reason="end_turn")),
    )
    none = "The model answered nothing."
    await expect(answers(page).nth(-3)).to_contain_text(none)
    await expect(answers(page).nth(-2)).to_contain_text("The model declined to answer.")
    last = answers(page).last
    await expect(last).to_contain_text(none)
    await expect(last.get_by_role("button", name="Try again", exact=True)).to_be_visible()
    # How long it thought is not known here, and not spoken of.
    await expect(last).not_to_contain_text("Thought")


async def test_each_answer_is_followed(page: Page, served: Served) -> None:
    """The second one as well, whose rows are not as high as they were taken to be."""
    made = await served.client.post("/api/sessions", json={"model": SLOWLY})
    await page.goto(f"{served.url}/sessions/{made.json()['id']}")
    for number in range(3):
        await write(page, f"Question {number}")
        await expect(answers(page).nth(number)).to_contain_text("w20.")
        await complete(answers(page).nth(number))
        # It ended more than a screen above, and offered the way down.
        await expect(down(page)).to_have_count(0)
        assert await to_end(page) <= 40
