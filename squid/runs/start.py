"""What makes a run: a message sent, edited, tried again, or continued.

Each is one transaction: what the user said, the empty answer, the run and its first
events are there together or not at all. Ids come from the client where it gave any,
so that a request sent twice finds what the first one made (P5).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Literal, NamedTuple

from squid.errors import Conflict, IdTaken, InvalidRequest
from squid.ids import message_id as new_message_id
from squid.ids import new_id
from squid.models import Message, Run, Session
from squid.runs import events
from squid.runs.log import Taken
from squid.store import files, history, messages, runs, sessions
from squid.store.users import ASSISTANT

CONTINUABLE = ("interrupted", "stopped", "error")


class Asked(NamedTuple):
    """Which model, and by which process."""

    provider: str
    default_model: str
    worker: str
    model: str | None = None
    run_id: str | None = None


class Started(NamedTuple):
    run: Run
    number: int
    session: Session
    messages: tuple[Message, ...]
    """What the transaction wrote: the question, if it is new, and the answer."""
    created: bool
    """False where an earlier, same request had made the run already."""
    first: tuple[Taken, ...] = ()
    """The run's first events, which the transaction wrote."""


def send(
    db: sqlite3.Connection,
    user_id: str,
    asked: Asked,
    *,
    content: str,
    session_id: str | None = None,
    message_id: str | None = None,
    parent_id: str | None = None,
    file_ids: Sequence[str] = (),
    system: str | None = None,
    session_model: str | None = None,
) -> Started:
    """Say something, in a new session where none is named, and have it answered.

    `parent_id` is the message it follows: the session's head where none is named.
    """
    sent = message_id or _question_of(db, asked)
    if sent is not None and messages.exists(db, sent):
        return _sent_before(db, user_id, sent, content, session_id, file_ids)
    if session_id is None:
        session = sessions.create(db, user_id, system=system, model=session_model)
    else:
        session = sessions.get(db, user_id, session_id)
    parent = session.head
    if parent_id is not None:
        if messages.get(db, user_id, parent_id).session_id != session.id:
            raise InvalidRequest(f"The message {parent_id} is not of this session.")
        parent = parent_id
    return _ask(db, user_id, asked, session, parent, content, file_ids, message_id)


def edit(
    db: sqlite3.Connection,
    user_id: str,
    asked: Asked,
    target_id: str,
    *,
    content: str,
    message_id: str | None = None,
    file_ids: Sequence[str] | None = None,
) -> Started:
    """Say it differently: a sibling of the user's message, with an answer of its own.
    The files stay unless others are named."""
    sent = message_id or _question_of(db, asked)
    if sent is not None and messages.exists(db, sent):
        return _sent_before(db, user_id, sent, content, None, file_ids)
    target = messages.get(db, user_id, target_id)
    if target.role != "user":
        raise InvalidRequest("Only a user's message can be edited and answered anew.")
    _refuse_deleted(target)
    session = sessions.get(db, user_id, target.session_id)
    kept = [file.id for file in target.files] if file_ids is None else file_ids
    return _ask(db, user_id, asked, session, target.parent_id, content, kept, message_id)


def retry(db: sqlite3.Connection, user_id: str, asked: Asked, target_id: str) -> Started:
    """Another answer to the same question, as a sibling of the first. `target_id` is
    the answer or the question."""
    target = messages.get(db, user_id, target_id)
    before = _run_before(db, user_id, asked)
    if before is not None:
        if before.run.question_id not in (target.id, target.parent_id):
            raise _run_id_taken(before.run.id)
        return before
    if target.role == "assistant" and target.parent_id is not None:
        question = messages.get(db, user_id, target.parent_id)
    elif target.role in ("user", "tool"):
        question = target
    else:
        raise InvalidRequest("Only a question or its answer can be tried again.")
    _refuse_deleted(question)
    session = sessions.get(db, user_id, target.session_id)
    return _answer(db, user_id, asked, session, question.id, added=1, question=None)


def resume(db: sqlite3.Connection, user_id: str, asked: Asked, target_id: str) -> Started:
    """Go on with an answer that ended early, in the same message."""
    target = messages.get(db, user_id, target_id)
    before = _run_before(db, user_id, asked)
    if before is not None:
        if before.run.message_id != target.id:
            raise _run_id_taken(before.run.id)
        return before
    _refuse_deleted(target)
    cut = target.status in CONTINUABLE or target.stop_reason == "max_tokens"
    if target.role != "assistant" or target.parent_id is None or not cut:
        raise Conflict(
            "This message is not an answer that ended early.",
            hint="Only an interrupted, stopped, failed or cut-off answer can be continued.",
        )
    if messages.has_children(db, target_id):
        raise Conflict(
            "The conversation has gone on after this answer.",
            hint="Try again instead: that makes a branch.",
        )
    session = sessions.get(db, user_id, target.session_id)
    begun = _start(db, asked, session, target.id, target.parent_id, "continue", len(target.content))
    messages.reopen(db, target.id, begun.run_id)
    sessions.grew(db, session.id, head=target.id, messages=0, live_run_id=begun.run_id)
    return _started(db, user_id, session.id, begun, target.id)


