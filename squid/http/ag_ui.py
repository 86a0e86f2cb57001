"""AG-UI: any of its clients runs a session here."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from squid.errors import InvalidRequest


async def run(request: Request) -> Response:
    """POST /api/ag-ui: a RunAgentInput in, the run's events out."""
    raise InvalidRequest("Not there yet.")
