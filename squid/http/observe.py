"""What is told of every request: its id, a line in the log, its figures, and a span.

It is around everything else, so that it sees each answer as it leaves, errors too.
"""

from __future__ import annotations

import logging
import re
import time

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from squid import logs
from squid.figures import RequestFigures
from squid.ids import new_id
from squid.telemetry import OFF, Span, Tracing

logger = logging.getLogger(__name__)

HEADER = "X-Request-Id"
SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+=@-]{0,127}")

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
ASKED_BY_MACHINES = frozenset({"/healthz", "/readyz", "/metrics"})
"""Every few seconds, for ever: they are logged for `debug` alone, and not traced."""

REFUSED = frozenset({401, 403, 429})
"""Who comes without the token, from another site's page, or too often."""

SLOW_SECONDS = 1.0
"""To the head of an answer, from which on a request is told of whatever became of it."""


class Observe:
    def __init__(self, app: ASGIApp, figures: RequestFigures) -> None:
        self.app = app
        self.figures = figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get(HEADER, "")
        id_ = given if SANE.fullmatch(given) else new_id()
        outer = logs.request_id.set(id_)  # that of a batch, around each of its requests
        by_machine = scope["path"] in ASKED_BY_MACHINES
        tracing: Tracing = OFF if by_machine else scope["app"].state.squid.tracing
        began = time.perf_counter()
        begun = whole = False

        async def answer(message: Message) -> None:
            nonlocal begun, whole
            if message["type"] == "http.response.start":
                begun = True
                message["headers"] = [
                    *message["headers"],
                    (HEADER.lower().encode(), id_.encode()),
                ]
                self._answered(scope, id_, message["status"], time.perf_counter() - began, span)
            else:
                whole = not message.get("more_body", False)
            await send(message)

        with tracing.request(headers) as span:
            try:
                await self.app(scope, receive, answer)
            except Exception:
                # It is in the log already, where there is an answer. One that was cut
                # off has to look like it, so the server must know.
                if not whole:
                    raise
            finally:
                if not begun:
                    self._answered(scope, id_, 0, time.perf_counter() - began, span)
                logs.request_id.reset(outer)

    def _answered(self, scope: Scope, id_: str, status: int, seconds: float, span: Span) -> None:
        """At the head of the answer: a stream may go on for hours."""
        method = scope["method"] if scope["method"] in METHODS else "other"
        route = getattr(scope.get("route"), "path", "none")
        if status:
            self.figures.add(route, method, status, seconds)
        span.name(f"{method} {route}")
        span.set(
            {
                "http.request.method": method,
                "http.route": route,
                "http.response.status_code": status or None,
                "squid.request_id": id_,
            }
        )
        if not 0 < status < 500:
            span.fail(str(status) if status else "left")
        level = _level(route, status, seconds)
        if not logger.isEnabledFor(level):
            return
        milliseconds = round(seconds * 1000, 1)
        logger.log(
            level,
            "%s %s: %s in %s ms",
            *(method, route, status or "no answer", milliseconds),
            extra=logs.told(
                method=method, route=route, status=status or None, milliseconds=milliseconds
            ),
        )


def _level(route: str, status: int, seconds: float) -> int:
    """A line costs as much as a quarter of a short answer, so one that went as it should
    has none but for `debug`; `/metrics` counts them all."""
    if route in ASKED_BY_MACHINES:
        return logging.DEBUG
    went_well = 0 < status < 500 and status not in REFUSED and seconds < SLOW_SECONDS
    return logging.DEBUG if went_well else logging.INFO
