"""What an export reads: a user's sessions whole, also what was deleted in them.

Everything comes in an order of its own content's, so that the same conversations are
the same export, whichever database they are in.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from squid.models import File, Message
from squid.store import messages, sessions

AT_ONCE = 500
"""Messages held at a time."""


def session_ids(db: sqlite3.Connection, user_id: str) -> list[str]:
    """All of the user's, those in the trash too, in the order of their ids."""
    rows = db.execute(
        "SELECT session_id FROM members WHERE user_id = ? ORDER BY session_id", (user_id,)
    )
    return [row[0] for row in rows]


def every_message(db: sqlite3.Connection, user_id: str, session_id: str) -> Iterator[list[Message]]:
    """All branches of a session in pages, a parent always before its children."""
    sessions.get(db, user_id, session_id, deleted=True)
    depth, last = -1, ""
    while rows := db.execute(
        "SELECT depth, id FROM messages WHERE session_id = ? AND (depth, id) > (?, ?)"
        " ORDER BY depth, id LIMIT ?",
        (session_id, depth, last, AT_ONCE),
    ).fetchall():
        yield messages.load(db, [row[1] for row in rows], siblings=False)
        depth, last = rows[-1]


def branch(
    db: sqlite3.Connection,
    user_id: str,
    session_id: str,
    *,
    last: int | None = None,
    siblings: bool = False,
) -> Iterator[list[Message]]:
    """The shown branch of a session in pages, oldest first; its `last` messages, where
    not all are wanted."""
    session = sessions.get(db, user_id, session_id, deleted=True)
    places = messages.walk(db, session.head, limit=last) if session.head else []
    ids = [place.id for place in reversed(places)]
    for start in range(0, len(ids), AT_ONCE):
        yield messages.load(db, ids[start : start + AT_ONCE], siblings=siblings)


def files(db: sqlite3.Connection, user_id: str, session_id: str | None = None) -> list[File]:
    """Every file that a message carries or an answer cites: of one session, or of all
    of the user's. In the order of their ids."""
    one = "" if session_id is None else " AND m.session_id = ?"
    mine = "FROM members m JOIN messages t ON t.session_id = m.session_id"
    values = (user_id,) if session_id is None else (user_id, session_id)
    rows = db.execute(
        "SELECT f.id, f.name, f.media_type, c.size, f.sha256, f.created_at"
        " FROM files f JOIN file_contents c ON c.sha256 = f.sha256 WHERE f.id IN ("
        f"SELECT l.file_id {mine} JOIN message_files l ON l.message_id = t.id"
        f" WHERE m.user_id = ?{one} UNION "
        f"SELECT s.file_id {mine} JOIN sources s ON s.message_id = t.id"
        f" WHERE m.user_id = ?{one}) ORDER BY f.id",
        (*values, *values),
    )
    return [File(*row) for row in rows]
