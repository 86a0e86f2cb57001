"""A run for a client that keeps the conversation too and sends all of it each time.

Squid has its own record, so only what is new is taken: the last message, and results
of tools. What the client sends before that says where in the tree it goes; in a
session that is new here, it becomes the record.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec

from squid.errors import IdTaken, InvalidRequest
from squid.ids import message_id as new_message_id
from squid.models import Message, Session, ToolCall
from squid.runs import start, tool_results
from squid.runs.start import Asked, Started
from squid.runs.tool_results import Result
from squid.store import files, history, messages, runs, sessions, turns
from squid.store.users import ASSISTANT

_NAMESPACE = uuid.UUID("0192d3c5-6b1e-7f04-9a35-5d0c3a1e5af1")


class Said(NamedTuple):
    """One message of the client's."""

    id: str
    """The client's own; a new message's id here is derived from it, so that a resend
    finds what the first one made (P5)."""
    role: Literal["user", "assistant", "tool"]
    text: str = ""
    digest: str = ""
    """Of the content as it was sent: the same id with another one is an edit."""
    uploads: tuple[files.New, ...] = ()
    reasoning: str = ""
    calls: tuple[ToolCall, ...] = ()
    result: Result | None = None


class Conversation(NamedTuple):
    session_id: str
    messages: tuple[Said, ...]
    system: str | None = None
    context: files.New | None = None
    """What the client wants the model to know now."""


def is_new(db: sqlite3.Connection, user_id: str, session_id: str) -> bool:
    """Whether a conversation would become this session's record. Raises NotFound where
    the session is somebody else's."""
    return not sessions.exists(db, session_id) or (
        sessions.get(db, user_id, session_id).head is None
    )


def begin(
    db: sqlite3.Connection, user_id: str, asked: Asked, conversation: Conversation
) -> Started:
    """Answer the last message of a conversation.

    A user's is a question: a new one, an edit of a stored one, or, if it is stored just
    like this, asked for another answer. Results of tools are answered by going on, and
    so is an answer that ended early.
    """
    before = _run_before(db, user_id, asked, conversation)
    if before is not None:
        return before
    session = _session(db, user_id, conversation)
    last = conversation.messages[-1]
    told = conversation.messages[:-1] if last.role == "user" else conversation.messages
    if session.head is None:
        _import(db, user_id, session, told)
    if last.role == "user":
        return _question(db, user_id, asked, session, conversation)
    if last.role == "tool":
        filled = _fill(db, user_id, session, told)
        end = turns.end(db, filled[-1], ["tool"])
        return _with(db, filled, start.retry(db, user_id, asked, end))
    answer = _find(db, user_id, session, last)
    if answer is None:
        raise InvalidRequest("The last message is not one to answer.")
    return start.resume(db, user_id, asked, answer)


def _question(
    db: sqlite3.Connection,
    user_id: str,
    asked: Asked,
    session: Session,
    conversation: Conversation,
) -> Started:
    *told, last = conversation.messages
    stored_id = _find(db, user_id, session, last)
    if stored_id is not None and _is_same(messages.get(db, user_id, stored_id), last):
        return start.retry(db, user_id, asked, stored_id)
    filled = _fill(db, user_id, session, told) if session.head is not None else []
    file_ids = [_keep(db, user_id, upload) for upload in last.uploads]
    if conversation.context is not None:
        file_id = _keep(db, user_id, conversation.context)
        if not turns.carries(db, session.id, file_id):
            file_ids.append(file_id)
    if stored_id is not None:
        edited = _derived(user_id, session, last, edit=True)
        return start.edit(
            db,
            user_id,
            asked,
            stored_id,
            content=last.text,
            message_id=edited,
            file_ids=file_ids,
        )
    started = start.send(
        db,
        user_id,
        asked,
        content=last.text,
        session_id=session.id,
        message_id=_derived(user_id, session, last),
        parent_id=_end_of(db, user_id, session, told),
        file_ids=file_ids,
    )
    return _with(db, filled, started)


def _fill(
    db: sqlite3.Connection, user_id: str, session: Session, told: Sequence[Said]
) -> list[str]:
    """Note the results that the client tells after the last thing that was said."""
    results: list[Result] = []
    for message in reversed(told):
        if message.result is None:
            break
        results.append(message.result)
    return [tool_results.fill(db, user_id, session.id, result) for result in reversed(results)]


