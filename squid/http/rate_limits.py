"""How much an address may ask.

Forty lines of our own: the usual library takes 0.1 s to import, a fifth of a start, and
keeps a thread and an entry of each address that ever came.
"""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache

from starlette.types import ASGIApp, Receive, Scope, Send

from squid.errors import RateLimited
from squid.http.endpoint import OPEN
from squid.http.errors import respond

MINUTE = 60.0
MAX_CLIENTS = 10_000
"""How many are remembered; of more, those that asked longest ago are forgotten."""


class Allowance:
    """So many a minute for each client, all at once or one after another.

    A client's entry is the time at which it will have its whole allowance back (the
    generic cell rate algorithm), so that nothing needs counting down.
    """

    def __init__(
        self,
        per_minute: int,
        clock: Callable[[], float] = time.monotonic,
        max_clients: int = MAX_CLIENTS,
    ) -> None:
        self._each = MINUTE / per_minute
        self._clock = clock
        self._max_clients = max_clients
        self._whole_at: OrderedDict[str, float] = OrderedDict()

    def take(self, client: str) -> float:
        """Take one. Returns 0, or the seconds until there will be one to take."""
        now = self._clock()
        whole_at = max(self._whole_at.get(client, now), now) + self._each
        wait = whole_at - now - MINUTE
        if wait > 1e-6:
            return wait
        self._whole_at[client] = whole_at
        self._whole_at.move_to_end(client)
        if len(self._whole_at) > self._max_clients:
            self._whole_at.popitem(last=False)
        return 0

    def __len__(self) -> int:
        return len(self._whole_at)


class RateLimits:
    def __init__(self, app: ASGIApp, per_minute: int) -> None:
        self.app = app
        self._per_minute = per_minute
        self._allowance = Allowance(per_minute)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] == "http"
            and scope["path"] not in OPEN
            and (wait := self._allowance.take(client_of(scope)))
        ):
            error = RateLimited(
                f"More than {self._per_minute:,} requests came from this address in a minute.",
                hint="The limit is [performance] rate_limit_requests_per_minute.",
            )
            await respond(error, retry_after(wait))(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def retry_after(seconds: float) -> dict[str, str]:
    return {"Retry-After": str(math.ceil(seconds))}


def client_of(scope: Scope) -> str:
    """Who asks, as far as an address tells."""
    client = scope.get("client")
    return _network(client[0]) if client else ""


@lru_cache(1024)
def _network(address: str) -> str:
    """An IPv6 address stands for its /64: whoever has one has all of those."""
    if ":" not in address:
        return address[:64]
    try:
        ip = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    return str(ip.ipv4_mapped or ipaddress.ip_network((ip, 64), strict=False))
