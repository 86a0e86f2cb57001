"""Files of a message: by button, paste and drop; refused, waiting, sent."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator, Page, Route, expect

from tests.web.conftest import Served
from tests.web.faults import Faults
from tests.web.seeds import conversation, seed, user
from tests.web.test_composer import box, session

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)


def files(page: Page) -> Locator:
    return page.get_by_role("list", name="Attached files").get_by_role("listitem")


def file(name: str, content: bytes = b"High water", type_: str = "text/plain") -> Any:
    return {"name": name, "mimeType": type_, "buffer": content}


async def choose(page: Page, *chosen: Any) -> None:
    async with page.expect_file_chooser() as chooser:
        await page.get_by_role("button", name="Attach files").click()
    await (await chooser.value).set_files(list(chosen))


async def bring(page: Page, event: str, name: str, content: bytes, type_: str) -> None:
    """Paste or drop a file."""
    given = [event, name, base64.b64encode(content).decode(), type_]
    await box(page).evaluate(
        """(box, [type, name, content, kind]) => {
          const data = new DataTransfer()
          const bytes = Uint8Array.from(atob(content), sign => sign.charCodeAt(0))
          data.items.add(new File([bytes], name, {type: kind}))
          const options = {bubbles: true, cancelable: true}
          if (type === 'paste')
            box.dispatchEvent(new ClipboardEvent(type, {...options, clipboardData: data}))
          else
            document.getElementById('main')
              .dispatchEvent(new DragEvent(type, {...options, dataTransfer: data}))
        }""",
        given,
    )


async def sent(served: Served, id_: str = "s") -> list[str]:
    messages = (await served.client.get(f"/api/sessions/{id_}")).json()["messages"]
    return [one["name"] for message in messages for one in message["files"]]


async def test_they_come_by_button_paste_and_drop(page: Page, served: Served) -> None:
    await session(page, served)
    await choose(page, file("tides.txt"))
    await bring(page, "paste", "image.png", PNG, "image/png")
    await bring(page, "dragover", "more.md", b"# More", "text/markdown")
    await expect(page.get_by_text("Drop files to attach them")).to_be_visible()
    await bring(page, "drop", "more.md", b"# More", "text/markdown")
    await expect(page.get_by_text("Drop files to attach them")).to_have_count(0)
    await expect(files(page)).to_contain_text(["tides.txt", "image.png", "more.md"])
    await expect(files(page).nth(1).locator("img")).to_have_js_property("naturalWidth", 1)
    await expect(page.get_by_text("3 of 3 files uploaded")).to_be_attached()
    # They outlive the page, and one is enough to send.
    await page.reload()
    await expect(files(page)).to_contain_text(["tides.txt", "image.png", "more.md"])
    await page.get_by_role("button", name="Remove image.png").click()
    await expect(box(page)).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(files(page)).to_have_count(0)
    await expect(page.get_by_text("w0 w1")).to_be_visible()
    assert await sent(served) == ["tides.txt", "more.md"]


async def test_what_cannot_be_sent_is_refused_before_it_is_uploaded(
    page: Page, served: Served, tmp_path: Path
) -> None:
    await session(page, served)
    uploads: list[str] = []
    page.on("request", lambda one: one.method == "POST" and uploads.append(one.url))
    refused = page.get_by_role("alert")
    await choose(page, file("none.txt", b""), file("a.zip", b"PK\3\4\0\0", "application/zip"))
    await expect(refused).to_contain_text(["“none.txt” is empty", "cannot read “a.zip”"])
    await choose(page, file("old.txt", "naïve".encode("latin-1")))
    await expect(refused).to_contain_text(["Save it as UTF-8"])
    await choose(page, file("photo.heic", b"\0\0\0\x18ftypheic", "image/heic"))
    await expect(refused).to_contain_text(["Save it as JPEG or PNG"])
    big = tmp_path / "big.txt"
    with big.open("wb") as out:
        out.truncate(32 * 1024 * 1024 + 1)
    await choose(page, big)
    await expect(refused).to_contain_text(["“big.txt” is too large"])
    assert uploads == []
    await choose(page, *(file(f"{i}.txt", b"%d" % i) for i in range(12)))
    await expect(refused).to_contain_text(["Not attached: 10.txt, 11.txt"])
    await expect(files(page)).to_have_count(10)
    await page.get_by_role("button", name="Dismiss").click()
    await expect(refused).to_have_count(0)


async def test_what_the_server_refuses_is_said_at_the_file(page: Page, served: Served) -> None:
    await session(page, served)
    answers = iter((422, None))

    async def refuse(route: Route) -> None:
        if next(answers) is None:
            return await route.fallback()
        body = json.dumps({"type": "urn:squid:error:too-large", "detail": "Much.", "hint": "Less."})
        # As an answer that is no error in the browser's console.
        return await route.fulfill(status=200, body=body)

    await page.route("**/api/files", refuse)
    await choose(page, file("tides.txt"))
    await expect(files(page).get_by_role("alert")).to_be_visible()
    await box(page).press("Enter")
    await expect(page.get_by_text("A file could not be uploaded")).to_be_visible()
    await files(page).get_by_role("button", name="Try again").click()
    await expect(page.get_by_text("1 of 1 files uploaded")).to_be_attached()
    await box(page).press("Enter")
    await expect(page.get_by_text("w0 w1")).to_be_visible()
    assert await sent(served) == ["tides.txt"]


async def test_a_slow_upload_shows_how_far_it_is_and_is_sent_all_the_same(
    page: Page, served: Served
) -> None:
    await session(page, served)
    cdp = await page.context.new_cdp_session(page)
    line = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 40_000}
    await cdp.send("Network.enable")
    await cdp.send("Network.emulateNetworkConditions", line)
    await choose(page, file("long.txt", b"x" * 800_000))
    bar = files(page).get_by_role("progressbar", name="Uploading long.txt")
    await expect(bar).to_have_attribute("aria-valuenow", re.compile("[1-9]"))
    await box(page).fill("With it")
    await box(page).press("Enter")
    await expect(files(page)).to_have_count(0)
    await expect(page.get_by_role("list", name="Waiting to be sent")).to_contain_text("With it")
    await cdp.send("Network.emulateNetworkConditions", {**line, "uploadThroughput": -1})
    await expect(page.get_by_text("w0 w1")).to_be_visible()
    assert await sent(served) == ["long.txt"]


PASTE = """(box, size) => {
  const data = new DataTransfer()
  data.setData('text/plain', 'x'.repeat(size))
  const event = new ClipboardEvent('paste', {clipboardData: data, bubbles: true,
    cancelable: true})
  const begun = performance.now()
  box.dispatchEvent(event)
  return performance.now() - begun
}"""


async def test_a_long_paste_becomes_a_file(page: Page, served: Served) -> None:
    """And five million signs do not hold up the page."""
    await session(page, served)
    assert await box(page).evaluate(PASTE, 5_000_000) < 5_000
    await expect(files(page)).to_contain_text(["Pasted text.txt"])
    await page.get_by_role("button", name="Remove Pasted text.txt").click()
    await box(page).evaluate(PASTE, 30_000)
    await expect(files(page)).to_have_count(1)
    await page.get_by_role("button", name="Insert as text").click()
    await expect(files(page)).to_have_count(0)
    await expect(box(page)).to_have_value("x" * 30_000)


async def test_a_long_paste_becomes_text_where_it_was_pasted(page: Page, served: Served) -> None:
    """Also after one has gone to another session."""
    await seed(served.client, conversation("Another", [user("Hello")]))
    await session(page, served)
    await box(page).fill("See this:")
    await box(page).evaluate(PASTE, 30_000)
    await expect(page.get_by_text("1 of 1 files uploaded")).to_be_attached()
    await page.get_by_role("link", name="Another").click()
    await expect(page.get_by_role("article", name="You")).to_be_visible()
    await page.get_by_role("button", name="Insert as text").click()
    await expect(box(page)).to_have_value("")
    await page.go_back()
    await expect(box(page)).to_have_value("See this:\n\n" + "x" * 30_000)
    await expect(files(page)).to_have_count(0)


async def test_a_capital_letter_does_not_ask_for_text(page: Page, served: Served) -> None:
    await session(page, served)
    await box(page).press("Shift+V")
    await box(page).evaluate(PASTE, 30_000)
    await expect(files(page)).to_have_count(1)
    await box(page).press("Control+Shift+V")
    await box(page).evaluate(PASTE, 30_000)
    await expect(page.get_by_text("1 of 1 files uploaded")).to_be_attached()
    await expect(files(page)).to_have_count(1)


@pytest.mark.parametrize("path", ["/archive", "/trash", "/sessions/there-is-none"])
async def test_a_file_that_nobody_takes_does_not_open(
    page: Page, served: Served, faults: Faults, path: str
) -> None:
    """The browser would leave the page for it."""
    faults.expect_status(404)
    await page.goto(served.url + path)
    await expect(page.get_by_role("main").get_by_role("heading").first).to_be_visible()
    for kind in ("dragover", "drop"):
        stayed = await page.get_by_role("main").evaluate(
            """(main, kind) => {
              const data = new DataTransfer()
              data.items.add(new File(['x'], 'x.txt'))
              const options = {bubbles: true, cancelable: true, dataTransfer: data}
              return !main.dispatchEvent(new DragEvent(kind, options))
            }""",
            kind,
        )
        assert stayed, kind
    await expect(page.get_by_text("Drop files to attach them")).to_have_count(0)


async def test_a_picture_that_is_gone_says_so(page: Page, served: Served, faults: Faults) -> None:
    faults.expect_status(404)
    await session(page, served)
    await choose(page, file("גאות.png", PNG, "image/png"))
    await expect(page.get_by_text("1 of 1 files uploaded")).to_be_attached()
    await box(page).press("Enter")
    await expect(page.get_by_text("w0 w1")).to_be_visible()
    attached = page.get_by_role("list", name="Files of this message")
    await expect(attached.get_by_role("button")).to_be_visible()
    await page.route("**/api/files/*/content", lambda route: route.fulfill(status=404))
    await page.reload()
    await expect(attached).to_contain_text("This picture cannot be shown.")
    await expect(attached.get_by_role("button")).to_have_count(0)
    # A name that runs the other way turns nothing round but itself.
    await expect(attached.locator("bdi")).to_have_text("גאות.png")