def _end_of(
    db: sqlite3.Connection, user_id: str, session: Session, told: Sequence[Said]
) -> str | None:
    """Where the branch that the client shows ends here; None where nothing of it is
    known, which leaves it to the session's own branch.

    A client that left in the middle of an answer may know less of it than Squid.
    """
    for message in reversed(told):
        known = _find(db, user_id, session, message)
        if known is not None:
            return turns.end(db, known, ["assistant", "tool"])
    return None


def _find(db: sqlite3.Connection, user_id: str, session: Session, message: Said) -> str | None:
    """The id that a client's message has here."""
    if message.result is not None:
        return turns.of_call(db, session.id, message.result.call_id)
    own = [_derived(user_id, session, message, edit=edit) for edit in (True, False)]
    return turns.first_known(db, session.id, [message.id, *own])


def _derived(user_id: str, session: Session, message: Said, *, edit: bool = False) -> str:
    between = (user_id, ASSISTANT) if message.role == "user" else (ASSISTANT, user_id)
    name = msgspec.json.encode((session.id, message.id, message.digest if edit else None))
    return ".".join((*between, str(uuid.uuid5(_NAMESPACE, name.decode()))))


def _is_same(stored: Message, said: Said) -> bool:
    """Its files may be more than were said: with the context that came along."""
    sent = {upload.stored.sha256 for upload in said.uploads}
    kept = {file.sha256 for file in stored.files}
    return stored.role == said.role and stored.content == said.text and sent <= kept


def _run_before(
    db: sqlite3.Connection, user_id: str, asked: Asked, conversation: Conversation
) -> Started | None:
    if asked.run_id is None or not runs.exists(db, asked.run_id):
        return None
    run = runs.get(db, user_id, asked.run_id)
    session, written = history.changed(db, user_id, run.session_id, run.question_id, run.message_id)
    last = conversation.messages[-1]
    same = run.session_id == conversation.session_id
    if same and last.role == "user":
        asked_then = _find(db, user_id, session, last) == run.question_id
        same = asked_then and _is_same(written[0], last)
    if not same:
        raise IdTaken(
            f"The run id {run.id} was already used for something else.",
            hint="A new run needs a new id; the same one is only for sending it again.",
        )
    return Started(run, runs.number(db, run.id), session, written, created=False)


def _session(db: sqlite3.Connection, user_id: str, conversation: Conversation) -> Session:
    if sessions.exists(db, conversation.session_id):
        return sessions.get(db, user_id, conversation.session_id)
    return sessions.create(db, user_id, id=conversation.session_id, system=conversation.system)


def _import(db: sqlite3.Connection, user_id: str, session: Session, told: Sequence[Said]) -> None:
    """Make what was said elsewhere the beginning of the session."""
    results = {said.result.call_id: said.result for said in told if said.result is not None}
    parent: str | None = None
    count = 0
    for said in told:
        if said.role == "tool":
            continue
        id_ = _derived(user_id, session, said)
        if messages.exists(db, id_):
            raise InvalidRequest(f"Two messages have the id {said.id}.", pointer="/messages")
        messages.insert(
            db,
            id=id_,
            session_id=session.id,
            parent_id=parent,
            role=said.role,
            content=said.text,
            reasoning=said.reasoning,
            file_ids=[_keep(db, user_id, upload) for upload in said.uploads],
        )
        parent, count = id_, count + 1
        for call in said.calls:
            if (result := results.get(call.id)) is not None:
                call = msgspec.structs.replace(
                    call, result=result.content, is_error=result.is_error
                )
            id_ = new_message_id(ASSISTANT, user_id)
            messages.insert(
                db,
                id=id_,
                session_id=session.id,
                parent_id=parent,
                role="tool",
                content="",
                tool=call,
            )
            parent, count = id_, count + 1
    if parent is not None:
        question = next((said.text for said in told if said.role == "user"), None)
        sessions.grew(db, session.id, head=parent, messages=count, question=question)


def _keep(db: sqlite3.Connection, user_id: str, upload: files.New) -> str:
    return files.add(db, user_id, upload).id


def _with(db: sqlite3.Connection, filled: Sequence[str], started: Started) -> Started:
    """Caches take over what a transaction hands them, so it must hand over all."""
    return started._replace(messages=(*messages.load(db, filled), *started.messages))
