"""Messages: a tree for each session, read as the branch that ends at its head.

Deleted messages stay in the tree, so that what was said after them keeps its place;
reading passes over them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from squid.errors import Conflict, InvalidRequest, NotFound
from squid.ids import now
from squid.models import Message, MessageStatus, Problem, Role, Session, Source, ToolCall, Usage
from squid.store import files, sessions, sources

_COLUMNS = (
    "id, session_id, parent_id, role, status, content, reasoning, tool, model,"
    " stop_reason, usage, error, run_id, created_at, updated_at, deleted_at, purged_at"
)
_FIELDS = [name.strip() for name in _COLUMNS.split(",")]
_tool = msgspec.json.Decoder(ToolCall)
_usage = msgspec.json.Decoder(Usage)
_problem = msgspec.json.Decoder(Problem)


class Page(NamedTuple):
    messages: list[Message]
    """Oldest first."""
    older: bool
    newer: bool


class Place(NamedTuple):
    """A message's place in the tree."""

    id: str
    parent_id: str | None
    depth: int
    deleted: bool


def insert(
    db: sqlite3.Connection,
    *,
    id: str,
    session_id: str,
    parent_id: str | None,
    role: Role,
    content: str,
    status: MessageStatus = "complete",
    reasoning: str = "",
    tool: ToolCall | None = None,
    model: str | None = None,
    run_id: str | None = None,
    file_ids: Sequence[str] = (),
) -> None:
    at = now()
    db.execute(
        "INSERT INTO messages (id, session_id, parent_id, depth, role, status, created_at,"
        " updated_at, run_id, model, tool, content, reasoning) VALUES (?, ?, ?,"
        " coalesce((SELECT depth + 1 FROM messages WHERE id = ?), 0), ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(id, session_id, parent_id, parent_id, role, status, at, at),
            *(run_id, model, _json(tool), content, reasoning),
        ),
    )
    files.attach(db, id, file_ids)


