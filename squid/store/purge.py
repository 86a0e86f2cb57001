"""What is removed for good: sessions whole, and the words of single messages.

A session goes in steps, so that no commit takes long. With the first it loses its
members, and so is nobody's to see or restore; the rest can be done at any time after
that, by whoever finds it.
"""

from __future__ import annotations

import sqlite3

from squid.ids import now
from squid.store import sessions
from squid.store.retention import IDLE, Item

MESSAGES = 50
"""Removed in one step: one may be long, or have many sources."""

EVENTS = 2000


def close(db: sqlite3.Connection, item: Item) -> bool:
    """Take a session from everybody; its id is free again when `remove_some` is through.
    Says whether it did: not where it is out of the trash, or changed."""
    row = db.execute(
        "SELECT 1 FROM sessions s WHERE s.id = ? AND s.version = ?"
        f" AND s.deleted_at IS NOT NULL AND {IDLE}",
        (item.session_id, item.version),
    ).fetchone()
    if row is None:
        return False
    version = sessions.touch(db, item.session_id, "session")
    db.execute(
        "INSERT INTO purged_sessions (id, version, purged_at) VALUES (?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET version = excluded.version,"
        " purged_at = excluded.purged_at",
        (item.session_id, version, now()),
    )
    db.execute("DELETE FROM members WHERE session_id = ?", (item.session_id,))
    return True


def closed(db: sqlite3.Connection) -> list[str]:
    """Sessions that are nobody's any more."""
    rows = db.execute(
        "SELECT s.id FROM purged_sessions p JOIN sessions s ON s.id = p.id WHERE NOT EXISTS"
        " (SELECT 1 FROM members m WHERE m.session_id = s.id) ORDER BY s.id"
    )
    return [row[0] for row in rows]


def remove_some(db: sqlite3.Connection, session_id: str) -> bool:
    """The next step of removing a closed session. Says whether there is more to do: not
    where it is somebody's again, as a restore made it."""
    if db.execute("SELECT 1 FROM members WHERE session_id = ?", (session_id,)).fetchone():
        return False
    if _remove_events(db, "session_id", session_id):
        return True
    db.execute("DELETE FROM runs WHERE session_id = ?", (session_id,))
    # From the leaves up: no message may be without its parent.
    if db.execute(
        "DELETE FROM messages WHERE id IN (SELECT id FROM messages WHERE session_id = ?"
        " ORDER BY depth DESC, id DESC LIMIT ?)",
        (session_id, MESSAGES),
    ).rowcount:
        return True
    db.execute("DELETE FROM sessions WHERE id = ?", (session_id,))
    return False


def wipe(db: sqlite3.Connection, item: Item) -> int | None:
    """Remove the words of deleted messages, and what came with them; their places in
    the tree stay. Returns the session's new version; None where it had changed."""
    row = db.execute(
        "SELECT 1 FROM sessions s WHERE s.id = ? AND s.version = ?"
        f" AND s.deleted_at IS NULL AND {IDLE}",
        (item.session_id, item.version),
    ).fetchone()
    if row is None:
        return None
    for message_id in item.message_ids:
        while _remove_events(db, "message_id", message_id):
            pass
        db.execute("UPDATE runs SET error = NULL WHERE message_id = ?", (message_id,))
        db.execute("DELETE FROM sources WHERE message_id = ?", (message_id,))
        db.execute("DELETE FROM message_files WHERE message_id = ?", (message_id,))
        db.execute(
            "UPDATE messages SET content = '', reasoning = '', tool = NULL, error = NULL,"
            " purged_at = ? WHERE id = ? AND deleted_at IS NOT NULL",
            (now(), message_id),
        )
    return sessions.touch(db, item.session_id, "session")


def _remove_events(db: sqlite3.Connection, column: str, id: str) -> int:
    """The next events of the runs of a session or a message. Returns how many."""
    row = db.execute(
        f"SELECT number FROM runs WHERE {column} = ? AND log_removed_at IS NULL LIMIT 1", (id,)
    ).fetchone()
    if row is None:
        return 0
    removed = db.execute(
        "DELETE FROM run_events WHERE run = ? AND seq IN"
        " (SELECT seq FROM run_events WHERE run = ? ORDER BY seq LIMIT ?)",
        (*row, *row, EVENTS),
    ).rowcount
    if removed < EVENTS:
        db.execute("UPDATE runs SET log_removed_at = ? WHERE number = ?", (now(), *row))
    return removed + 1
