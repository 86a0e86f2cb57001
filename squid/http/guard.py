"""Which names and pages are let in: those of this server, and those that are named.

Listening on loopback keeps other machines out, but not the pages that this machine's
browser has open, and a browser sends its password along with whatever page asks. A page
elsewhere is told by its `Origin`, one that had its own name point here (DNS rebinding) by
the `Host` it asks for, and one that only embeds something by `Sec-Fetch-Site`.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from functools import lru_cache

from starlette.types import ASGIApp, Receive, Scope, Send

from squid.errors import Forbidden
from squid.http.errors import respond

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class Guard:
    """`hosts` are names and `origins` are `scheme://host[:port]`, beside this server's own."""

    def __init__(
        self, app: ASGIApp, hosts: Collection[str] = (), origins: Collection[str] = ()
    ) -> None:
        self.app = app
        self._hosts = {host.lower() for host in hosts}
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (error := self._refusal(scope)):
            await respond(error)(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _refusal(self, scope: Scope) -> Forbidden | None:
        hosts = []
        origin = site = mode = ""
        for name, value in scope["headers"]:
            if name == b"host":
                hosts.append(value.decode("latin-1").lower())
            elif name == b"origin":
                origin = value.decode("latin-1") or "null"
            elif name == b"sec-fetch-site":
                site = value.decode("latin-1")
            elif name == b"sec-fetch-mode":
                mode = value.decode("latin-1")
        if len(hosts) != 1 or not self._is_ours(hosts[0]):
            return Forbidden(
                f"This server does not go by the name of {', '.join(hosts)[:100]!r}.",
                hint="If it is one of its names, add it to [server] allowed_hosts.",
            )
        if origin:
            if origin in self._origins or _same(origin, hosts[0]):
                return None
            return Forbidden(
                f"A page of another site may not use this server: {origin[:100]!r}.",
                hint="If that page is yours, add its origin to [server] allowed_origins.",
            )
        if site in ("cross-site", "same-site") and mode != "navigate":
            return Forbidden(
                "A page of another site may not embed what is on this server.",
                hint="If that page is yours, have it fetch from an origin in [server]"
                " allowed_origins.",
            )
        return None

    def _is_ours(self, host: str) -> bool:
        name = host_name(host)
        return name is not None and (
            name in self._hosts
            or name == "localhost"
            or name.endswith(".localhost")
            or is_address(name)
        )


def host_name(host: str) -> str | None:
    """The name in a `Host` header, or None where it is no such header."""
    found = re.fullmatch(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,253})(?::[0-9]{1,5})?", host)
    return found[1] if found else None


@lru_cache(256)
def is_address(name: str) -> bool:
    """Whether it is an IP address. Nobody can make one point elsewhere, so that it never
    is rebinding, whatever the address."""
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _same(origin: str, host: str) -> bool:
    """Whether the page came from the very host and port that it now asks. Which of the
    two schemes it was, a proxy in front knows, and we need not."""
    scheme, _, place = origin.lower().partition("://")
    port = _DEFAULT_PORTS.get(scheme)
    return port is not None and place.removesuffix(port) == host.removesuffix(port)