def get(db: sqlite3.Connection, user_id: str, message_id: str) -> Message:
    """One message of the user's sessions, also a deleted one. Raises NotFound."""
    row = db.execute("SELECT session_id FROM messages WHERE id = ?", (message_id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no message {message_id}.")
    try:
        sessions.version(db, user_id, row[0])
    except NotFound:
        raise NotFound(f"There is no message {message_id}.") from None
    return load(db, [message_id])[0]


def exists(db: sqlite3.Connection, message_id: str) -> bool:
    return db.execute("SELECT 1 FROM messages WHERE id = ?", (message_id,)).fetchone() is not None


def has_children(db: sqlite3.Connection, message_id: str) -> bool:
    """Whether anything that is not deleted follows."""
    row = db.execute(
        "SELECT 1 FROM messages WHERE parent_id = ? AND deleted_at IS NULL", (message_id,)
    ).fetchone()
    return row is not None


def page(
    db: sqlite3.Connection,
    user_id: str,
    session_id: str,
    *,
    limit: int = 50,
    before: str | None = None,
    after: str | None = None,
) -> Page:
    """A page of the shown branch: the newest messages, or those next to a cursor,
    which is a message's id. Reads no more of the branch than it must."""
    session = sessions.get(db, user_id, session_id)
    if before is not None and after is not None:
        raise InvalidRequest("A page is either before a message or after one, not both.")
    if session.head is None:
        return Page([], older=False, newer=False)
    if after is not None:
        cursor = _cursor(db, session_id, after)
        above = walk(db, session.head, stop_depth=cursor.depth)
        places = [place for place in above if place.depth > cursor.depth]
        chosen = places[-limit:]
        older, newer = True, len(places) > limit
    else:
        start: str | None = session.head
        if before is not None:
            start = _cursor(db, session_id, before).parent_id
        places = walk(db, start, limit=limit + 1) if start else []
        chosen = places[:limit]
        older, newer = len(places) > limit, before is not None
    chosen.reverse()
    return Page(load(db, [place.id for place in chosen]), older, newer)


def walk(
    db: sqlite3.Connection,
    leaf: str,
    *,
    limit: int | None = None,
    stop_depth: int = -1,
) -> list[Place]:
    """From a message up towards the root: at most `limit` that are not deleted, none
    at or above `stop_depth`. Newest first."""
    places: list[Place] = []
    start: str | None = leaf
    while start is not None:
        step = 10_000 if limit is None else limit - len(places) + 1
        # The LIMIT inside the recursion is what stops the walk early.
        rows = db.execute(
            "WITH RECURSIVE branch (id, parent_id, depth, deleted_at) AS ("
            " SELECT id, parent_id, depth, deleted_at FROM messages WHERE id = ?"
            " UNION ALL SELECT m.id, m.parent_id, m.depth, m.deleted_at"
            " FROM branch b JOIN messages m ON m.id = b.parent_id WHERE b.depth > ?"
            " LIMIT ?) SELECT id, parent_id, depth, deleted_at IS NOT NULL FROM branch",
            # Asked of `m`, once SQLite has statistics, it reads all of the table to filter it.
            (start, stop_depth + 1, step),
        ).fetchall()
        places += [Place(*row) for row in rows if not row[3]]
        if limit is not None and len(places) >= limit:
            return places[:limit]
        start = rows[-1][1] if len(rows) == step else None
    return places


def load(db: sqlite3.Connection, ids: Sequence[str], *, siblings: bool = True) -> list[Message]:
    """Whole messages in the order of `ids`, with sources, files and siblings."""
    if not ids:
        return []
    marks = ",".join("?" * len(ids))
    rows = db.execute(f"SELECT {_COLUMNS} FROM messages WHERE id IN ({marks})", ids).fetchall()
    sources_of = sources.of_messages(db, ids)
    files_of = files.of_messages(db, ids)
    siblings_of = _siblings(db, rows) if siblings else {}
    found = {
        row[0]: Message(
            **_decode(row),
            sources=sources_of.get(row[0], ()),
            files=files_of.get(row[0], ()),
            siblings=siblings_of.get((row[1], row[2], row[3]), ()),
        )
        for row in rows
    }
    return [found[id_] for id_ in ids]


def newest_leaf(db: sqlite3.Connection, message_id: str) -> str:
    """The end of the newest branch below a message, or the message itself. A deleted
    message is followed only where it has no sibling that is not."""
    leaf = message_id
    while True:
        # Branches are rare, so this reads far fewer rows than it takes steps.
        rows = db.execute(
            "WITH RECURSIVE below (id) AS (SELECT ? UNION ALL"
            " SELECT (SELECT c.id FROM messages c WHERE c.parent_id = b.id"
            "  ORDER BY c.deleted_at IS NOT NULL, c.created_at DESC, c.id DESC LIMIT 1)"
            " FROM below b WHERE b.id IS NOT NULL LIMIT 10000)"
            " SELECT id FROM below WHERE id IS NOT NULL",
            (leaf,),
        ).fetchall()
        if len(rows) < 10_000:
            return str(rows[-1][0])
        leaf = rows[-1][0]


def show_branch(db: sqlite3.Connection, user_id: str, session_id: str, message_id: str) -> None:
    """Let the newest branch through a message be the one that is shown."""
    if get(db, user_id, message_id).session_id != session_id:
        raise InvalidRequest(f"The message {message_id} is not of this session.")
    sessions.set_head(db, session_id, newest_leaf(db, message_id))


def update_session(
    db: sqlite3.Connection,
    user_id: str,
    session_id: str,
    /,
    *,
    head: str | None = None,
    archived: bool | None = None,
    **fields: str | None,
) -> Session:
    """Set a session's title, system prompt or model, whether it is archived, and which
    branch is shown."""
    session = sessions.get(db, user_id, session_id)
    if head is None and archived is None and not fields:
        return session
    if head is not None:
        show_branch(db, user_id, session_id, head)
    return sessions.update(db, user_id, session_id, archived=archived, **fields)


def finish(
    db: sqlite3.Connection,
    message_id: str,
    *,
    status: MessageStatus,
    content: str,
    reasoning: str,
    sources_: Sequence[Source],
    model: str | None,
    usage: Usage | None,
    stop_reason: str | None,
    error: Problem | None,
) -> None:
    """Write an answer in full, as its run left it."""
    db.execute(
        "UPDATE messages SET status = ?, content = ?, reasoning = ?, model = coalesce(?, model),"
        " usage = ?, stop_reason = ?, error = ?, updated_at = ? WHERE id = ?",
        (
            *(status, content, reasoning, model, _json(usage)),
            *(stop_reason, _json(error), now(), message_id),
        ),
    )
    sources.replace(db, message_id, sources_)


def set_status(db: sqlite3.Connection, message_id: str, status: MessageStatus) -> None:
    db.execute(
        "UPDATE messages SET status = ?, updated_at = ? WHERE id = ?", (status, now(), message_id)
    )


def reopen(db: sqlite3.Connection, message_id: str, run_id: str) -> None:
    """Hand a message that ended early to a run that continues it."""
    db.execute(
        "UPDATE messages SET status = 'pending', run_id = ?, error = NULL, stop_reason = NULL,"
        " updated_at = ? WHERE id = ?",
        (run_id, now(), message_id),
    )


def set_result(db: sqlite3.Connection, message_id: str, tool: ToolCall) -> None:
    """Note what a tool gave back."""
    db.execute(
        "UPDATE messages SET tool = ?, status = 'complete', updated_at = ? WHERE id = ?",
        (_json(tool), now(), message_id),
    )


def set_deleted(db: sqlite3.Connection, user_id: str, message_id: str, deleted: bool) -> Message:
    message = get(db, user_id, message_id)
    if (message.deleted_at is not None) != deleted:
        if message.purged_at is not None:
            raise was_purged(message_id)
        db.execute(
            # What a person took out of the trash, no limit puts there again.
            "UPDATE messages SET deleted_at = ?, restored_at = ? WHERE id = ?",
            (now(), None, message_id) if deleted else (None, now(), message_id),
        )
        db.execute(
            "UPDATE sessions SET message_count = message_count + ? WHERE id = ?",
            (-1 if deleted else 1, message.session_id),
        )
        sessions.touch(db, message.session_id, "message", message_id=message_id)
    return get(db, user_id, message_id)


def was_purged(message_id: str) -> Conflict:
    return Conflict(
        f"The message {message_id} was deleted, and its words are removed for good.",
        hint="If there is an archive, they are in it: docs/retention.md says how to read it.",
    )


def _cursor(db: sqlite3.Connection, session_id: str, message_id: str) -> Place:
    row = db.execute(
        "SELECT id, parent_id, depth, deleted_at IS NOT NULL FROM messages"
        " WHERE id = ? AND session_id = ?",
        (message_id, session_id),
    ).fetchone()
    if row is None:
        raise InvalidRequest(f"The cursor {message_id} is no message of this session.")
    return Place(*row)


def _siblings(
    db: sqlite3.Connection, rows: Iterable[tuple[Any, ...]]
) -> dict[tuple[str, str | None, str], tuple[str, ...]]:
    """Where a place in the tree has several messages of a role: all of them."""
    rows = list(rows)
    found: list[tuple[str, str | None, str, str]] = []
    if parents := list({row[2] for row in rows if row[2] is not None}):
        # Not for none: SQLite reads the whole table to find what is `IN ()`.
        marks = ",".join("?" * len(parents))
        found += db.execute(
            "SELECT session_id, parent_id, role, id FROM messages"
            f" WHERE parent_id IN ({marks}) AND deleted_at IS NULL ORDER BY created_at, id",
            parents,
        ).fetchall()
    for session_id in {row[1] for row in rows if row[2] is None}:
        found += db.execute(
            "SELECT session_id, parent_id, role, id FROM messages"
            " WHERE session_id = ? AND depth = 0 AND deleted_at IS NULL ORDER BY created_at, id",
            (session_id,),
        ).fetchall()
    places: dict[tuple[str, str | None, str], list[str]] = {}
    for session_id, parent_id, role, id_ in found:
        places.setdefault((session_id, parent_id, role), []).append(id_)
    return {place: tuple(ids) for place, ids in places.items() if len(ids) > 1}


def _decode(row: tuple[Any, ...]) -> dict[str, Any]:
    fields = dict(zip(_FIELDS, row, strict=True))
    for name, decoder in (("tool", _tool), ("usage", _usage), ("error", _problem)):
        if fields[name] is not None:
            fields[name] = decoder.decode(fields[name])
    return fields


def _json(value: msgspec.Struct | None) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()
