"""HTTP on the wire, with limits: uvicorn's protocol takes any head, and waits for ever.

Whoever opens connections and sends nothing, or a little at a time, or never stops, is cut
off, so that there is room for the others. What a body may have in all is its route's to say.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any, Literal

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from squid import errors
from squid.http.errors import respond
from squid.http.headers import HEADERS

HEAD_BYTES = 64 * 1024
"""Of a request's line and headers, and of those behind a chunked body."""
HEAD_SECONDS = 30.0
"""From the beginning of a connection, or of a request, to the end of its headers."""
BODY_SECONDS = 60.0
"""How long a body may be silent."""
BODY_RATE = 1024
"""Bytes that make up for a second of it: slower than this, a body runs out of time."""
REST_SECONDS = 2.0
"""How long the rest is thrown away that somebody still sends who has his answer. Closed at
once, the connection would take the answer with it."""
STALLED_SECONDS = 300.0
"""After how long a reader that takes nothing is let go; a stream can be taken up again."""
SPARE_CONNECTIONS = 64
"""How many beyond the limit are told why they are refused, instead of just cut off."""

Phase = Literal["head", "body", "rest"]


class _TooLarge(Exception):
    """Stops the parser."""


class Protocol(HttpToolsProtocol):
    """One connection. uvicorn's `limit_concurrency` is how many there may be."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._max_connections = self.limit_concurrency
        self.limit_concurrency = None  # uvicorn's own answer is not our error shape
        self._phase: Phase | None = None
        """What is being waited for; None while there is nothing but the answer to come."""
        self._timed: Phase | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._body_until = 0.0
        self._unparsed = 0
        """Bytes since the parser last made something whole of them."""
        self._refused = False
        self._stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        beyond = len(self.connections) - (self._max_connections or len(self.connections))
        if beyond > SPARE_CONNECTIONS:
            transport.abort()
        elif beyond > 0:
            self._refuse(errors.ServerUnavailable("Too many connections are open.", hint="Later."))
        else:
            self._phase = "head"
            self._time()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._timer, self._stalled):
            if timer is not None:
                timer.cancel()
        self._timer = self._stalled = None
        super().connection_lost(exc)

    # -- what comes in -------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        self._unset_keepalive_if_required()
        self._phase = self._phase or "head"
        self._unparsed += len(data)
        try:
            self.parser.feed_data(data)
            if self._unparsed > HEAD_BYTES:
                raise _TooLarge
        except httptools.HttpParserUpgrade:
            pass  # to nothing that is spoken here: it is answered as plain HTTP
        except (_TooLarge, httptools.HttpParserError) as error:
            self._refuse(_said(error))
        else:
            self._time()

    def on_headers_complete(self) -> None:
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > HEAD_BYTES:
            raise _TooLarge
        self._phase, self._unparsed = "body", 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unparsed = 0
        self._body_until += len(body) / BODY_RATE
        super().on_body(body)

    def on_message_complete(self) -> None:
        # The one behind an answer that came early leaves the connection as it was before it.
        self._phase, self._unparsed = "head" if self._phase == "rest" else None, 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._phase == "body" and self.cycle.response_complete:
            self._phase = "rest"
            self._time()

    # -- time ------------------------------------------------------------------------------

    def _time(self) -> None:
        """Have the clock run for what is waited for now."""
        if self._phase == self._timed or self.transport.is_closing():
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._timed = self._phase
        if self._phase == "head":
            self._timer = self.loop.call_later(HEAD_SECONDS, self._head_is_late)
        elif self._phase == "body":
            self._body_until = self.loop.time() + BODY_SECONDS
            self._timer = self.loop.call_later(BODY_SECONDS, self._body_is_late)
        elif self._phase == "rest":
            self._timer = self.loop.call_later(REST_SECONDS, self.transport.close)

    def _head_is_late(self) -> None:
        if self._unparsed:
            self._refuse(errors.RequestTimeout("The request's headers did not come to an end."))
        else:
            self.transport.close()

    def _body_is_late(self) -> None:
        now = self.loop.time()
        if self.flow.read_paused:  # it is we who do not take it
            self._body_until = now + BODY_SECONDS
        self._body_until = min(self._body_until, now + BODY_SECONDS)
        if self._body_until > now:
            self._timer = self.loop.call_at(self._body_until, self._body_is_late)
        else:
            self._refuse(errors.RequestTimeout("The request's body did not come to an end."))

    # -- what goes out ----------------------------------------------------------------------

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled = self.loop.call_later(STALLED_SECONDS, self._has_it_stalled, self._unsent())

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _has_it_stalled(self, unsent: int) -> None:
        if self._unsent() < unsent:
            self._stalled = self.loop.call_later(
                STALLED_SECONDS, self._has_it_stalled, self._unsent()
            )
        else:
            self.transport.abort()

    def _unsent(self) -> int:
        return self.transport.get_write_buffer_size()

    def _refuse(self, error: errors.SquidError) -> None:
        """Answer, unless something else is being answered, and hear no more."""
        self._refused = True
        answering = self.cycle is not None and not self.cycle.response_complete
        if answering and (self.cycle.response_started or self._phase != "body"):
            self.transport.close()
            return
        if answering:  # who reads the body learns that there is no more
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.write(_on_the_wire(error))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_later(REST_SECONDS, self.transport.close)


def _said(error: Exception) -> errors.SquidError:
    """Of what the parser stopped at."""
    if isinstance(error, _TooLarge) or isinstance(error.__context__, _TooLarge):
        return errors.HeadersTooLarge(
            f"The request's address and headers may have {HEAD_BYTES:,} bytes."
        )
    return errors.MalformedBody("That is not HTTP.")


def _on_the_wire(error: errors.SquidError) -> bytes:
    response = respond(error, {**HEADERS, "Connection": "close"})
    head = f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}\r\n".encode()
    lines = b"".join(b"%b: %b\r\n" % line for line in response.raw_headers)
    return b"%b%b\r\n%b" % (head, lines, bytes(response.body))
