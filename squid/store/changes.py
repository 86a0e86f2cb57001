"""The change feed: which of a user's sessions to look at again, in order."""

from __future__ import annotations

import sqlite3
from typing import Literal

from squid.ids import now
from squid.models import Change


def add(
    db: sqlite3.Connection,
    session_id: str,
    kind: Literal["session", "message", "run"],
    version: int,
    *,
    message_id: str | None = None,
    run_id: str | None = None,
) -> None:
    """Tell every member of the session, in the transaction of the change itself."""
    db.execute(
        "INSERT INTO changes (user_id, kind, session_id, message_id, run_id, version, at)"
        " SELECT user_id, ?, session_id, ?, ?, ?, ? FROM members WHERE session_id = ?",
        (kind, message_id, run_id, version, now(), session_id),
    )


def after(db: sqlite3.Connection, user_id: str, id_: int, limit: int = 500) -> list[Change]:
    rows = db.execute(
        "SELECT id, kind, session_id, message_id, run_id, version, at FROM changes"
        " WHERE user_id = ? AND id > ? ORDER BY id LIMIT ?",
        (user_id, id_, limit),
    )
    return [
        Change(
            id=row[0],
            kind=row[1],
            session_id=row[2],
            message_id=row[3],
            run_id=row[4],
            version=row[5],
            at=row[6],
        )
        for row in rows
    ]


def span(db: sqlite3.Connection) -> tuple[int, int]:
    """The ids of the first line still kept and of the last ever written; (1, 0) at first."""
    first = db.execute("SELECT min(id) FROM changes").fetchone()[0]
    last = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'changes'").fetchone()
    newest = last[0] if last else 0
    return (first if first is not None else newest + 1), newest


def trim(db: sqlite3.Connection, keep: int, limit: int = 5000) -> int:
    """Forget all but the newest `keep` lines, `limit` of them at once; a reader from
    before is told to start over."""
    first, last = span(db)
    until = min(last - keep, first + limit)
    return db.execute("DELETE FROM changes WHERE id <= ?", (until,)).rowcount