def _refuse_deleted(message: Message) -> None:
    if message.purged_at is not None:
        raise messages.was_purged(message.id)
    if message.deleted_at is not None:
        raise Conflict(f"The message {message.id} was deleted.", hint="Restore it first.")


def _ask(
    db: sqlite3.Connection,
    user_id: str,
    asked: Asked,
    session: Session,
    parent_id: str | None,
    content: str,
    file_ids: Sequence[str],
    message_id: str | None,
) -> Started:
    if not content.strip() and not file_ids:
        raise InvalidRequest("The message is empty.", hint="Write something or add a file.")
    files.check(db, user_id, file_ids)
    question_id = message_id or new_message_id(user_id, ASSISTANT)
    messages.insert(
        db,
        id=question_id,
        session_id=session.id,
        parent_id=parent_id,
        role="user",
        content=content,
        file_ids=file_ids,
    )
    question = content if content.strip() else files.get(db, user_id, file_ids[0]).name
    return _answer(db, user_id, asked, session, question_id, added=2, question=question)


def _answer(
    db: sqlite3.Connection,
    user_id: str,
    asked: Asked,
    session: Session,
    question_id: str,
    *,
    added: int,
    question: str | None,
) -> Started:
    answer_id = new_message_id(ASSISTANT, user_id)
    messages.insert(
        db,
        id=answer_id,
        session_id=session.id,
        parent_id=question_id,
        role="assistant",
        content="",
        status="pending",
    )
    begun = _start(db, asked, session, answer_id, question_id, "answer", 0)
    messages.reopen(db, answer_id, begun.run_id)
    sessions.grew(
        db, session.id, head=answer_id, messages=added, question=question, live_run_id=begun.run_id
    )
    new = (question_id, answer_id) if question is not None else (answer_id,)
    return _started(db, user_id, session.id, begun, *new)


class Begun(NamedTuple):
    run_id: str
    number: int
    first: tuple[Taken, ...]


def _start(
    db: sqlite3.Connection,
    asked: Asked,
    session: Session,
    answer_id: str,
    question_id: str,
    kind: Literal["answer", "continue"],
    offset: int,
) -> Begun:
    run_id = asked.run_id or new_id()
    model = asked.model or session.model or asked.default_model
    number = runs.start(
        db,
        id=run_id,
        session_id=session.id,
        message_id=answer_id,
        question_id=question_id,
        kind=kind,
        provider=asked.provider,
        model=model,
        worker=asked.worker,
        text_start=offset,
    )
    first: events.Event = events.RunStarted(
        thread_id=session.id, run_id=run_id, protocol_version=events.PROTOCOL_VERSION
    )
    about: events.Event = events.Custom(
        name="squid.run",
        value={
            "session_id": session.id,
            "question_id": question_id,
            "message_id": answer_id,
            "kind": kind,
            "provider": asked.provider,
            "model": model,
            "text_start": offset,
        },
    )
    taken = tuple(
        Taken(seq, event, events.encode(event)) for seq, event in enumerate((first, about), 1)
    )
    runs.append(db, runs.rows(number, taken))
    return Begun(run_id, number, taken)


def _started(
    db: sqlite3.Connection, user_id: str, session_id: str, begun: Begun, *ids: str
) -> Started:
    sessions.touch(db, session_id, "message", message_id=ids[-1], run_id=begun.run_id)
    session, written = history.changed(db, user_id, session_id, *ids)
    run = runs.get(db, user_id, begun.run_id)
    return Started(run, begun.number, session, written, created=True, first=begun.first)


def _sent_before(
    db: sqlite3.Connection,
    user_id: str,
    message_id: str,
    content: str,
    session_id: str | None,
    file_ids: Sequence[str] | None,
) -> Started:
    taken = IdTaken(
        f"The message id {message_id} was already used for something else.",
        hint="A new message needs a new id; the same one is only for sending it again.",
    )
    message = messages.get(db, user_id, message_id)
    if message.purged_at is not None:
        raise messages.was_purged(message_id)
    run = runs.of_question(db, message_id)
    same = message.content == content and session_id in (None, message.session_id)
    if file_ids is not None:
        same = same and tuple(file_ids) == tuple(file.id for file in message.files)
    if run is None or not same:
        raise taken
    return _found(db, user_id, run)


def _question_of(db: sqlite3.Connection, asked: Asked) -> str | None:
    """What an earlier request with the same run id asked."""
    if asked.run_id is None or not runs.exists(db, asked.run_id):
        return None
    return runs.question_id(db, asked.run_id)


def _run_before(db: sqlite3.Connection, user_id: str, asked: Asked) -> Started | None:
    """The run with the id that the client chose, where it is there already."""
    if asked.run_id is None or not runs.exists(db, asked.run_id):
        return None
    return _found(db, user_id, runs.get(db, user_id, asked.run_id))


def _run_id_taken(run_id: str) -> IdTaken:
    return IdTaken(
        f"The run id {run_id} was already used for something else.",
        hint="A new run needs a new id; the same one is only for asking for it again.",
    )


def _found(db: sqlite3.Connection, user_id: str, run: Run) -> Started:
    session, written = history.changed(db, user_id, run.session_id, run.question_id, run.message_id)
    number = runs.number(db, run.id)
    return Started(run, number, session, written, created=False)
