"""Whether the server is up."""

from __future__ import annotations

from typing import Literal

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from squid import __version__
from squid.http.exchange import answer, squid


class Health(msgspec.Struct, frozen=True):
    status: Literal["ok"]
    version: str
    live_runs: int
    events: int
    commits: int
    cache_hits: int
    cache_misses: int
    cache_evictions: int
    cache_bytes: int


async def healthz(request: Request) -> Response:
    """Say that the server is up, and what can be counted at no cost."""
    return answer(Health("ok", __version__, **squid(request).figures()))


async def welcome(request: Request) -> Response:
    """Welcome a person who opens the address."""
    more = f"\nWhat else there is: {request.url_for('docs')}\n"
    return PlainTextResponse(
        "Squid is running. Ask it something:\n\n"
        "  squid ask 'What is the capital of France?'\n\n"
        f'  curl -N {request.url_for("chat")} -d \'{{"message": {{"content": "Hello"}}}}\'\n'
        + (more if squid(request).config.features.docs else "")
    )
