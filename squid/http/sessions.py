"""Sessions: list, make, read, change, delete, restore."""

from __future__ import annotations

from typing import Annotated

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from squid.http.exchange import (
    Body,
    Id,
    Limit,
    Query,
    answer,
    chosen_id,
    query,
    read,
    squid,
    user_id,
)
from squid.models import Message, Session
from squid.runs.follow import newest
from squid.store import messages, sessions
from squid.store.cursors import Order, Sort

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
    archived: bool | msgspec.UnsetType = msgspec.UNSET
    """Whether it is put away, out of the lists. A message sent into it brings it back."""
    head: str | msgspec.UnsetType = msgspec.UNSET
    """A message: the newest branch through it is shown from now on."""


Words = Annotated[str, msgspec.Meta(max_length=500, pattern=r"^[^\x00]*$")]
"""SQLite's LIKE ends at a NUL, and does not take patterns of any length."""

Time = Annotated[int, msgspec.Meta(ge=0, le=10**15)]


class ListSessions(Query, frozen=True, kw_only=True):
    limit: Limit = 50
    cursor: str | None = None
    """`next` of the page before. The other parameters stay the same from page to page."""
    deleted: bool = False
    """The trash instead, with archived sessions among the others."""
    archived: bool = False
    """Only archived sessions; else they are left out."""
    text: Words | None = None
    """Only with this text in the title or in a message. A to Z match a to z; no other sign
    has a meaning of its own."""
    model: str | None = None
    """Only sessions that are set to this model, or that it has answered in."""
    active_after: Time | None = None
    """Only with their last activity at or after this time, in milliseconds since 1970."""
    active_before: Time | None = None
    """Only with their last activity before this time."""
    sort: Sort = "activity"
    """By last activity, by date of creation, or by title."""
    order: Order | None = None
    """`asc` for titles and `desc` for times where it is not said."""


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
    """List sessions, the most recently active first unless `sort` says otherwise."""
    wanted = msgspec.structs.asdict(query(request, ListSessions))
    found, cursor = await squid(request).database.read(sessions.page, user_id(request), **wanted)
    return answer(SessionPage(found, cursor))


async def create(request: Request) -> Response:
    """Make a session. With an `id` of the client's it is harmless to send again."""
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
    """Open a session, with the newest page of its messages."""
    app = squid(request)
    session_id = request.path_params["session_id"]
    entry = await newest(app.engine, app.database, app.cache, user_id(request), session_id)
    return answer(SessionView(entry.session, list(entry.tail), entry.older))


async def update(request: Request) -> Response:
    """Change a session: title, system prompt, model, shown branch; archive it."""
    body = await read(request, UpdateSession)
    fields = {
        name: value
        for name in ("title", "system", "model", "archived", "head")
        if (value := getattr(body, name)) is not msgspec.UNSET
    }
    return answer(
        await squid(request).database.write(
            messages.update_session, user_id(request), request.path_params["session_id"], **fields
        )
    )


async def delete(request: Request) -> Response:
    """Delete a session: into the trash. A live answer is stopped."""
    app = squid(request)
    session_id = request.path_params["session_id"]
    session = await app.database.write(sessions.delete, user_id(request), session_id)
    if session.live_run_id is not None:
        await app.engine.stop(user_id(request), session.live_run_id)
        session = await app.database.read(sessions.get, user_id(request), session_id, deleted=True)
    return answer(session)


async def restore(request: Request) -> Response:
    """Restore a deleted session."""
    return answer(
        await squid(request).database.write(
            sessions.restore, user_id(request), request.path_params["session_id"]
        )
    )
