"""Answers as they are shown: nothing in them runs, loads or leads astray."""

from __future__ import annotations

from functools import partial
from typing import Any

from playwright.async_api import BrowserContext, Locator, Page, Request, expect

from tests.conftest import until_async
from tests.web.conftest import Served
from tests.web.faults import Faults

ECHO = "script:text=echo,size=500"


async def ask(served: Served, session: str, message: dict[str, Any], model: str = ECHO) -> None:
    asked = {"message": message, "model": model}
    response = await served.client.post(f"/api/sessions/{session}/messages", json=asked)
    assert response.status_code == 202


async def ended(served: Served, session: str) -> bool:
    told = (await served.client.get(f"/api/sessions/{session}")).json()
    return told["session"]["live_run_id"] is None


async def answer(page: Page, served: Served, text: str, model: str = ECHO) -> Locator:
    """An answer that says `text`, open in the page."""
    made = await served.client.post("/api/sessions", json={})
    session = made.json()["id"]
    await ask(served, session, {"content": text}, model)
    await page.goto(f"{served.url}/sessions/{session}")
    return page.get_by_role("article", name="Assistant").last


ATTACKS = {
    "script": "<script>window.hacked = 1</script>",
    "handler": '<b onclick="hacked = 1" onmouseover="hacked = 1">bold</b>',
    "picture's handler": '<img src="x" onerror="hacked = 1">',
    "svg": '<svg onload="hacked = 1"><script>hacked = 1</script></svg>',
    "math": '<math><mtext><style><img src=x onerror="hacked = 1"></style></mtext></math>',
    "frame": '<iframe src="https://evil.example/frame" srcdoc="<script>1</script>"></iframe>',
    "object": '<object data="https://evil.example/o"></object><embed src="https://evil.example/e">',
    "link": "[link](javascript:hacked=1)",
    "link in disguise": '<a href="java&#10;script:hacked=1">link</a>',
    "data": "[data](data:text/html,<script>hacked=1</script>)",
    "our own": "[save](/api/export) [save](//evil.example/x)",
    "picture": "![pixel](https://evil.example/pixel.png)",
    "picture in HTML": '<img src="https://evil.example/p.png" srcset="https://evil.example/s 2x">',
    "picture by reference": "![pixel][evil]\n\n[evil]: https://evil.example/reference.png",
    "other pictures": '<picture><source srcset="https://evil.example/picture"></picture>'
    '<video poster="https://evil.example/v" src="https://evil.example/w" autoplay></video>'
    '<audio src="https://evil.example/a" autoplay></audio><table background="https://evil.example/b">'
    '<tr><td>x</td></tr></table><input type="image" src="https://evil.example/i">',
    "style": "<style>body { display: none; background: url(https://evil.example/css) }</style>",
    "style of an element": '<div style="position: fixed; inset: 0; z-index: 99">over it all</div>',
    "class": '<div class="katex-display">x</div>',
    "link element": '<link rel="stylesheet" href="https://evil.example/l">',
    "base": '<base href="https://evil.example/">',
    "meta": '<meta http-equiv="refresh" content="0;url=https://evil.example/m">',
    "form": '<form action="https://evil.example/f"><button>Send</button><input></form>',
    "id": '<div id="root">x</div><a id="main" name="main">y</a>',
    "kept number": '<a data-kept="0" href="javascript:hacked=1">z</a>',
    "formula": r"$$\href{javascript:hacked=1}{x} \includegraphics{https://evil.example/k} "
    r"\htmlStyle{position:fixed}{y}$$",
    "endless formula": r"$$\def\a{\a\a}\a$$",
}


async def test_nothing_in_an_answer_runs_or_asks_another_server(page: Page, served: Served) -> None:
    asked: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith(served.url):
            asked.append(request.url)

    page.on("request", note)
    text = "\n\n".join(f"## {name}\n\n{attack}" for name, attack in ATTACKS.items())
    shown = await answer(page, served, f"{text}\n\nThe end.")
    await expect(shown.get_by_text("The end.")).to_be_visible()
    await expect(shown.locator(".katex").first).to_be_attached()
    forbidden = "script, style, iframe, object, embed, img, picture, source, video, audio, form, "
    forbidden += "link, meta, base, input:not([type=checkbox][disabled]), #root, #main, "
    forbidden += "[onclick], [onerror], [onload], [onmouseover]"
    await expect(shown.locator(forbidden)).to_have_count(0)
    await expect(shown.locator("div[style*=fixed], span[style*=fixed]")).to_have_count(0)
    links = await shown.locator("a").evaluate_all("all => all.map(a => [a.href, a.rel, a.target])")
    assert len(links) == 4  # three pictures, and the address in the style that is only words
    for address, rel, target in links:
        assert address.startswith("https://evil.example/")
        assert (rel, target) == ("noopener noreferrer", "_blank")
    assert await page.evaluate("window.hacked") is None
    assert not asked


