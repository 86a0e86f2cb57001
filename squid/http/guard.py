"""Who may speak to a server that has no passwords: programs and pages of this machine.

Listening on loopback keeps other machines out, but not the pages that this machine's
browser has open. A page elsewhere is told by its `Origin`; one that had its own name
point here (DNS rebinding) by the `Host` it asks for.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from squid.errors import Forbidden
from squid.http.errors import respond


class Guard:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            error = None
            if not is_local(f"//{headers.get('host', '')}"):
                error = Forbidden("This server is asked for by another name than its own.")
            elif "origin" in headers and not is_local(headers["origin"]):
                error = Forbidden("A page of another site may not use this server.")
            if error is not None:
                await respond(error)(scope, receive, send)
                return
        await self.app(scope, receive, send)


def is_local(url: str) -> bool:
    """Whether a URL's host is this machine, by a name that nobody else can give out."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
