"""Sessions: list, make, read, change, delete, restore."""

from __future__ import annotations

from typing import Annotated

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from squid.http.exchange import Body, Id, answer, chosen_id, flag, limit, read, squid, user_id
from squid.models import Message, Session
from squid.runs.follow import newest
from squid.store import messages, sessions

Title = Annotated[str, msgspec.Meta(max_length=500)]


class CreateSession(Body, frozen=True, kw_only=True):
    id: Id | None = None
    title: Title = ""
    system: str | None = None
    model: str | None = None


class UpdateSession(Body, frozen=True, kw_only=True):
    title: Title | msgspec.UnsetType = msgspec.UNSET
    system: str | msgspec.UnsetType | None = msgspec.UNSET
    model: str | msgspec.UnsetType | None = msgspec.UNSET
    head: str | msgspec.UnsetType = msgspec.UNSET
    """A message: the newest branch through it is shown from now on."""


class SessionPage(msgspec.Struct, frozen=True):
    sessions: list[Session]
    next: str | None
    """The `cursor` of the next page."""


class SessionView(msgspec.Struct, frozen=True):
    """A session as it opens: with its newest messages, oldest first."""

    session: Session
    messages: list[Message]
    older: bool
    """Whether there are messages before these."""


async def list_(request: Request) -> Response:
    """GET /api/sessions: the most recently active first; `?deleted=true` for the trash."""
    found, cursor = await squid(request).database.read(
        sessions.page,
        user_id(request),
        limit=limit(request),
        cursor=request.query_params.get("cursor"),
        deleted=flag(request, "deleted"),
    )
    return answer(SessionPage(found, cursor))


async def create(request: Request) -> Response:
    """POST /api/sessions: with an `id` of the client's, harmless to send again."""
    body = await read(request, CreateSession)
    session = await squid(request).database.write(
        sessions.create,
        user_id(request),
        id=body.id or chosen_id(request),
        title=body.title,
        system=body.system,
        model=body.model,
    )
    return answer(session, 201, {"Location": f"/api/sessions/{session.id}"})


async def read_one(request: Request) -> Response:
    """GET /api/sessions/{session_id}: with the newest page of its messages."""
    app = squid(request)
    session_id = request.path_params["session_id"]
    entry = await newest(app.engine, app.database, app.cache, user_id(request), session_id)
    return answer(SessionView(entry.session, list(entry.tail), entry.older))


async def update(request: Request) -> Response:
    """PATCH /api/sessions/{session_id}: title, system prompt, model, shown branch."""
    body = await read(request, UpdateSession)
    fields = {
        name: value
        for name in ("title", "system", "model")
        if (value := getattr(body, name)) is not msgspec.UNSET
    }
    if body.head is not msgspec.UNSET:
        fields["head"] = body.head
    return answer(
        await squid(request).database.write(
            messages.update_session, user_id(request), request.path_params["session_id"], **fields
        )
    )


async def delete(request: Request) -> Response:
    """DELETE /api/sessions/{session_id}: into the trash; a live answer is stopped."""
    app = squid(request)
    session_id = request.path_params["session_id"]
    session = await app.database.write(sessions.delete, user_id(request), session_id)
    if session.live_run_id is not None:
        await app.engine.stop(user_id(request), session.live_run_id)
        session = await app.database.read(sessions.get, user_id(request), session_id, deleted=True)
    return answer(session)


async def restore(request: Request) -> Response:
    """POST /api/sessions/{session_id}/restore"""
    return answer(
        await squid(request).database.write(
            sessions.restore, user_id(request), request.path_params["session_id"]
        )
    )