async def test_what_cannot_be_read_does_not_take_the_conversation(
    context: BrowserContext, served: Served, faults: Faults
) -> None:
    faults.expect("Maximum call stack")
    # One of its own, as React calls what it catches an error.
    page = await context.new_page()
    shown = await answer(page, served, ">" * 5_000 + "deep")
    await expect(shown).to_contain_text(">" * 5_000 + "deep")
    await expect(page.get_by_role("textbox", name="Message")).to_be_enabled()


async def test_code_is_coloured_and_copied(page: Page, served: Served) -> None:
    code = 'def f(x: int) -> str:\n    return f"{x}"  # a comment\n'
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    shown = await answer(page, served, f"Code:\n\n```py\n{code}```\n\n```nonsense\nplain\n```")
    await expect(shown.locator("pre").first).to_have_text(code.strip())
    await expect(shown.locator("pre span", has_text="# a comment").last).to_have_css(
        "color", "rgb(100, 96, 114)"
    )
    await expect(shown.get_by_text("Python", exact=True)).to_be_visible()
    await shown.get_by_role("button", name="Copy code").first.click()
    await expect(shown.get_by_text("Copied")).to_be_visible()
    assert await page.evaluate("navigator.clipboard.readText()") == code.rstrip("\n")


async def test_code_is_copied_without_a_clipboard_to_ask(page: Page, served: Served) -> None:
    """As under http://192.168.…, where browsers have no `navigator.clipboard`."""
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.add_init_script(
        "const kept = navigator.clipboard;"
        "Object.defineProperty(navigator, 'clipboard', {value: undefined});"
        "window.readIt = () => kept.readText()"
    )
    shown = await answer(page, served, "```\nby hand\n```")
    await shown.get_by_role("button", name="Copy code").click()
    await expect(shown.get_by_text("Copied")).to_be_visible()
    assert await page.evaluate("readIt()") == "by hand"


async def test_code_is_copied_as_it_was_written_wherever_it_stands(
    page: Page, served: Served
) -> None:
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    lines = ["awk '$1 ~ /x$/' file", r"PS1='\[\e[0m\]x'", "echo $$ \\(x\\) <b>"]
    fence = "\n".join(f"    {line}" for line in ("```bash", *lines, "```"))
    shown = await answer(page, served, f"1. Run $x^2$:\n\n{fence}\n\n> ```\n> $a$ <T>\n> ```")
    await expect(shown.locator(".katex")).to_have_count(1)
    await expect(shown.locator("pre").first).to_have_text("\n".join(lines))
    await expect(shown.locator("pre").last).to_have_text("$a$ <T>")
    await shown.get_by_role("button", name="Copy code").first.click()
    await expect(page.get_by_role("status").filter(has_text="Copied")).to_be_attached()
    assert await page.evaluate("navigator.clipboard.readText()") == "\n".join(lines)


async def test_what_cannot_be_copied_is_said(page: Page, served: Served) -> None:
    await page.add_init_script(
        "Object.defineProperty(navigator, 'clipboard', {value: undefined});"
        "document.execCommand = () => false"
    )
    shown = await answer(page, served, "```\ncode\n```")
    failure = page.locator("li", has_text="The browser does not allow copying.")
    await shown.get_by_role("button", name="Copy", exact=True).click()
    await expect(failure).to_have_count(1)
    await shown.get_by_role("button", name="Copy code").click()
    await expect(failure).to_have_count(2)


async def test_what_only_looks_like_html_is_shown_as_it_was_written(
    page: Page, served: Served
) -> None:
    words = "Set <your-api-key>, a Vec<String>, a <title> and <!-- this -->."
    text = f"{words}\n\n<script src=x>\n\nH<sub>2</sub>O, a <select>.\n\nThe **end**"
    # What it stops in, and what it goes on with, are shown alike.
    shown = await answer(page, served, text, "script:text=echo,size=20,stall_after=5")
    await expect(shown.get_by_text(words)).to_be_visible()
    await expect(shown.get_by_text("<script src=x>")).to_be_visible()
    shown = await answer(page, served, text)
    await expect(shown.get_by_text(words)).to_be_visible()
    await expect(shown.get_by_text("<script src=x>")).to_be_visible()
    await expect(shown.get_by_text("H2O, a <select>.")).to_be_visible()
    await expect(shown.locator("sub")).to_have_text("2")
    await expect(shown.locator("strong")).to_have_text("end")


