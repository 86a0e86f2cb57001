"""Writing: keys, drafts, the queue, the pickers."""

from __future__ import annotations

import json
import re

from playwright.async_api import Locator, Page, Route, expect

from tests.conftest import becomes
from tests.web.conftest import Served


def box(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Message")


def waiting(page: Page) -> Locator:
    return page.get_by_role("list", name="Waiting to be sent").get_by_role("listitem")


async def session(page: Page, served: Served, id_: str = "s", script: str = "deltas=2") -> None:
    """A new session, opened."""
    await served.client.post("/api/sessions", json={"id": id_, "model": f"script:{script}"})
    await page.goto(f"{served.url}/sessions/{id_}")
    await expect(page.get_by_role("button", name="Model: script:")).to_be_enabled()


async def asked(served: Served, id_: str = "s") -> list[str]:
    messages = (await served.client.get(f"/api/sessions/{id_}")).json()["messages"]
    return [one["content"] for one in messages if one["role"] == "user"]


async def setting(served: Served, url: str, name: str) -> object:
    return (await served.client.get(url)).json()["session"][name]


async def test_enter_sends_and_begins_a_session(page: Page, served: Served) -> None:
    await expect(box(page)).to_be_focused()
    await expect(page.get_by_role("button", name="Send")).to_be_disabled()
    await page.keyboard.press("Enter")
    await page.keyboard.type("one")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("two")
    await expect(box(page)).to_have_value("one\ntwo")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("/sessions/[0-9a-f-]{36}$"))
    await expect(box(page)).to_have_value("")
    await expect(box(page)).to_be_focused()
    await expect(page.get_by_text("w0 w1 w2 w3 w4")).to_be_visible()
    assert await asked(served, page.url.rpartition("/")[2]) == ["one\ntwo"]
    await page.go_back()
    await expect(page).to_have_url(f"{served.url}/")
    await expect(box(page)).to_have_value("")


async def test_enter_breaks_where_it_was_set_so(page: Page, served: Served) -> None:
    await page.evaluate("localStorage['squid.settings'] = JSON.stringify({enter: 'break'})")
    await session(page, served)
    await box(page).press_sequentially("one\ntwo")
    await expect(box(page)).to_have_value("one\ntwo")
    await box(page).press("Control+Enter")
    await expect(page.get_by_text("w0 w1")).to_be_visible()
    assert await asked(served) == ["one\ntwo"]


async def test_an_input_method_has_its_enter(page: Page, served: Served) -> None:
    await session(page, served)
    await box(page).focus()
    cdp = await page.context.new_cdp_session(page)
    word = {"text": "にほん", "selectionStart": 3, "selectionEnd": 3}
    await cdp.send("Input.imeSetComposition", word)
    await expect(box(page)).to_have_value("にほん")
    # As Chromium and Firefox tell of it, and as Safari does: after the composition.
    for composing in ("true", "false"):
        await box(page).evaluate(
            "(box, composing) => box.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter',"
            " keyCode: 229, isComposing: composing === 'true', bubbles: true}))",
            composing,
        )
    await cdp.send("Input.insertText", {"text": "日本"})
    await expect(box(page)).to_have_value("日本")
    assert await asked(served) == []
    await box(page).press("Enter")
    await expect(page.get_by_text("w0 w1")).to_be_visible()
    assert await asked(served) == ["日本"]


async def test_it_grows_with_its_text_and_then_scrolls(page: Page, served: Served) -> None:
    async def height() -> float:
        found: float = await box(page).evaluate("box => box.clientHeight")
        return found

    one = await height()
    await box(page).fill("a\nb\nc")
    three = await height()
    assert one * 2 < three < one * 3.5
    await box(page).fill("\n" * 200)
    assert await height() < 0.45 * 720
    await box(page).fill("")
    assert await height() == one


async def test_each_session_has_its_draft(page: Page, served: Served) -> None:
    await session(page, served, "a")
    await box(page).fill("to a")
    await session(page, served, "b")
    await expect(box(page)).to_have_value("")
    await box(page).fill("to b")
    await page.goto(f"{served.url}/sessions/a")
    await expect(box(page)).to_have_value("to a")
    await page.reload()
    await expect(box(page)).to_have_value("to a")
    await page.goto(f"{served.url}/sessions/b")
    await expect(box(page)).to_have_value("to b")


async def test_what_is_written_meanwhile_waits_and_can_be_taken_back(
    page: Page, served: Served
) -> None:
    await session(page, served, script="stall_after=2")
    await box(page).fill("now")
    await box(page).press("Enter")
    stop = page.get_by_role("button", name="Stop")
    await expect(stop).to_be_visible()
    for text in ("first", "second", "third", "fourth"):
        await box(page).fill(text)
        await box(page).press("Enter")
    await expect(waiting(page)).to_contain_text(["first", "second", "third", "fourth"])
    # Edited, it comes in front of what is written.
    await box(page).fill("more")
    await waiting(page).nth(1).get_by_role("button", name="Edit").click()
    await expect(box(page)).to_have_value("second\n\nmore")
    await expect(box(page)).to_be_focused()
    await box(page).fill("")
    # Removed, it can be had again.
    await waiting(page).nth(1).get_by_role("button", name="Remove").click()
    await expect(waiting(page)).to_contain_text(["first", "fourth"])
    await page.get_by_role("button", name="Undo").click()
    await expect(waiting(page)).to_contain_text(["first", "fourth", "third"])
    # Up, in an empty box, is the last one.
    await box(page).press("ArrowUp")
    await expect(box(page)).to_have_value("third")
    await served.client.patch("/api/sessions/s", json={"model": "script:deltas=1"})
    await box(page).press("Escape")
    await expect(waiting(page)).to_have_count(0)
    await expect(stop).to_have_count(0)
    await becomes(lambda: asked(served), ["now", "first", "fourth"])
    await expect(box(page)).to_have_value("third")


