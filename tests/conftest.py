"""What tests share: a database, an open Squid, a served one; all with the real upstream."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn

from squid.app import Server, create_app, server_config
from squid.config import Config, load
from squid.core import Squid, open_squid
from squid.models import Message
from squid.runs import events, start
from squid.runs.follow import follow
from squid.runs.start import Started
from squid.store import messages
from squid.store.database import Database
from tests.template import new_database
from tests.upstream import Upstream

ME = "local"

# In the background of a script, Ctrl-C is ignored, and so it would be by what tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Set in many containers, it has each process that a test starts compile the model's library
# anew, which takes seconds.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow ones first, so that no worker is left with one at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was left out, and what would have it run."""
    reports = terminalreporter.stats.get("skipped", [])
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in reports)
    for reason, times in reasons.items():
        terminalreporter.write_line(f"{times} left out: {reason}", yellow=True)


@pytest.fixture(scope="session")
def upstream() -> Iterator[Upstream]:
    with Upstream.in_thread() as running:
        yield running


@pytest.fixture
def configure(tmp_path: Path, upstream: Upstream) -> Callable[..., Config]:
    """Make a Config with a data folder of its own that asks the upstream."""

    def make(**flags: Any) -> Config:
        return load(
            environ={},
            flags={
                "data": str(tmp_path / "data"),
                "provider.name": "anthropic",
                "provider.anthropic.api_key": "test",
                "provider.anthropic.base_url": upstream.url,
                "provider.anthropic.model": "script:deltas=5",
                **{name.replace("__", "."): value for name, value in flags.items()},
            },
        )

    return make


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    path = tmp_path / "squid.db"
    new_database(path)
    database = await Database.open(path, readers=2)
    yield database
    await database.close()


@pytest.fixture
async def squid(configure: Callable[..., Config]) -> AsyncIterator[Squid]:
    config = configure()
    new_database(config.database_path)
    async with open_squid(config) as squid:
        yield squid


class _Server(Server):
    """Ours; uvicorn looks every tenth of a second whether it should end, and then gives
    its connections another one. A thousand tests wait for neither."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.end = asyncio.Event()

    async def main_loop(self) -> None:
        ticks = asyncio.create_task(super().main_loop())
        ended = asyncio.create_task(self.end.wait())
        await asyncio.wait((ticks, ended), return_when=asyncio.FIRST_COMPLETED)
        self.should_exit = True
        for task in (ticks, ended):
            task.cancel()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        with suppress(TimeoutError):  # those that the client has closed
            await until(lambda: not self.server_state.connections, seconds=0.05)
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)
            return
        for server in self.servers:
            server.close()
        await self.lifespan.shutdown()


@asynccontextmanager
async def serving(config: Config, **more: Any) -> AsyncIterator[tuple[httpx2.AsyncClient, Squid]]:
    """A real server on a free loopback port, in this process, and a client for it. `more`
    is uvicorn's."""
    new_database(config.database_path)
    app = create_app(config)
    server = _Server(server_config(app, config, port=0, log_level="warning", lifespan="on", **more))
    task = asyncio.create_task(server.serve())
    try:
        await until(lambda: server.started or task.done())
        port = server.servers[0].sockets[0].getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        async with httpx2.AsyncClient(base_url=url, timeout=30, verify=False) as client:
            yield client, app.state.squid
    finally:
        server.end.set()
        await task


@pytest.fixture
async def client(configure: Callable[..., Config]) -> AsyncIterator[httpx2.AsyncClient]:
    async with serving(configure()) as (client, _):
        yield client


async def until(condition: Callable[[], Any], seconds: float = 10) -> None:
    """Await a condition that nothing announces."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def until_async(condition: Callable[[], Awaitable[Any]], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def becomes(read: Callable[[], Awaitable[object]], expected: object) -> None:
    """What a page shows before the server has it: `read` gives `expected`, now or soon."""

    async def is_so() -> bool:
        return await read() == expected

    with suppress(TimeoutError):
        await until_async(is_so, seconds=40)
    assert await read() == expected


async def say(squid: Squid, content: str = "Hello", script: str = "", **kwargs: Any) -> Started:
    """Send a message; `script` is the upstream's, without its `script:`."""
    model = f"script:{script}" if script else None
    return await squid.ask(ME, start.send, content=content, model=model, **kwargs)


async def stalled(squid: Squid) -> Started:
    """A run that has shown something and will not end by itself."""
    started = await say(squid, script="stall_after=3")
    log = squid.engine.log(started.run.id)
    assert log is not None
    await until(lambda: log.answer.text)
    return started


async def read_all(squid: Squid, run_id: str, after: int = 0) -> list[tuple[int, events.Event]]:
    """A run's events behind `after`, to its end."""
    found = []
    async for frames in follow(squid.engine, squid.database, ME, run_id, after):
        found += [(seq, event) for seq, frame in frames for event in parse_all(frame)]
    return found


def parse_all(frames: bytes) -> list[events.Event]:
    return [parse(frame) for frame in frames.split(b"\n\n") if frame]


def parse(frame: bytes) -> events.Event:
    return events.decode(frame.partition(b"data: ")[2].strip())


def text_of(found: list[tuple[int, events.Event]]) -> str:
    return "".join(e.delta for _, e in found if isinstance(e, events.TextMessageContent))


async def answered(squid: Squid, started: Started) -> Message:
    """The answer when its run is over."""
    await read_all(squid, started.run.id)
    await until(lambda: squid.engine.log(started.run.id) is None)
    return await squid.database.read(messages.get, ME, started.run.message_id)
