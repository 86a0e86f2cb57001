"""What retention may take, and the trash that it takes it to.

A plan is made on one snapshot; each part of it is carried out in a small transaction,
which passes over what changed since. Whether something changed, a session's version
says.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from squid.ids import now
from squid.store import messages, sessions

Reason = Literal["age", "count", "length", "trash", "size"]

COUNTED = "s.deleted_at IS NULL AND s.archived_at IS NULL"
"""Which sessions the limits are about: what they count, and what they may take. One that
was put away was put there to be kept."""

IDLE = "NOT EXISTS (SELECT 1 FROM runs r WHERE r.session_id = s.id AND r.status = 'running')"
"""Nothing is taken from a session in which an answer is being written."""

_ACTIVE = "max(s.active_at, s.retention_from)"
_DELETED = "max(s.deleted_at, s.retention_from)"
_OWNED = "FROM members m JOIN sessions s ON s.id = m.session_id AND m.role = 'owner'"
_COLUMNS = "s.id, m.user_id, s.title, s.active_at, s.version"

AT_ONCE = 500
"""Messages looked up in one statement."""


class Limits(NamedTuple):
    """Times are in milliseconds; 0 is no limit, for `trash` that it is kept for ever."""

    age: int = 0
    sessions: int = 0
    messages: int = 0
    trash: int = 0
    size: int = 0
    """Of the database, in bytes."""


class Item(msgspec.Struct, frozen=True):
    """A session that retention takes, or takes messages from."""

    session_id: str
    user_id: str
    title: str
    active_at: int
    version: int
    """As it was looked at."""
    reason: Reason
    message_ids: tuple[str, ...] = ()
    """The messages it is about, oldest first; none where it is about the session."""


class Plan(msgspec.Struct, frozen=True):
    """What is to be done, in this order."""

    trash: tuple[Item, ...] = ()
    """Sessions that go into the trash."""
    shorten: tuple[Item, ...] = ()
    """Sessions whose oldest messages go into the trash."""
    purge: tuple[Item, ...] = ()
    """Sessions in the trash that are removed for good."""
    wipe: tuple[Item, ...] = ()
    """Sessions with messages in the trash whose words are removed for good."""


def plan(db: sqlite3.Connection, limits: Limits, at: int) -> Plan:
    """What the limits ask for at a time (ms)."""
    trash = _expired(db, limits, at)
    taken = {item.session_id for item in trash}
    return Plan(
        tuple(trash),
        tuple(item for item in _overlong(db, limits.messages) if item.session_id not in taken),
        tuple(_in_trash(db, limits, at)),
        tuple(item for item in _emptied(db, limits, at) if item.session_id not in taken),
    )


def to_trash(db: sqlite3.Connection, items: Sequence[Item], limits: Limits) -> list[Item]:
    """Move planned sessions of one user's into the trash, as their owner would. Returns
    those that were as they had been looked at."""
    over = _count(db, items[0].user_id) - limits.sessions
    moved = []
    for item in items:
        if not _is_unchanged(db, item) or (item.reason == "count" and over <= 0):
            continue
        sessions.delete(db, item.user_id, item.session_id)
        over -= 1
        moved.append(item)
    return moved


def shorten(db: sqlite3.Connection, item: Item) -> int | None:
    """Move planned messages into the trash. Returns the session's new version; None
    where it had changed."""
    if not _is_unchanged(db, item):
        return None
    db.executemany(
        "UPDATE messages SET deleted_at = ? WHERE id = ?",
        [(now(), message_id) for message_id in item.message_ids],
    )
    db.execute(
        "UPDATE sessions SET message_count = message_count - ? WHERE id = ?",
        (len(item.message_ids), item.session_id),
    )
    return sessions.touch(db, item.session_id, "session")


def turns(db: sqlite3.Connection, message_ids: Sequence[str], at_once: int) -> list[list[str]]:
    """Messages of a branch, oldest first, in parts of at least `at_once` that each end
    where a turn does."""
    parts: list[list[str]] = [[]]
    for message_id, role in zip(message_ids, _roles(db, message_ids), strict=True):
        if role == "user" and len(parts[-1]) >= at_once:
            parts.append([])
        parts[-1].append(message_id)
    return parts


def due(db: sqlite3.Connection, item: Item, limits: Limits, at: int) -> Item | None:
    """A part of a plan that removes for good, looked at again: with the version of now,
    and the messages that are due now. None where nothing is due any more."""
    found = (
        _emptied(db, limits, at, item.session_id)
        if item.message_ids
        else _in_trash(db, limits, at, item)
    )
    return found[0] if found else None


def _expired(db: sqlite3.Connection, limits: Limits, at: int) -> list[Item]:
    """Sessions that are too old, or beyond a user's number; least recently active first."""
    if not limits.age and not limits.sessions:
        return []
    before = at - limits.age if limits.age else -1
    most = limits.sessions or 1 << 62
    rows = db.execute(
        "SELECT id, user_id, title, active_at, version, active < ? FROM ("
        f"SELECT {_COLUMNS}, {_ACTIVE} AS active, {IDLE} AS idle, row_number() OVER"
        f" (PARTITION BY m.user_id ORDER BY {_ACTIVE} DESC, s.active_at DESC, s.id DESC) AS place"
        f" {_OWNED} WHERE {COUNTED})"
        " WHERE idle AND (active < ? OR place > ?) ORDER BY user_id, active, id",
        (before, before, most),
    )
    return [_item(row, "age" if row[5] else "count") for row in rows]


