"""The API, described: as an OpenAPI document, and as a page that needs no network.

Both are made from the table of routes when they are first asked for.
"""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from squid.http.endpoint import JSON, Endpoint


async def openapi(request: Request) -> Response:
    """Describe the API: this document, OpenAPI 3.1."""
    body = msgspec.json.encode(await _document(request))
    return Response(body, media_type=JSON)


async def page(request: Request) -> Response:
    """Browse the API: every route on one page, without a script or a network."""
    from squid.http import docs_page

    state = request.app.state
    if not hasattr(state, "docs_page"):
        state.docs_page = docs_page.render(await _document(request))
    policy = {"Content-Security-Policy": docs_page.POLICY}
    return Response(state.docs_page, media_type="text/html", headers=policy)


async def _document(request: Request) -> dict[str, Any]:
    # Imported and made only now, in a thread: it takes longer than an answer may wait.
    from squid.http.openapi import document

    state = request.app.state
    if not hasattr(state, "openapi"):
        table = [route for route in request.app.routes if isinstance(route, Endpoint)]
        state.openapi = await asyncio.to_thread(document, table)
    found: dict[str, Any] = state.openapi
    return found
