"""Who sends too much, too slowly or without end is cut off, and nobody else notices."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack

import httpx2
import pytest
from starlette.types import Receive, Scope, Send

from squid.config import Config
from squid.http import wire
from squid.http.guard import Guard
from tests.conftest import serving, until
from tests.http.raw import CHUNKED, connected, rest, send, told
from tests.http.talk import ended, problem, question, started, text

Configure = Callable[..., Config]
HEAD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"


async def alive(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/healthz")).status_code == 200


# -- heads ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        HEAD + b"X-Long: " + b"x" * 70_000 + b"\r\n\r\n",
        HEAD + b"X-Long: " + b"x" * 200_000,  # and never ends
        HEAD + b"".join(b"X-%d: x\r\n" % number for number in range(20_000)),
        HEAD + b"x: y\r\n" * 30_000 + b"\r\n",
        b"GET /" + b"x" * 200_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /" + b"x" * 200_000,
        b"\r\n" * 50_000,
        CHUNKED % (b"/api/sessions", b"x") + b"0\r\n" + b"X: y\r\n" * 100_000,
        CHUNKED % (b"/api/sessions", b"x") + b"1;" + b"x" * 600_000,
    ],
    ids=lambda data: f"{data[:40]!r}-{len(data)}",
)
async def test_flood_of_headers_is_refused(client: httpx2.AsyncClient, data: bytes) -> None:
    told(await send(client, data), 431, "headers-too-large")
    await alive(client)


async def test_headers_up_to_the_limit_are_taken(client: httpx2.AsyncClient) -> None:
    headers = {f"X-{number}": "x" * 1000 for number in range(60)}
    assert (await client.get("/healthz", headers=headers)).status_code == 200


async def test_pipelined_requests_are_not_counted_together(client: httpx2.AsyncClient) -> None:
    one = b"POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 30000\r\n\r\n%b"
    data = (one % (b"x" * 30_000)) * 10 + HEAD + b"Connection: close\r\n\r\n"
    assert (await send(client, data)).count(b"HTTP/1.1 ") == 11


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",  # TLS
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n",
        HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n",
        HEAD + b"Bad Header: x\r\n\r\n",
        HEAD + b"X: a\0b\r\n\r\n",
        CHUNKED % (b"/api/sessions", b"x") + b"xyz\r\n",
    ],
    ids=repr,
)
async def test_what_is_not_http_is_refused(client: httpx2.AsyncClient, data: bytes) -> None:
    told(await send(client, data), 400, "malformed-body")
    await alive(client)


async def test_upgrade_is_answered_as_what_it_is(
    client: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n"
    async with connected(client) as (reader, writer):
        writer.write(HEAD + upgrade)
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    assert caplog.records == []


# -- slow clients ----------------------------------------------------------------------------


async def test_head_that_does_not_end_is_given_up(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "HEAD_SECONDS", 0.3)
    assert await send(client, b"") == b""  # who says nothing is told nothing
    told(await send(client, HEAD), 408, "request-timeout")
    began = time.monotonic()
    async with connected(client) as (reader, writer):  # a little at a time is no way out
        answer = asyncio.create_task(rest(reader))
        writer.write(HEAD)
        while not answer.done() and time.monotonic() - began < 5:
            writer.write(b"X: y\r\n")
            await asyncio.sleep(0.02)
        told(await answer, 408, "request-timeout")
    assert time.monotonic() - began < 3


async def test_second_head_on_a_connection_has_its_time_too(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "HEAD_SECONDS", 0.2)
    async with connected(client) as (reader, writer):
        writer.write(HEAD + b"\r\n")
        await reader.readuntil(b'"status"')
        writer.write(b"GET")
        assert b"HTTP/1.1 408" in await rest(reader)


@pytest.mark.parametrize("path", [b"/api/sessions", b"/api/files", b"/api/import"])
async def test_body_that_falls_silent_is_given_up(
    client: httpx2.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    path: bytes,
) -> None:
    monkeypatch.setattr(wire, "BODY_SECONDS", 0.2)
    form = b"multipart/form-data; boundary=b"
    for data in (
        CHUNKED % (path, form) + b"1\r\n",
        b"POST %b HTTP/1.1\r\nHost: localhost\r\nContent-Type: %b\r\n"
        b"Content-Length: 999\r\n\r\n--b" % (path, form),
    ):
        told(await send(client, data), 408, "request-timeout")
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
    await alive(client)


async def test_body_that_trickles_is_given_up(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "BODY_SECONDS", 0.3)
    began = time.monotonic()
    async with connected(client) as (reader, writer):
        writer.write(CHUNKED % (b"/api/sessions", b"x"))
        answer = asyncio.create_task(rest(reader))
        while not answer.done() and time.monotonic() - began < 5:
            writer.write(b"1\r\n \r\n")
            await asyncio.sleep(0.02)
        told(await answer, 408, "request-timeout")


async def test_body_that_is_slow_but_comes_is_taken(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "BODY_SECONDS", 0.2)

    async def pieces() -> object:
        yield b'{"title": "'
        for _ in range(10):
            yield b"x" * 20 + b"\\n" * 500
            await asyncio.sleep(0.06)
        yield b'"}'

    response = await client.post("/api/sessions", content=pieces())  # type: ignore[arg-type]
    problem(response, 422, "invalid-request")  # read to its end, and too long a title


async def test_body_that_is_not_taken_has_all_the_time(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "BODY_SECONDS", 0.05)
    goes_on, looked = asyncio.Event(), 0
    let_in, is_late = Guard.__call__, wire.Protocol._body_is_late

    async def held(self: Guard, scope: Scope, receive: Receive, send: Send) -> None:
        await goes_on.wait()
        await let_in(self, scope, receive, send)

    def look(self: wire.Protocol) -> None:
        nonlocal looked
        looked += self.flow.read_paused
        is_late(self)

    monkeypatch.setattr(Guard, "__call__", held)
    monkeypatch.setattr(wire.Protocol, "_body_is_late", look)
    asking = asyncio.create_task(client.post("/api/sessions", json={"title": "x" * 7_000_000}))
    try:
        await until(lambda: looked > 4 or asking.done())
    finally:
        monkeypatch.setattr(wire, "BODY_SECONDS", 60.0)  # the rest comes as fast as it comes
        goes_on.set()
    problem(await asking, 422, "invalid-request")


async def test_body_that_goes_on_behind_its_answer_is_cut_off(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "REST_SECONDS", 0.3)
    async with connected(client) as (reader, writer):
        writer.write(CHUNKED % (b"/healthz", b"x") + b"1\r\nx\r\n")
        answer = asyncio.create_task(rest(reader))
        while not answer.done():
            try:
                writer.write(b"400\r\n" + b"x" * 1024 + b"\r\n")
                await writer.drain()
            except ConnectionError:
                break
            await asyncio.sleep(0.005)
        assert (await answer).startswith(b"HTTP/1.1 405")


async def test_rest_that_comes_to_its_end_leaves_the_connection_open(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connected(client) as (reader, writer):
        writer.write(CHUNKED % (b"/healthz", b"x") + b"1\r\nx\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 405")
        writer.write(b"0\r\n\r\n" + HEAD + b"\r\n")
        await reader.readuntil(b"HTTP/1.1 200")


# -- readers -----------------------------------------------------------------------------------


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[wire.Protocol]:
    """The server's side of each connection, in the order in which they were opened."""
    found: list[wire.Protocol] = []
    opened = wire.Protocol.connection_made

    def connection_made(self: wire.Protocol, transport: asyncio.Transport) -> None:
        found.append(self)
        opened(self, transport)

    monkeypatch.setattr(wire.Protocol, "connection_made", connection_made)
    return found


