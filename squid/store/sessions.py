"""Sessions, always seen through a user's membership."""

from __future__ import annotations

import base64
import binascii
import sqlite3
from typing import Any, Literal

from squid.errors import IdTaken, InvalidRequest, NotFound
from squid.ids import new_id, now
from squid.models import Session
from squid.store import changes

TITLE_LENGTH = 80
"""Characters of a title made from the first message."""

_COLUMNS = (
    "s.id, s.title, s.system, s.model, s.head, s.message_count, s.input_tokens,"
    " s.output_tokens, s.live_run_id, s.version, s.created_at, s.active_at, s.deleted_at"
)
_FIELDS = [name.strip().removeprefix("s.") for name in _COLUMNS.split(",")]
_MINE = "FROM members m JOIN sessions s ON s.id = m.session_id WHERE m.user_id = ?"


def create(
    db: sqlite3.Connection,
    user_id: str,
    *,
    id: str | None = None,
    title: str = "",
    system: str | None = None,
    model: str | None = None,
) -> Session:
    """Make a session. With an id that is the user's own already, return that one."""
    session_id, at = id or new_id(), now()
    if id is not None and db.execute("SELECT 1 FROM sessions WHERE id = ?", (id,)).fetchone():
        try:
            return get(db, user_id, id)
        except NotFound:
            raise IdTaken(f"The session id {id} cannot be used.") from None
    db.execute(
        "INSERT INTO sessions (id, title, system, model, created_at, active_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (session_id, title, system, model, at, at),
    )
    db.execute(
        "INSERT INTO members (session_id, user_id, role, joined_at) VALUES (?, ?, 'owner', ?)",
        (session_id, user_id, at),
    )
    changes.add(db, session_id, "session", 1)
    return get(db, user_id, session_id)


def get(db: sqlite3.Connection, user_id: str, session_id: str, *, deleted: bool = False) -> Session:
    """One of the user's sessions; a deleted one only where `deleted` asks for it."""
    row = db.execute(f"SELECT {_COLUMNS} {_MINE} AND s.id = ?", (user_id, session_id)).fetchone()
    session = _session(row) if row else None
    if session is None or (session.deleted_at is not None and not deleted):
        raise NotFound(f"There is no session {session_id}.")
    return session


def exists(db: sqlite3.Connection, session_id: str) -> bool:
    """Whether anybody has a session of that id."""
    row = db.execute("SELECT 1 FROM sessions WHERE id = ?", (session_id,)).fetchone()
    return row is not None


def owner(db: sqlite3.Connection, session_id: str) -> str:
    """The id of the user whose session it is, for work that no request asked for."""
    row = db.execute(
        "SELECT user_id FROM members WHERE session_id = ? AND role = 'owner'", (session_id,)
    ).fetchone()
    return str(row[0])


def version(db: sqlite3.Connection, user_id: str, session_id: str) -> int:
    """What a cached copy is held against. Raises NotFound, as `get` does."""
    row = db.execute(
        f"SELECT s.version {_MINE} AND s.id = ? AND s.deleted_at IS NULL", (user_id, session_id)
    ).fetchone()
    if row is None:
        raise NotFound(f"There is no session {session_id}.")
    return int(row[0])


def page(
    db: sqlite3.Connection,
    user_id: str,
    *,
    limit: int = 50,
    cursor: str | None = None,
    deleted: bool = False,
) -> tuple[list[Session], str | None]:
    """The most recently active first, and the cursor of the next page if there is one."""
    state = "IS NOT NULL" if deleted else "IS NULL"
    where, values = f"AND s.deleted_at {state}", []
    if cursor is not None:
        where += " AND (s.active_at, s.id) < (?, ?)"
        values = list(_decode_cursor(cursor))
    rows = db.execute(
        f"SELECT {_COLUMNS} {_MINE} {where} ORDER BY s.active_at DESC, s.id DESC LIMIT ?",
        (user_id, *values, limit + 1),
    ).fetchall()
    sessions = [_session(row) for row in rows[:limit]]
    more = len(rows) > limit
    return sessions, _encode_cursor(sessions[-1]) if more else None


def update(db: sqlite3.Connection, user_id: str, session_id: str, **fields: str | None) -> Session:
    """Set `title`, `system` or `model`."""
    get(db, user_id, session_id)
    for name, value in fields.items():
        assert name in {"title", "system", "model"}
        db.execute(f"UPDATE sessions SET {name} = ? WHERE id = ?", (value, session_id))
    touch(db, session_id, "session")
    return get(db, user_id, session_id)


