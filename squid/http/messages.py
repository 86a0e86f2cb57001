"""Messages: send, page, edit, delete, restore; try again and continue an answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from squid.errors import InvalidRequest
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
from squid.http.sse import run_stream
from squid.models import Message, Run, Session
from squid.runs import start
from squid.runs.follow import up_to_date
from squid.store import messages

UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"

Files = Annotated[tuple[str, ...], msgspec.Meta(max_length=1000)]


class NewMessage(Body, frozen=True, kw_only=True):
    id: Id | None = None
    """`user.assistant.uuid`, chosen by the client so that a resend does no harm."""
    content: str = ""
    files: Files = ()
    """Ids of uploaded files."""


class SendMessage(Body, frozen=True, kw_only=True):
    message: NewMessage
    parent_id: str | None = None
    """What it follows; the end of the shown branch where it is not said."""
    model: str | None = None
    run_id: Id | None = None


class Chat(SendMessage, frozen=True, kw_only=True):
    session_id: str | None = None
    """A new session is made where it is not said."""
    system: str | None = None
    """The new session's system prompt."""


class EditMessage(Body, frozen=True, kw_only=True):
    id: Id | None = None
    content: str
    files: Files | None = None
    """The same files as before where it is not said."""
    model: str | None = None
    run_id: Id | None = None


class AskAgain(Body, frozen=True, kw_only=True):
    model: str | None = None
    run_id: Id | None = None
    """Chosen by the client so that a resend does no harm."""


class StartedRun(msgspec.Struct, frozen=True):
    run: Run
    session: Session
    messages: list[Message]
    """The question, if it is new, and the answer to come."""


class ListMessages(Query, frozen=True, kw_only=True):
    limit: Limit = 50
    before: str | None = None
    """A message's id: the page before it."""
    after: str | None = None
    """A message's id: the page behind it."""


class MessagePage(msgspec.Struct, frozen=True):
    messages: list[Message]
    """Oldest first."""
    older: bool
    newer: bool


async def chat(request: Request) -> Response:
    """Ask: a message in, the answer's events out.

    The stream may be dropped at any moment: the answer goes on, and
    /api/runs/{id}/events takes it up again behind the last event's id.
    """
    body = await read(request, Chat)
    started = await _send(request, body, body.session_id, body.system)
    headers = {
        "Content-Location": f"/api/runs/{started.run.id}/events",
        "X-Squid-Session": started.session.id,
        "X-Squid-Run": started.run.id,
    }
    return run_stream(request, started.run.id, 0, headers, theirs=True)


async def send(request: Request) -> Response:
    """Send a message; answers at once, and the run goes on by itself."""
    body = await read(request, SendMessage)
    return _accepted(await _send(request, body, request.path_params["session_id"]))


async def list_(request: Request) -> Response:
    """List messages of the shown branch: the newest, or those before or after one."""
    app = squid(request)
    page = await app.database.read(
        messages.page,
        user_id(request),
        request.path_params["session_id"],
        **msgspec.structs.asdict(query(request, ListMessages)),
    )
    found = await up_to_date(app.engine, app.database, page.messages)
    return answer(MessagePage(found, page.older, page.newer))


async def read_one(request: Request) -> Response:
    """Read a message, also while it is being written."""
    app = squid(request)
    message = await app.database.read(messages.get, user_id(request), _id(request))
    return answer((await up_to_date(app.engine, app.database, [message]))[0])


async def edit(request: Request) -> Response:
    """Say a message differently, in a new branch with an answer of its own."""
    body = await read(request, EditMessage)
    _check(request, body.id, body.files or (), "")
    app = squid(request)
    started = await app.ask(
        user_id(request),
        start.edit,
        _id(request),
        content=body.content,
        message_id=body.id,
        file_ids=body.files,
        model=body.model,
        run_id=body.run_id or chosen_id(request),
    )
    return _accepted(started)


async def retry(request: Request) -> Response:
    """Try again: another answer, beside the first."""
    body = await read(request, AskAgain)
    started = await squid(request).ask(
        user_id(request),
        start.retry,
        _id(request),
        model=body.model,
        run_id=body.run_id or chosen_id(request),
    )
    return _accepted(started)


async def resume(request: Request) -> Response:
    """Go on with an answer that ended early, in the same message."""
    body = await read(request, AskAgain)
    started = await squid(request).ask(
        user_id(request),
        start.resume,
        _id(request),
        model=body.model,
        run_id=body.run_id or chosen_id(request),
    )
    return _accepted(started)


async def delete(request: Request) -> Response:
    """Delete a message: out of sight, the model's too; restorable."""
    return await _set_deleted(request, True)


async def restore(request: Request) -> Response:
    """Restore a deleted message."""
    return await _set_deleted(request, False)


async def _set_deleted(request: Request, deleted: bool) -> Response:
    app = squid(request)
    message = await app.database.write(
        messages.set_deleted, user_id(request), _id(request), deleted
    )
    if deleted and message.status in ("pending", "streaming") and message.run_id is not None:
        await app.engine.stop(user_id(request), message.run_id)
        message = await app.database.read(messages.get, user_id(request), _id(request))
    return answer(message)


async def _send(
    request: Request, body: SendMessage, session_id: str | None, system: str | None = None
) -> start.Started:
    app = squid(request)
    _check(request, body.message.id, body.message.files, "/message")
    return await app.ask(
        user_id(request),
        start.send,
        session_id=session_id,
        system=system,
        content=body.message.content,
        message_id=body.message.id,
        parent_id=body.parent_id,
        file_ids=body.message.files,
        model=body.model,
        run_id=body.run_id or chosen_id(request),
    )


def _check(request: Request, message_id: str | None, file_ids: Sequence[str], at: str) -> None:
    """A client may choose a message's id, but not whom it is from. `at` is the JSON
    Pointer of the object that they are in."""
    wanted = f"{user_id(request)}.assistant."
    if message_id is not None and not re.fullmatch(re.escape(wanted) + UUID, message_id):
        raise InvalidRequest(f"A message's id is {wanted}UUID here.", pointer=f"{at}/id")
    most = squid(request).config.files.max_files_per_message
    if len(file_ids) > most:
        raise InvalidRequest(f"A message takes {most} files at most.", pointer=f"{at}/files")


def _accepted(started: start.Started) -> Response:
    return answer(
        StartedRun(started.run, started.session, list(started.messages)),
        202,
        {"Location": f"/api/runs/{started.run.id}/events"},
    )


def _id(request: Request) -> str:
    return str(request.path_params["message_id"])