async def test_reader_that_takes_nothing_holds_back_nobody_and_little_memory(
    client: httpx2.AsyncClient, made: list[wire.Protocol]
) -> None:
    session = (await client.post("/api/sessions", json={})).json()
    run = await started(
        await client.post(
            f"/api/sessions/{session['id']}/messages",
            json=question("Hello", "deltas=2000,size=3000"),
        )
    )
    path = f"/api/runs/{run['run']['id']}/events"
    async with connected(client) as (reader, writer):
        assert isinstance(writer.transport, asyncio.Transport)
        writer.transport.pause_reading()
        writer.write(b"GET %b HTTP/1.1\r\nHost: localhost\r\n\r\n" % path.encode())
        most = 0

        async def watch() -> None:
            nonlocal most
            while True:
                most = max(most, made[-1]._unsent())
                await asyncio.sleep(0.005)

        await until(lambda: made[-1].cycle)
        watching = asyncio.create_task(watch())
        found = await ended(client, run["run"]["id"])
        watching.cancel()
        assert found[-1].type == "RUN_FINISHED", found[-1].data
        assert len(text(found)) == 6_000_000
        assert 0 < most < 4_000_000
        writer.transport.resume_reading()
        late = b""
        while b"RUN_FINISHED" not in late[-5000:]:
            late += await reader.read(1_000_000)
        assert len(late) > 6_000_000


