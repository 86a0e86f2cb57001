"""An answer says in its text which source it has from where."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from squid.ids import new_id, now
from tests.web.conftest import PHONE, Served
from tests.web.gate import Gate
from tests.web.seeds import assistant, conversation, seed, user
from tests.web.sight import answers

LOG = "12 Oct: dense crumb.\n2 Nov: the best so far.\n"
ANSWER = "The second loaf was **the best**, as the log says.\n\nIt says so: the best so far."
HEBREW = "הכיכר השנייה הייתה הטובה ביותר, כפי שכתוב ביומן."


def cited(text: str, words: str, **source: Any) -> dict[str, Any]:
    """A source that is cited behind the first `words` of `text`."""
    return {"text": "", "position": text.index(words) + len(words), **source}


async def show(page: Page, served: Served, text: str, sources: list[dict[str, Any]]) -> Locator:
    """An answer with these sources, of which one that has no address is in a file."""
    content = LOG.encode()
    sha256, file_id = hashlib.sha256(content).hexdigest(), new_id()
    place = {"file_id": file_id, "unit": "char", "start": 28, "end": 44, "text": LOG[28:44]}
    turns = [
        user("Which was the best?", files=[file_id]),
        assistant(text, sources=[one if "url" in one else {**one, **place} for one in sources]),
    ]
    whole = conversation("Loaves", turns)
    whole["contents"] = [{"sha256": sha256, "data": base64.b64encode(content).decode()}]
    file = {"id": file_id, "name": "loaves.md", "media_type": "text/markdown", "sha256": sha256}
    whole["files"] = [{**file, "created_at": now()}]
    session_id, *_ = await seed(served.client, whole)
    await page.goto(f"{served.url}/sessions/{session_id}")
    return answers(page).last


def both(text: str = ANSWER) -> list[dict[str, Any]]:
    web = {"title": "A page", "url": "https://example.org/a"}
    file = {"title": "loaves.md"}
    return [
        cited(text, "the best**", **file),
        cited(text, "log says.", **web),
        cited(text, "so far.", **web),
        cited(text, "so far.", **file),
        cited(text, "so far.", **file),
        {"title": "Somewhere", "url": "https://example.org/b"},
    ]


def marker(shown: Locator, name: str) -> Locator:
    return shown.get_by_label(name, exact=True)


async def test_a_marker_opens_what_the_list_does(page: Page, served: Served) -> None:
    shown = await show(page, served, ANSWER, both())
    in_file = marker(shown, "Source 1: loaves.md")
    await expect(shown.locator("[aria-label^=Source]")).to_have_text(["1", "2", "1", "2"])
    await expect(shown.get_by_role("list", name="Sources").get_by_role("listitem")).to_have_count(3)
    link = shown.get_by_role("link", name="Source 2: A page").first
    await expect(link).to_have_attribute("href", "https://example.org/a")
    await expect(link).to_have_attribute("rel", "noopener noreferrer")
    await link.hover()
    await expect(page.get_by_role("tooltip")).to_have_text("A page")
    await in_file.first.click()
    dialog = page.get_by_role("dialog", name="loaves.md")
    await expect(dialog.locator("mark")).to_have_text("the best so far.")
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)


async def test_a_marker_is_used_by_keyboard(page: Page, served: Served) -> None:
    shown = await show(page, served, ANSWER, both())
    in_file, on_web = marker(shown, "Source 1: loaves.md"), marker(shown, "Source 2: A page")
    await on_web.first.focus()
    await page.keyboard.press("Tab")
    await expect(in_file.last).to_be_focused()
    await expect(in_file.last).to_have_css("outline-style", "solid")
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="loaves.md")
    await expect(dialog.locator("mark")).to_have_text("the best so far.")
    await page.keyboard.press("Escape")
    await expect(in_file.last).to_be_focused()


async def test_markers_are_not_copied(page: Page, served: Served) -> None:
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    shown = await show(page, served, ANSWER, both())
    await expect(marker(shown, "Source 1: loaves.md")).to_have_count(2)
    await shown.locator("p").first.select_text()
    await page.keyboard.press("ControlOrMeta+c")
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == "The second loaf was the best, as the log says."
    await shown.hover()
    await shown.get_by_role("button", name="Copy", exact=True).click()
    await expect(shown.get_by_role("button", name="Copied")).to_be_visible()
    assert await page.evaluate("navigator.clipboard.readText()") == ANSWER


@pytest.mark.parametrize("context", [{}, PHONE], ids=["wide", "phone"], indirect=True)
async def test_a_marker_can_be_hit_and_moves_no_lines(page: Page, served: Served) -> None:
    text = f"{'A line of words. ' * 30}\n\n{'A line of words. ' * 30}"
    source = {"title": "A page", "url": "https://example.org/a"}
    places = [{**source, "position": 4 + 17 * number} for number in range(30)]
    shown = await show(page, served, text, places)
    await expect(shown.locator("[aria-label^=Source]")).to_have_count(30)
    hit = await shown.locator("[aria-label^=Source]").evaluate_all(
        """all => all.map(marker => {
            const { left, top, width, height } = marker.getBoundingClientRect()
            const [x, y] = [left + width / 2, top + height / 2]
            const corners = [[-11.5, -11.5], [11.5, -11.5], [-11.5, 11.5], [11.5, 11.5]]
            marker.scrollIntoView({ block: 'center' })
            const moved = marker.getBoundingClientRect().top - top
            return corners.every(([dx, dy]) =>
                marker.contains(document.elementFromPoint(x + dx, y + dy + moved)))
        })"""
    )
    assert all(hit)
    with_markers, without = await shown.locator("p").evaluate_all(
        """all => all.slice(0, 2).map(one => {
            const lines = new Set()
            const range = document.createRange()
            const walker = document.createTreeWalker(one, NodeFilter.SHOW_TEXT)
            while (walker.nextNode()) {
                if (walker.currentNode.parentElement.closest('[aria-label^=Source]')) continue
                range.selectNodeContents(walker.currentNode)
                for (const { top } of range.getClientRects()) lines.add(Math.round(top))
            }
            return one.getBoundingClientRect().height / lines.size
        })"""
    )
    assert with_markers == pytest.approx(without, abs=0.5)


async def test_a_marker_follows_its_words_from_right_to_left(page: Page, served: Served) -> None:
    source = cited(HEBREW, "ביותר", title="יומן", url="https://example.org/a")
    shown = await show(page, served, HEBREW, [source])
    found = await marker(shown, "Source 1: יומן").evaluate(
        """marker => {
            const rect = (node, from, to) => {
                const range = document.createRange()
                range.setStart(node, from)
                range.setEnd(node, to)
                return range.getBoundingClientRect()
            }
            const place = marker.parentElement
            const before = place.previousSibling, after = place.nextSibling
            const { left, right } = marker.getBoundingClientRect()
            return [rect(after, 0, 1).right, left, right,
                rect(before, before.length - 1, before.length).left]
        }"""
    )
    assert found == sorted(found)


async def test_a_live_answer_has_its_markers_as_they_come(
    page: Page, served: Served, gate: Gate
) -> None:
    gate.hold_at('"As 2')
    file = {"file": ("notes.txt", "Some notes of ours.", "text/plain")}
    uploaded = (await served.client.post("/api/files", files=file)).json()["files"][0]["id"]
    made = await served.client.post("/api/sessions", json={})
    path = f"/api/sessions/{made.json()['id']}/messages"
    message = {"content": "Cite it", "files": [uploaded]}
    model = "script:deltas=3,citations=1"
    await served.client.post(path, json={"message": message, "model": model})
    await page.goto(f"{served.url}/sessions/{made.json()['id']}")
    shown = answers(page).last
    text = shown.locator("p").first
    await expect(text).to_contain_text("As 2 says.")
    await expect(shown).to_have_attribute("data-status", "streaming")
    await expect(text).to_have_text("w0 w1 w2 As 1 says.1 As 2 says.")
    gate.open()
    await expect(shown).to_have_attribute("data-status", "complete")
    await expect(text).to_have_text("w0 w1 w2 As 1 says.1 As 2 says.2")
    await page.reload()
    await expect(text).to_have_text("w0 w1 w2 As 1 says.1 As 2 says.2")
