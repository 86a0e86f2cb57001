"""What an import writes: sessions, messages and files with the ids and times they had.

What is here already and just the same is left alone, so that importing twice is
harmless. What is here and different raises Conflict: which of the two is right is not
a program's to say.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from squid.errors import Conflict, IdTaken, NotFound
from squid.ids import now
from squid.models import File, Message, Session
from squid.store import files as stored_files
from squid.store import messages as stored_messages
from squid.store import sessions as stored_sessions
from squid.store import sources

_HINT = "Nothing was imported."


def file(
    db: sqlite3.Connection, user_id: str, new: File, content: Callable[[], stored_files.Stored]
) -> tuple[File, bool]:
    """Keep a file, and its content where that is not here yet. Returns the one that
    stands for it, as content that the user has under the same name has its id already,
    and whether it is new."""
    row = db.execute("SELECT user_id FROM files WHERE id = ?", (new.id,)).fetchone()
    if row is not None:
        if row[0] != user_id:
            raise _taken("file", new.id)
        old = stored_files.get(db, user_id, new.id)
        _same("file", old, new)
        return old, False
    row = db.execute(
        "SELECT id FROM files WHERE user_id = ? AND sha256 = ? AND name = ?",
        (user_id, new.sha256, new.name),
    ).fetchone()
    if row is not None:
        return stored_files.get(db, user_id, row[0]), False
    if not db.execute("SELECT 1 FROM file_contents WHERE sha256 = ?", (new.sha256,)).fetchone():
        db.execute(
            "INSERT INTO file_contents (sha256, size, encoding, data) VALUES (?, ?, ?, ?)",
            content(),
        )
    db.execute(
        "INSERT INTO files (id, user_id, sha256, name, media_type, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (new.id, user_id, new.sha256, new.name, new.media_type, new.created_at),
    )
    return new, True


def session(db: sqlite3.Connection, user_id: str, new: Session) -> bool:
    """Make a session of the user's; `settle` it when its messages are there. Says
    whether it is new."""
    if stored_sessions.exists(db, new.id):
        try:
            old = stored_sessions.get(db, user_id, new.id, deleted=True)
        except NotFound:
            raise _taken("session", new.id) from None
        # What a database counts for itself is in no export.
        _same("session", old, new, but=("message_count", "live_run_id", "version"))
        return False
    db.execute(
        "INSERT INTO sessions (id, title, system, model, head, input_tokens, output_tokens,"
        " created_at, active_at, archived_at, deleted_at, version)"
        f" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, {stored_sessions.FIRST_VERSION})",
        (
            *(new.id, new.title, new.system, new.model, new.head, new.input_tokens),
            *(new.output_tokens, new.created_at, new.active_at, new.archived_at),
            *(new.deleted_at, new.id),
        ),
    )
    db.execute(
        "INSERT INTO members (session_id, user_id, role, joined_at) VALUES (?, ?, 'owner', ?)",
        (new.id, user_id, new.created_at),
    )
    return True


def messages(db: sqlite3.Connection, new: Sequence[Message]) -> list[Message]:
    """Keep messages of sessions that are the user's by now, parents first. Returns
    those that were not here."""
    marks = ",".join("?" * len(new))
    rows = db.execute(
        f"SELECT id, session_id FROM messages WHERE id IN ({marks})", [one.id for one in new]
    ).fetchall()
    here = dict(rows)
    _compare(db, [one for one in new if one.id in here], here)
    added = [one for one in new if one.id not in here]
    db.executemany(
        "INSERT INTO messages (id, session_id, parent_id, depth, role, status, created_at,"
        " updated_at, deleted_at, purged_at, run_id, model, stop_reason, usage, error, tool,"
        " content, reasoning)"
        " VALUES (?, ?, ?, coalesce((SELECT depth + 1 FROM messages WHERE id = ?), 0),"
        " ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                *(one.id, one.session_id, one.parent_id, one.parent_id, one.role, one.status),
                *(one.created_at, one.updated_at, one.deleted_at, one.purged_at),
                *(one.run_id, one.model),
                *(one.stop_reason, _json(one.usage), _json(one.error), _json(one.tool)),
                *(one.content, one.reasoning),
            )
            for one in added
        ],
    )
    for one in added:
        stored_files.attach(db, one.id, [file.id for file in one.files])
        if one.sources:
            sources.replace(db, one.id, one.sources)
    return added


def settle(db: sqlite3.Connection, session_id: str) -> None:
    """Count a session's messages, now that they are there, and tell its members. For
    retention, it begins now: its own times may be long past."""
    db.execute(
        "UPDATE sessions SET message_count = (SELECT count(*) FROM messages"
        " WHERE session_id = ? AND deleted_at IS NULL), retention_from = ? WHERE id = ?",
        (session_id, now(), session_id),
    )
    stored_sessions.touch(db, session_id, "session")


def _compare(db: sqlite3.Connection, new: Sequence[Message], here: Mapping[str, str]) -> None:
    for one in new:
        if here[one.id] != one.session_id:
            raise _taken("message", one.id)
    old = stored_messages.load(db, [one.id for one in new], siblings=False)
    for one, before in zip(new, old, strict=True):
        _same("message", before, one)


def _same(noun: str, old: msgspec.Struct, new: msgspec.Struct, but: Sequence[str] = ()) -> None:
    """Raise Conflict where the two are not the same."""
    if old == new:
        return
    before: dict[str, Any] = msgspec.structs.asdict(old)
    after: dict[str, Any] = msgspec.structs.asdict(new)
    differ = [name for name in before if before[name] != after[name] and name not in but]
    if differ:
        raise Conflict(
            f"The {noun} {after['id']} is here already, with another {' and '.join(differ)}.",
            hint=f"{_HINT} To have it as it is in the export, import into an empty database.",
        )


def _taken(noun: str, id: str) -> IdTaken:
    return IdTaken(f"The {noun} id {id} cannot be used: it is something else's.", hint=_HINT)


def _json(value: msgspec.Struct | None) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()