async def test_formulas_are_set_and_prices_are_not(page: Page, served: Served) -> None:
    text = (
        "It costs $5 and $6, or $7-$8; US$9 and `$x$` too.\n\n"
        r"Inline $a^2$ and \(b^2\)." + "\n\n\\[\nc^2\n\\]\n\n$$d^2$$\n\n```\n$e$ \\(f\\)\n```"
    )
    shown = await answer(page, served, text)
    await expect(shown.locator(".katex")).to_have_count(4)
    await expect(shown.locator(".katex-display")).to_have_count(2)
    await expect(shown.get_by_text("It costs $5 and $6, or $7-$8; US$9 and")).to_be_visible()
    await expect(shown.locator("pre")).to_have_text("$e$ \\(f\\)")
    assert await shown.locator(".katex-error").count() == 0


async def test_a_wide_table_scrolls_by_itself(page: Page, served: Served) -> None:
    row = "|" + "|".join(f" a wide cell {number} " for number in range(20)) + "|"
    await page.set_viewport_size({"width": 1000, "height": 800})
    shown = await answer(page, served, f"{row}\n|{'---|' * 20}\n{row}")
    table = shown.get_by_role("group", name="Table")
    await table.focus()
    await page.keyboard.press("ArrowRight")
    await until_async(lambda: table.evaluate("table => table.scrollLeft > 0"))
    whole, inside = await shown.bounding_box(), await table.bounding_box()
    assert whole
    assert inside
    assert inside["width"] <= whole["width"] <= 1000


async def test_an_unfinished_answer_reads_as_if_it_were_finished(
    page: Page, served: Served
) -> None:
    text = "Some **bold words\n\n```python\nprint(1)\nprint(2)"
    shown = await answer(page, served, text, "script:text=echo,size=200,stall_after=1")
    await expect(shown.locator("pre span", has_text="print").first).to_be_visible()
    await expect(shown.locator("pre")).to_contain_text("print(2)")


async def test_footnotes_of_two_answers_are_their_own(page: Page, served: Served) -> None:
    made = await served.client.post("/api/sessions", json={})
    session = made.json()["id"]
    for word in ("first", "second"):
        await ask(served, session, {"content": f"Word[^1].\n\n[^1]: The {word} note."})
        await until_async(partial(ended, served, session))
    await page.goto(f"{served.url}/sessions/{session}")
    answers = page.get_by_role("article", name="Assistant")
    await expect(answers).to_have_count(2)
    await answers.last.get_by_role("link", name="1", exact=True).click()
    focused = page.locator(":focus")
    await expect(focused).to_contain_text("The second note.")
    assert page.url.endswith(f"/sessions/{session}")


async def test_a_source_opens_at_the_cited_place(page: Page, served: Served) -> None:
    words = "🦑 squid"  # cited from the third character on: code points, not UTF-16 units
    file = {"file": ("notes.txt", words * 30, "text/plain")}
    uploaded = (await served.client.post("/api/files", files=file)).json()["files"][0]["id"]
    made = await served.client.post("/api/sessions", json={})
    session = made.json()["id"]
    message = {"content": "Cite it", "files": [uploaded]}
    await ask(served, session, message, "script:citations=1")
    await page.goto(f"{served.url}/sessions/{session}")
    sources = page.get_by_role("list", name="Sources")
    link = sources.get_by_role("link", name="2 A page")
    await expect(link).to_have_attribute("href", "https://example.org/a")
    await sources.get_by_role("button", name="1 notes.txt").click()
    dialog = page.get_by_role("dialog", name="notes.txt")
    await expect(dialog.locator("mark")).to_have_text(words[2:] + words[:2])
    await expect(dialog.get_by_role("link", name="Download")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(link).to_be_visible()


async def test_a_pdf_whose_tab_is_blocked_is_said(page: Page, served: Served) -> None:
    file = {"file": ("paper.pdf", b"%PDF-1.4\n%%EOF\n", "application/pdf")}
    uploaded = (await served.client.post("/api/files", files=file)).json()["files"][0]["id"]
    made = await served.client.post("/api/sessions", json={})
    session = made.json()["id"]
    await ask(served, session, {"content": "Cite it", "files": [uploaded]}, "script:citations=1")
    await page.add_init_script("window.open = () => null")
    await page.goto(f"{served.url}/sessions/{session}")
    await page.get_by_role("button", name="1 paper.pdf").click()
    await page.get_by_role("button", name="Open at page").click()
    failure = page.locator("li", has_text="Allow pop-ups for this page")
    await expect(failure).to_be_visible()