async def test_reader_that_takes_nothing_is_let_go(
    configure: Configure, made: list[wire.Protocol], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "STALLED_SECONDS", 0.2)
    async with serving(configure()) as (client, _):
        files = {"file": ("a.bin", bytes(20_000_000))}
        uploaded = await client.post("/api/files", files=files)
        path = f"/api/files/{uploaded.json()['files'][0]['id']}/content".encode()
        async with connected(client) as (_, writer):
            writer.transport.pause_reading()
            writer.write(b"GET %b HTTP/1.1\r\nHost: localhost\r\n\r\n" % path)
            await until(lambda: made[-1]._stalled is not None)
            await until(lambda: made[-1].transport.is_closing())
        monkeypatch.setattr(wire, "STALLED_SECONDS", 2)
        slow = 0
        async with connected(client) as (reader, writer):
            writer.write(b"GET %b HTTP/1.1\r\nHost: localhost\r\n\r\n" % path)
            while slow < 20_000_000 and (piece := await reader.read(1_000_000)):
                slow += len(piece)  # slowly, but it does take it
                await asyncio.sleep(0.01)
        assert slow >= 20_000_000


async def test_reader_that_takes_a_little_is_kept(
    client: httpx2.AsyncClient, made: list[wire.Protocol]
) -> None:
    """The clock runs from what was taken last, and not at all once there is room again."""
    uploaded = await client.post("/api/files", files={"file": ("a.bin", bytes(20_000_000))})
    path = f"/api/files/{uploaded.json()['files'][0]['id']}/content".encode()
    async with connected(client) as (reader, writer):
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(b"GET %b HTTP/1.1\r\nHost: localhost\r\n\r\n" % path)
        await until(lambda: made[-1]._stalled is not None)
        server, first = made[-1], made[-1]._stalled
        assert first is not None
        server._has_it_stalled(server._unsent() + 1)
        assert not server.transport.is_closing()
        again = server._stalled
        assert again not in (None, first)
        first.cancel()  # it was this one's turn
        writer.transport.resume_reading()  # type: ignore[attr-defined]
        size = 0
        while size < 20_000_000:
            size += len(await reader.read(1_000_000))
        assert again is not None
        assert again.cancelled()


# -- connections ----------------------------------------------------------------------------------


async def test_too_many_connections_are_told_so(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "SPARE_CONNECTIONS", 2)
    async with AsyncExitStack() as stack:
        client, _ = await stack.enter_async_context(serving(configure(), limit_concurrency=5))
        for _ in range(5):
            _, writer = await stack.enter_async_context(connected(client))
            writer.write(b"GET")
        answers = [await send(client, HEAD + b"\r\n") for _ in range(2)]
        for answer in answers:
            told(answer, 503, "unavailable")
            assert b"retry-after: 1" in answer.lower()
    async with serving(configure(), limit_concurrency=5) as (client, _):
        await alive(client)
