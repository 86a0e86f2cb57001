"""The page as it is served: behind a token, under its policy, and loaded again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from playwright.async_api import Browser, Error, Page, expect

from squid.config import Config
from tests.conftest import serving

TOKEN = "a-token-for:the-tests~1"

STREAM = """async () => {
  const answer = await fetch('/api/events')
  const reader = answer.body.getReader()
  const { value } = await reader.read()
  await reader.cancel()
  return new TextDecoder().decode(value)
}"""

SMUGGLED = """() => {
  const probe = document.createElement('div')
  probe.innerHTML = '<style>#smuggled { color: red }</style>'
    + '<p id="smuggled" style="opacity: 0.5" onclick="document.title = 1">x</p>'
  document.body.append(probe)
  const one = document.getElementById('smuggled')
  one.click()
  const { color, opacity } = getComputedStyle(one)
  probe.remove()
  return [color === 'rgb(255, 0, 0)', opacity, document.title]
}"""


async def test_behind_a_token(browser: Browser, configure: Callable[..., Config]) -> None:
    async with serving(configure(server__token=TOKEN)) as (client, _):
        url = str(client.base_url)
        context = await browser.new_context(http_credentials={"username": "ada", "password": TOKEN})
        page = await context.new_page()
        refused: list[str] = []
        page.on("response", lambda one: one.status >= 400 and refused.append(one.url))
        await page.goto(url)
        await expect(page.get_by_role("navigation")).to_be_attached()
        assert "event: ready" in await page.evaluate(STREAM)
        await context.close()
        assert refused == []

        # A browser that nobody tells the token shows nothing of the page.
        stranger = await browser.new_context()
        page = await stranger.new_page()
        # One with windows would ask for the token, and has no answer before that.
        with suppress(Error):
            answer = await page.goto(url)
            assert answer is not None
            assert answer.status == 401
        await expect(page.get_by_role("navigation")).to_have_count(0)
        await stranger.close()


async def test_nothing_that_is_smuggled_in_has_a_style_or_runs(
    browser: Browser, configure: Callable[..., Config]
) -> None:
    async with serving(configure()) as (client, _):
        context = await browser.new_context()
        page = await context.new_page()
        await page.goto(str(client.base_url))
        assert await page.evaluate(SMUGGLED) == [False, "1", "Squid"]
        await context.close()


async def test_it_is_the_same_when_it_is_loaded_again(page: Page) -> None:
    """From what the browser kept: 304 for the document, nothing for its parts."""
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    for _ in range(2):
        await page.reload()
        await expect(page.get_by_role("navigation")).to_be_attached()
        margin = "getComputedStyle(document.body).margin"
        assert await page.evaluate(margin) == "0px"  # its style sheet is in force
    assert [one for one in asked if "/assets/" in one]
