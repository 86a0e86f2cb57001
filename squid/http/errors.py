"""One shape for every error: RFC 9457 `application/problem+json`."""

from __future__ import annotations

import logging
import math
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from squid import errors, logs

logger = logging.getLogger(__name__)

_BY_STATUS: dict[int, type[errors.SquidError]] = {
    400: errors.MalformedBody,
    404: errors.NotFound,
    405: errors.MethodNotAllowed,
    413: errors.TooLarge,
}
RETRIED = (errors.DatabaseBusy, errors.DiskFull, errors.ServerUnavailable)
"""What may pass by itself in a second. Where there is no model, somebody has to get one."""

_DETAILS = {404: "There is nothing at this address.", 405: "This address takes other methods."}


class ProblemDetails(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What went wrong: an RFC 9457 problem."""

    type: str
    """Which kind of error; stable."""
    title: str
    status: int
    detail: str
    """What was wrong this time, for a person."""
    hint: str | None = None
    """What to do about it."""
    pointer: str | None = None
    """Where in the body: a JSON Pointer; empty for the body itself."""
    parameter: str | None = None
    """Which of the query's parameters."""
    run_id: str | None = None
    """The run that is in the way."""


def urn(kind: type[errors.SquidError]) -> str:
    return f"urn:squid:error:{kind.code}"


def problem(error: errors.SquidError) -> dict[str, Any]:
    """The problem object: `type` is stable, `detail` and `hint` are for people."""
    told = ProblemDetails(
        type=urn(type(error)),
        title=error.title(),
        status=error.status,
        detail=error.detail,
        hint=error.hint,
    )
    return {**msgspec.to_builtins(told), **error.members}


def respond(error: errors.SquidError, headers: dict[str, str] | None = None) -> Response:
    headers = dict(headers or {})
    if isinstance(error, RETRIED):
        headers.setdefault("Retry-After", "1")
    if isinstance(error, errors.ProviderError) and error.retry_after:
        headers.setdefault("Retry-After", str(math.ceil(error.retry_after)))
    return Response(
        msgspec.json.encode(problem(error)),
        error.status,
        headers,
        media_type="application/problem+json",
    )


async def squid_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.SquidError)
    return respond(error)


async def http_error(request: Request, error: Exception) -> Response:
    """Starlette's own: no such route, no such method, an unreadable form."""
    assert isinstance(error, HTTPException)
    kind = _BY_STATUS.get(error.status_code, errors.InvalidRequest)
    detail = _DETAILS.get(error.status_code, error.detail)
    headers = dict(error.headers or {})
    if error.status_code == 405:  # Starlette names the methods of one route of several
        headers["Allow"] = ", ".join(sorted(_methods(request)))
    return respond(kind(detail), headers)


def _methods(request: Request) -> set[str]:
    """What the address takes, of all routes that it fits."""
    fitting = [
        route
        for route in request.app.routes
        if isinstance(route, Route) and route.path_regex.match(request.url.path)
    ]
    return {method for route in fitting for method in route.methods or ()}


async def client_left(request: Request, error: Exception) -> Response:
    """Nobody reads this; it only is no bug of ours."""
    return respond(errors.MalformedBody("The request ended before its body did."))


async def unexpected(request: Request, error: Exception) -> Response:
    """A bug of ours: told in the log, not to the client."""
    route = getattr(request.scope.get("route"), "path", request.url.path)
    logger.error("%s %s failed", request.method, route, exc_info=error)
    id_ = logs.request_id.get()
    return respond(
        errors.SquidError(
            "Something in Squid went wrong; its log says what.",
            hint=f"squid logs --request {id_}" if id_ else None,
        )
    )


HANDLERS: dict[Any, Any] = {
    errors.SquidError: squid_error,
    HTTPException: http_error,
    ClientDisconnect: client_left,
    Exception: unexpected,
}