def delete(db: sqlite3.Connection, user_id: str, session_id: str) -> Session:
    session = get(db, user_id, session_id, deleted=True)
    if session.deleted_at is None:
        db.execute("UPDATE sessions SET deleted_at = ? WHERE id = ?", (now(), session_id))
        # Whatever was begun in it meanwhile is not to go on unseen.
        db.execute(
            "UPDATE runs SET stop_requested_at = ?"
            " WHERE session_id = ? AND status = 'running' AND stop_requested_at IS NULL",
            (now(), session_id),
        )
        touch(db, session_id, "session")
    return get(db, user_id, session_id, deleted=True)


def restore(db: sqlite3.Connection, user_id: str, session_id: str) -> Session:
    session = get(db, user_id, session_id, deleted=True)
    if session.deleted_at is not None:
        db.execute("UPDATE sessions SET deleted_at = NULL WHERE id = ?", (session_id,))
        touch(db, session_id, "session")
    return get(db, user_id, session_id)


def newest(db: sqlite3.Connection, user_id: str) -> Session | None:
    """The session that was active last."""
    sessions, _ = page(db, user_id, limit=1)
    return sessions[0] if sessions else None


def touch(
    db: sqlite3.Connection,
    session_id: str,
    kind: Literal["session", "message", "run"],
    *,
    message_id: str | None = None,
    run_id: str | None = None,
) -> int:
    """Note a change in the session: once in each transaction that makes one. Returns
    the new version, which is what caches and readers compare."""
    row = db.execute(
        "UPDATE sessions SET version = version + 1 WHERE id = ? RETURNING version", (session_id,)
    ).fetchone()
    changes.add(db, session_id, kind, row[0], message_id=message_id, run_id=run_id)
    return int(row[0])


def grew(
    db: sqlite3.Connection,
    session_id: str,
    *,
    head: str,
    messages: int,
    question: str | None = None,
    live_run_id: str | None = None,
) -> None:
    """Note that messages were added and that `head` is the last of the shown branch.
    The first question gives an untitled session its title."""
    db.execute(
        "UPDATE sessions SET head = ?, message_count = message_count + ?, active_at = ?,"
        " live_run_id = ?, title = CASE WHEN title = '' THEN ? ELSE title END WHERE id = ?",
        (head, messages, now(), live_run_id, title_of(question or ""), session_id),
    )


def extend(db: sqlite3.Connection, session_id: str, old: str, new: str, *, messages: int) -> None:
    """Note that messages were added behind `old`, up to `new`, which takes its place
    as head where the branch is still the shown one."""
    db.execute(
        "UPDATE sessions SET head = CASE WHEN head = ? THEN ? ELSE head END,"
        " message_count = message_count + ? WHERE id = ?",
        (old, new, messages, session_id),
    )


def set_head(db: sqlite3.Connection, session_id: str, head: str) -> None:
    db.execute("UPDATE sessions SET head = ? WHERE id = ?", (head, session_id))


def ended(
    db: sqlite3.Connection, session_id: str, run_id: str, *, input_tokens: int, output_tokens: int
) -> None:
    """Note that a run has ended and what it used."""
    db.execute(
        "UPDATE sessions SET active_at = ?, input_tokens = input_tokens + ?,"
        " output_tokens = output_tokens + ?,"
        " live_run_id = CASE WHEN live_run_id = ? THEN NULL ELSE live_run_id END WHERE id = ?",
        (now(), input_tokens, output_tokens, run_id, session_id),
    )


def title_of(question: str) -> str:
    """The first line of a question, cut at a word."""
    line = next((line.strip() for line in question.splitlines() if line.strip()), "")
    if len(line) <= TITLE_LENGTH:
        return line
    cut = line[: TITLE_LENGTH - 1]
    return (cut.rpartition(" ")[0] or cut) + "…"


def _session(row: tuple[Any, ...]) -> Session:
    return Session(**dict(zip(_FIELDS, row, strict=True)))


def _encode_cursor(session: Session) -> str:
    return base64.urlsafe_b64encode(f"{session.active_at}:{session.id}".encode()).decode()


def _decode_cursor(cursor: str) -> tuple[int, str]:
    try:
        at, _, session_id = base64.urlsafe_b64decode(cursor.encode()).decode().partition(":")
        if abs(int(at)) >= 1 << 63:  # more than SQLite can hold against a column
            raise ValueError(at)
        return int(at), session_id
    except (ValueError, binascii.Error):
        raise InvalidRequest("The cursor is not one that Squid gave out.") from None
