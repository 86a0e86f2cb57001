"""Streams end when the server does."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from starlette.types import Message

from squid.http.sse import EventStream, Streams
from tests.conftest import until


@pytest.mark.parametrize("late", [False, True])
async def test_what_is_begun_late_ends_too(late: bool) -> None:
    live, sent = Streams(), list[Message]()
    closed = asyncio.Event()

    async def frames():  # type: ignore[no-untyped-def]
        try:
            yield b"data: 1\n\n"
            await asyncio.Event().wait()
        finally:
            closed.set()

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    if late:
        live.end()
    app = SimpleNamespace(state=SimpleNamespace(streams=live))
    scope = {"type": "http", "method": "GET", "app": app}
    streaming = asyncio.create_task(EventStream(frames())(scope, receive, send))
    if not late:
        await until(lambda: len(sent) == 2)
        live.end()
        live.end()
    async with asyncio.timeout(5):
        await streaming
    assert not live
    assert all(message.get("more_body", True) for message in sent)
    if not late:
        assert closed.is_set()
