"""Streams: a run's events, and the change feed."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import msgspec
from sse_starlette.sse import EventSourceResponse
from starlette.requests import Request
from starlette.responses import Response

from squid.errors import SquidError
from squid.http.exchange import last_event_id, squid, user_id
from squid.runs.follow import follow

logger = logging.getLogger(__name__)

PING_SECONDS = 15


@contextmanager
def _ending() -> Iterator[None]:
    """Ends a stream that cannot go on for now: its reader comes back, and is told by the
    status. Around the loop and not within: it costs nothing for each event."""
    try:
        yield
    except SquidError as error:
        logger.warning("a stream ended early: %s", error.code)


def stream(frames: AsyncIterator[bytes], headers: dict[str, str] | None = None) -> Response:
    return EventSourceResponse(frames, headers=headers, ping=PING_SECONDS, sep="\n")


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

    async def frames() -> AsyncIterator[bytes]:
        with _ending():
            async for batch in follow(app.engine, app.database, user, run_id, after, theirs=theirs):
                yield b"".join(frame for _, frame in batch)

    return stream(frames(), headers)


async def changes(request: Request) -> Response:
    """Follow what changes: which sessions to look at again.

    `ready` comes first where the reader begins; `reset` says that some were missed: read
    the lists anew.
    """
    after = last_event_id(request)
    feed = squid(request).engine.feed

    async def frames() -> AsyncIterator[bytes]:
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

    return stream(frames())
