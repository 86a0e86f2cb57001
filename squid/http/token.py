"""The token that lets a request in where `[server] token` is set (docs/decisions/0008)."""

from __future__ import annotations

import binascii
import hmac
from base64 import b64decode

from starlette.types import ASGIApp, Receive, Scope, Send

from squid.errors import RateLimited, Unauthorized
from squid.http.endpoint import OPEN
from squid.http.errors import respond
from squid.http.rate_limits import Allowance, client_of, retry_after

WRONG_PER_MINUTE = 10
"""How many wrong tokens an address may send. The right one is never too many."""

SCHEMES = ('Basic realm="Squid", charset="UTF-8"', 'Bearer realm="Squid"')
"""Basic is what makes a browser ask for it, and send it with all that a page does."""


class Token:
    def __init__(self, app: ASGIApp, token: str) -> None:
        self.app = app
        self._token = token.encode()
        self._wrong = Allowance(WRONG_PER_MINUTE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in OPEN:
            await self.app(scope, receive, send)
            return
        given = credentials(scope)
        if given is not None and hmac.compare_digest(given, self._token):
            await self.app(scope, receive, send)
        elif given is not None and (wait := self._wrong.take(client_of(scope))):
            error = RateLimited("Too many wrong tokens came from this address.")
            await respond(error, retry_after(wait))(scope, receive, send)
        else:
            refusal = Unauthorized(
                "This server wants its token." if given is None else "That is not the token.",
                hint="Send `Authorization: Bearer TOKEN`, or TOKEN as the password of any user:"
                " curl -u :TOKEN. It is [server] token of whoever runs the server.",
            )
            response = respond(refusal)
            for scheme in SCHEMES:
                response.headers.append("WWW-Authenticate", scheme)
            await response(scope, receive, send)


def credentials(scope: Scope) -> bytes | None:
    """The token that a request brings, right or wrong; None where it brings none."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, rest = value.strip().partition(b" ")
            if scheme.lower() == b"bearer":
                return bytes(rest.strip())
            if scheme.lower() == b"basic":
                try:
                    return b64decode(rest.strip(), validate=True).partition(b":")[2]
                except binascii.Error:
                    return b""
            return b""
    return None
