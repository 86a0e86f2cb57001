"""Runs: read one, follow its events, stop it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from squid.http.exchange import answer, last_event_id, squid, user_id
from squid.http.sse import run_stream
from squid.store import runs


async def read_one(request: Request) -> Response:
    """Read a run."""
    run_id = request.path_params["run_id"]
    return answer(await squid(request).database.read(runs.get, user_id(request), run_id))


async def events(request: Request) -> Response:
    """Follow a run: what came behind the given event, then live, to its end. Where there
    is no more and never will be, the answer is 204."""
    run_id, after = request.path_params["run_id"], last_event_id(request) or 0
    run = await squid(request).database.read(runs.get, user_id(request), run_id)
    if run.status != "running" and after >= run.last_event:
        return Response(status_code=204)  # or an EventSource would come back for ever
    return run_stream(request, run_id, after)


async def stop(request: Request) -> Response:
    """Stop a run: end it early and keep its text."""
    return answer(await squid(request).engine.stop(user_id(request), request.path_params["run_id"]))