def _overlong(db: sqlite3.Connection, most: int) -> list[Item]:
    """Sessions whose shown branch is longer than `most` messages."""
    if not most:
        return []
    rows = db.execute(
        f"SELECT {_COLUMNS}, s.head {_OWNED} WHERE {COUNTED} AND {IDLE}"
        " AND s.message_count > ? AND s.head IS NOT NULL ORDER BY s.id",
        (most,),
    ).fetchall()
    found = [_item(row, "length", _beyond(db, row[5], most)) for row in rows]
    return [item for item in found if item.message_ids]


def _beyond(db: sqlite3.Connection, head: str, most: int) -> tuple[str, ...]:
    """What stands before the newest `most` messages of a branch, oldest first: as many
    as leave whole turns, and none that a person took out of the trash."""
    ids = [place.id for place in messages.walk(db, head)]
    if len(ids) <= most:
        return ()
    roles = _roles(db, ids)
    first = next((at for at in range(most - 1, len(ids)) if roles[at] == "user"), len(ids))
    restored = _restored(db, ids[first + 1 :])
    return tuple(id_ for id_ in reversed(ids[first + 1 :]) if id_ not in restored)


def _in_trash(
    db: sqlite3.Connection, limits: Limits, at: int, one: Item | None = None
) -> list[Item]:
    """Sessions that have been in the trash for too long, the longest first; and where
    the database is too large, as many more as make it small enough."""
    only, values = ("", ()) if one is None else (" AND s.id = ?", (one.session_id,))
    rows = db.execute(
        f"SELECT {_COLUMNS}, {_DELETED} {_OWNED} WHERE s.deleted_at IS NOT NULL AND {IDLE}{only}"
        f" ORDER BY {_DELETED}, s.id",
        values,
    ).fetchall()
    before = at - limits.trash if limits.trash else -1
    found = [_item(row, "trash") for row in rows if row[5] < before]
    young = [_item(row, "size") for row in rows if row[5] >= before]
    if one is not None:
        return found or (young if one.reason == "size" else [])
    if limits.size:
        over = used(db) - limits.size - sum(_weight(db, item.session_id) for item in found)
        for item in young:
            if over <= 0:
                break
            over -= _weight(db, item.session_id)
            found.append(item)
    return found


def _emptied(
    db: sqlite3.Connection, limits: Limits, at: int, session_id: str | None = None
) -> list[Item]:
    """Sessions with messages that have been in the trash for too long."""
    if not limits.trash:
        return []
    only, values = ("", ()) if session_id is None else (" AND s.id = ?", (session_id,))
    rows = db.execute(
        f"SELECT {_COLUMNS}, t.id {_OWNED} JOIN messages t ON t.session_id = s.id"
        " AND t.deleted_at IS NOT NULL AND t.purged_at IS NULL"
        f" WHERE s.deleted_at IS NULL AND {IDLE} AND max(t.deleted_at, s.retention_from) < ?"
        f"{only} ORDER BY s.id, t.depth, t.id",
        (at - limits.trash, *values),
    )
    found: dict[str, Item] = {}
    ids: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row[0], _item(row, "trash"))
        ids.setdefault(row[0], []).append(row[5])
    return [msgspec.structs.replace(found[id_], message_ids=tuple(ids[id_])) for id_ in found]


def _item(row: Sequence[Any], reason: Reason, message_ids: tuple[str, ...] = ()) -> Item:
    session_id, user_id, title, active_at, version = row[:5]
    return Item(session_id, user_id, title, active_at, version, reason, message_ids)


def used(db: sqlite3.Connection) -> int:
    """Bytes of the database that hold something."""
    pages, free, size = (
        int(db.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def _weight(db: sqlite3.Connection, session_id: str) -> int:
    """About how many bytes a session's words and files take."""
    row = db.execute(
        "SELECT (SELECT coalesce(sum(length(content) + length(reasoning)"
        " + coalesce(length(tool), 0)), 0) FROM messages WHERE session_id = ?)"
        " + (SELECT coalesce(sum(length(data)), 0) FROM file_contents WHERE sha256 IN ("
        "SELECT f.sha256 FROM files f JOIN message_files l ON l.file_id = f.id"
        " JOIN messages t ON t.id = l.message_id WHERE t.session_id = ?))",
        (session_id, session_id),
    ).fetchone()
    return int(row[0])


def _count(db: sqlite3.Connection, user_id: str) -> int:
    row = db.execute(
        f"SELECT count(*) {_OWNED} WHERE m.user_id = ? AND {COUNTED}", (user_id,)
    ).fetchone()
    return int(row[0])


def _is_unchanged(db: sqlite3.Connection, item: Item) -> bool:
    row = db.execute(
        f"SELECT 1 FROM sessions s WHERE s.id = ? AND s.version = ? AND {COUNTED} AND {IDLE}",
        (item.session_id, item.version),
    ).fetchone()
    return row is not None


def _roles(db: sqlite3.Connection, ids: Sequence[str]) -> list[str]:
    found: dict[str, str] = {}
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        marks = ",".join("?" * len(some))
        found |= dict(db.execute(f"SELECT id, role FROM messages WHERE id IN ({marks})", some))
    return [found[id_] for id_ in ids]


def _restored(db: sqlite3.Connection, ids: Sequence[str]) -> Collection[str]:
    found: set[str] = set()
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        marks = ",".join("?" * len(some))
        rows = db.execute(
            f"SELECT id FROM messages WHERE restored_at IS NOT NULL AND id IN ({marks})", some
        )
        found |= {row[0] for row in rows}
    return found
