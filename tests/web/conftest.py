"""The page in a real Chromium, against a real server and the loopback upstream."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

import httpx2
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from squid.config import Config
from squid.core import Squid
from tests.conftest import serving
from web import build

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = next((path for name in NAMES if (path := shutil.which(name))), None)
NO_BROWSER = "there is no Chromium to open the page in: apt-get install chromium"
NEEDED = "SQUID_TESTS_NEED_A_BROWSER"
"""Set to 1, as in CI, a test that has no browser fails."""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

expect.set_options(timeout=10_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One browser for all tests of a worker, which lives in the session's event loop."""
    for item in items:
        if "tests/web/" in item.path.as_posix() and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        give_up = pytest.fail if os.environ.get(NEEDED) == "1" else pytest.skip
        give_up(NO_BROWSER)
    build.build()  # where it is not there, or of other sources than these
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser profile of its own: nothing in its storage."""
    context = await browser.new_context(locale="en-GB", timezone_id="Europe/Berlin")
    yield context
    await context.close()


class Served(NamedTuple):
    """A server in this process."""

    url: str
    client: httpx2.AsyncClient
    squid: Squid


@pytest_asyncio.fixture(loop_scope="session")
async def served(configure: Callable[..., Config]) -> AsyncIterator[Served]:
    async with serving(configure()) as (client, squid):
        yield Served(str(client.base_url), client, squid)


@pytest_asyncio.fixture(loop_scope="session")
async def page(context: BrowserContext, served: Served) -> AsyncIterator[Page]:
    """The page, opened. A test fails where the page had an error of its own."""
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: line.type == "error" and errors.append(line.text))
    await page.goto(served.url)
    yield page
    assert not errors
