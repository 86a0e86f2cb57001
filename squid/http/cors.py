"""What pages of `allowed_origins` may send and read, and how their browsers are told."""

from __future__ import annotations

from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp

from squid.errors import Forbidden
from squid.http.errors import respond

METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST")
SENT_BY_PAGES = (
    *("Authorization", "Idempotency-Key", "If-None-Match", "If-Range", "Last-Event-ID"),
    *("Range", "X-Request-Id"),
)
READ_BY_PAGES = (
    *("Content-Disposition", "Content-Location", "Content-Range", "ETag", "Location"),
    *("Retry-After", "X-Request-Id", "X-Squid-Run", "X-Squid-Session"),
)
"""Headers beyond those that any page may always send and read."""


class Cors(CORSMiddleware):
    """Around what answers a bug too, so that a page can read which it was."""

    def __init__(self, app: ASGIApp, origins: Collection[str]) -> None:
        super().__init__(
            app,
            allow_origins=origins,
            allow_methods=METHODS,
            allow_headers=SENT_BY_PAGES,
            allow_private_network=True,  # a page from the Internet, a server in the house
            expose_headers=READ_BY_PAGES,
        )

    def preflight_response(self, request_headers: Headers) -> Response:
        response = super().preflight_response(request_headers)
        if response.status_code < 400:
            return response
        wrong = bytes(response.body).decode().removeprefix("Disallowed CORS ")
        error = Forbidden(
            f"A page of another site may not ask like this: by its {wrong}.",
            hint="Access-Control-Allow-Methods and -Headers say what it may send.",
        )
        kept = ("access-control-", "vary")
        told = {name: text for name, text in response.headers.items() if name.startswith(kept)}
        return respond(error, told)
