"""Whether the server is up."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from squid import __version__
from squid.http.exchange import answer, squid


async def healthz(request: Request) -> Response:
    """GET /healthz"""
    return answer({"status": "ok", "version": __version__, **squid(request).figures()})


async def welcome(request: Request) -> Response:
    """GET /: for a person who opens the address."""
    return PlainTextResponse(
        "Squid is running. Ask it something:\n\n"
        "  squid ask 'What is the capital of France?'\n\n"
        f'  curl -N {request.url_for("chat")} -d \'{{"message": {{"content": "Hello"}}}}\'\n'
    )
