"""Streams: a run's events, and the change feed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager

import msgspec
from sse_starlette.sse import EventSourceResponse
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from squid.errors import SquidError
from squid.http.exchange import last_event_id, squid, user_id
from squid.runs.follow import follow

logger = logging.getLogger(__name__)

PING_SECONDS = 15
PING = b": ping\n\n"


@contextmanager
def _ending() -> Iterator[None]:
    """Ends a stream that cannot go on for now: its reader comes back, and is told by the
    status. Around the loop and not within: it costs nothing for each event."""
    try:
        yield
    except SquidError as error:
        logger.warning("a stream ended early: %s", error.code)


class Streams(set[asyncio.Timeout]):
    """What is being streamed: a time limit each, by which it ends."""

    over = False

    def begun(self, stream: asyncio.Timeout) -> None:
        self.add(stream)
        if self.over:
            end(stream)

    def end(self) -> None:
        """The server stops; the readers are to come back."""
        self.over = True
        for one in self:
            end(one)


def end(stream: asyncio.Timeout) -> None:
    if not stream.expired():
        stream.reschedule(0)


class EventStream(EventSourceResponse):
    """sse-starlette's response with one task beside the request's own. The library's runs
    four, and a scope around every send: a tenth of what a whole answer costs.

    It ends with its frames, when the reader leaves, or by `Streams.end`.
    """

    def __init__(
        self, frames: AsyncGenerator[bytes, None], headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(frames, headers=headers)
        self._frames = frames

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "HEAD":
            await super().__call__(scope, receive, send)
            return
        live: Streams = scope["app"].state.streams
        ending = asyncio.timeout(None)
        watching: asyncio.Task[None] | None = None
        try:
            async with ending, aclosing(self._frames):
                live.begun(ending)
                watching = asyncio.create_task(_watch(receive, send, ending))
                head = {"status": self.status_code, "headers": self.raw_headers}
                await send({"type": "http.response.start", **head})
                async for frames in self._frames:
                    await _send(send, frames)
                await _send(send, b"", more=False)
        except TimeoutError:
            if not ending.expired():
                raise
        finally:
            live.discard(ending)
            if watching is not None:
                watching.cancel()


async def _watch(receive: Receive, send: Send, ending: asyncio.Timeout) -> None:
    """Tell the reader now and then that the line is alive, and see when he leaves."""
    while True:
        try:
            async with asyncio.timeout(PING_SECONDS):
                message = await receive()
        except TimeoutError:
            await _send(send, PING)
            continue
        if message["type"] == "http.disconnect":
            end(ending)
            return


async def _send(send: Send, body: bytes, *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})


def run_stream(
    request: Request,
    run_id: str,
    after: int,
    headers: dict[str, str] | None = None,
    *,
    theirs: bool = False,
) -> Response:
    """A run's events behind `after`, then live, to its end. `theirs`: see `follow`."""
    app, user = squid(request), user_id(request)

    async def frames() -> AsyncGenerator[bytes, None]:
        with _ending():
            async for batch in follow(app.engine, app.database, user, run_id, after, theirs=theirs):
                yield b"".join(frame for _, frame in batch)

    return EventStream(frames(), headers)


async def changes(request: Request) -> Response:
    """Follow what changes: which sessions to look at again.

    `ready` comes first where the reader begins; `reset` says that some were missed: read
    the lists anew.
    """
    after = last_event_id(request)
    feed = squid(request).engine.feed

    async def frames() -> AsyncGenerator[bytes, None]:
        with _ending():
            async for batch in feed.follow(user_id(request), after):
                if not batch.changes:
                    yield b"id: %d\nevent: %s\ndata: {}\n\n" % (
                        batch.last,
                        b"reset" if batch.gap else b"ready",
                    )
                yield b"".join(
                    b"id: %d\nevent: change\ndata: %s\n\n"
                    % (change.id, msgspec.json.encode(change))
                    for change in batch.changes
                )

    return EventStream(frames())