async def test_a_model_is_chosen_or_named(page: Page, served: Served) -> None:
    """For a new session, and for one that is there."""
    await page.get_by_role("button", name="Model: script:deltas=5").click()
    await page.get_by_role("option", name="Claude Opus 5.5").click()
    await expect(page.get_by_role("button", name="Model: Claude Opus 5.5")).to_be_visible()
    await expect(box(page)).to_be_focused()
    await page.reload()
    await page.get_by_role("button", name="Model: Claude Opus 5.5").click()
    await expect(page.get_by_role("combobox")).to_be_focused()
    await page.keyboard.type("script:deltas=1")
    await page.get_by_role("option", name="Use “script:deltas=1”").click()
    await box(page).fill("Hello")
    await box(page).press("Enter")
    await expect(page.get_by_text("w0", exact=True)).to_be_visible()
    url = f"/api/sessions/{page.url.rpartition('/')[2]}"
    assert await setting(served, url, "model") == "script:deltas=1"

    # Its own model is in the list, which does not know it.
    await page.get_by_role("button", name="Model: script:deltas=1").click()
    await expect(page.get_by_role("option", name="script:deltas=1")).to_be_visible()
    await page.get_by_role("option", name="Default").click()
    await expect(page.get_by_role("button", name="Model: script:deltas=5")).to_be_visible()
    await becomes(lambda: setting(served, url, "model"), None)


async def test_a_model_can_be_named_where_none_are_told(page: Page, served: Served) -> None:
    hint = "Start it."
    problem = {"type": "urn:squid:error:provider-unreachable", "detail": "Away.", "hint": hint}
    # A refusal is a line of the browser's console, which is no error of the page's.
    await page.add_init_script(
        f"""const fetched = window.fetch
        const said = {json.dumps(json.dumps(problem))}
        window.fetch = (request, ...more) =>
          (request.url ?? request).endsWith('/api/models')
            ? Promise.resolve(new Response(said, {{status: 502}})) : fetched(request, ...more)"""
    )
    await page.reload()
    await page.get_by_role("button", name="Model: script:deltas=5").click()
    await expect(page.get_by_text("Away.")).to_be_visible()
    await expect(page.get_by_text(hint)).to_be_visible()
    await page.keyboard.type("mine")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Model: mine")).to_be_visible()


async def test_a_system_prompt_is_set_and_unset(page: Page, served: Served) -> None:
    prompt = page.get_by_role("button", name="System prompt")
    dialog = page.get_by_role("dialog", name="System prompt")
    await prompt.click()
    await expect(dialog.get_by_role("textbox")).to_be_focused()
    await page.keyboard.type("Be brief.")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_have_count(0)
    await expect(box(page)).to_be_focused()
    await page.keyboard.type("Hello")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("w0 w1")).to_be_visible()
    url = f"/api/sessions/{page.url.rpartition('/')[2]}"
    assert await setting(served, url, "system") == "Be brief."

    await prompt.click()
    await expect(dialog.get_by_role("textbox")).to_have_value("Be brief.")
    await dialog.get_by_role("button", name="Use the default").click()
    await expect(dialog).to_have_count(0)
    await becomes(lambda: setting(served, url, "system"), None)


async def test_a_message_too_long_for_the_server_is_kept(page: Page, served: Served) -> None:
    async def small(route: Route) -> None:
        answer = await route.fetch()
        said = await answer.json()
        said["limits"]["max_body_bytes"] = 10_000
        await route.fulfill(response=answer, json=said)

    await page.route("**/api/server", small)
    await session(page, served)
    await box(page).fill("é" * 3_000)
    await box(page).press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("This message is too long: 6 kB")
    await expect(box(page)).to_have_value("é" * 3_000)
    await box(page).fill("é" * 2_000)
    await box(page).press("Enter")
    await expect(page.get_by_text("w0 w1")).to_be_visible()
    assert await asked(served) == ["é" * 2_000]


async def test_shift_and_escape_stops_nothing(page: Page, served: Served) -> None:
    """It goes to the text box from anywhere, and so from the box itself."""
    await session(page, served, script="deltas=3,stall_after=2")
    await box(page).fill("Hello")
    await box(page).press("Enter")
    await expect(page.get_by_text("w0 w1")).to_be_visible()
    stops: list[str] = []
    page.on("request", lambda one: one.url.endswith("/stop") and stops.append(one.url))
    await box(page).press("Shift+Escape")
    await expect(page.get_by_role("button", name="Stop")).to_be_enabled()
    assert stops == []
    await box(page).press("Escape")
    await expect(page.get_by_role("button", name="Continue")).to_be_visible()
