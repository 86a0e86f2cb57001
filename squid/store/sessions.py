"""Sessions, always seen through a user's membership."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Literal

from squid.errors import IdTaken, InvalidRequest, NotFound
from squid.ids import new_id, now
from squid.models import Session
from squid.store import changes, cursors
from squid.store.cursors import Cursor, Order, Sort

TITLE_LENGTH = 80
"""Characters of a title made from the first message."""

FIRST_VERSION = "coalesce((SELECT version FROM purged_sessions WHERE id = ?), 0) + 1"
"""Of a new session: behind any that one of the same id had before it was purged, which
a cache may still hold."""

MIN_BEGINNING = 4
"""Characters of an id that may stand for all of it."""

CANDIDATES = 5
"""Ids that are named where a beginning stands for several."""

_COLUMNS = (
    "s.id, s.title, s.system, s.model, s.head, s.message_count, s.input_tokens,"
    " s.output_tokens, s.live_run_id, s.version, s.created_at, s.active_at, s.archived_at,"
    " s.deleted_at"
)
_FIELDS = [name.strip().removeprefix("s.") for name in _COLUMNS.split(",")]
_FROM = "FROM members m JOIN sessions s ON s.id = m.session_id"
_MINE = f"{_FROM} WHERE m.user_id = ?"
_MOVED = (
    " LEFT JOIN (SELECT session_id, title, active_at, min(number) FROM session_moves"
    " WHERE number > ? GROUP BY session_id) moved ON moved.session_id = s.id"
)
"""Where each stood before it moved. Beside `min`, SQLite's other columns are those of
the row that has it."""


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
        "INSERT INTO sessions (id, title, system, model, created_at, active_at, version)"
        f" VALUES (?, ?, ?, ?, ?, ?, {FIRST_VERSION})",
        (session_id, title, system, model, at, at, session_id),
    )
    db.execute(
        "INSERT INTO members (session_id, user_id, role, joined_at) VALUES (?, ?, 'owner', ?)",
        (session_id, user_id, at),
    )
    session = get(db, user_id, session_id)
    changes.add(db, session_id, "session", session.version)
    return session


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
    archived: bool = False,
    text: str | None = None,
    model: str | None = None,
    active_after: int | None = None,
    active_before: int | None = None,
    sort: Sort = "activity",
    order: Order | None = None,
) -> tuple[list[Session], str | None]:
    """A page, and the cursor of the next one if there is one. Titles are listed from A
    on, times from the newest back, unless `order` says otherwise. Only archived sessions
    where `archived` asks for them; the trash shows them among the others, too."""
    order = order or ("asc" if sort == "title" else "desc")
    last = cursors.decode(cursor, sort, order) if cursor is not None else None
    moves = last.moves if last else _moves(db)
    source, values = _FROM, list[str | int]()
    title, active_at = "s.title", "s.active_at"
    if _moves(db) > moves:
        source, values = source + _MOVED, [moves]
        title, active_at = (f"coalesce(moved.{name}, s.{name})" for name in ("title", "active_at"))
    where = [f"m.user_id = ? AND s.deleted_at IS {'NOT NULL' if deleted else 'NULL'}"]
    values.append(user_id)
    if archived or not deleted:
        where.append(f"s.archived_at IS {'NOT NULL' if archived else 'NULL'}")
    if text:
        where.append(
            # One scan of all messages is faster than a look at each session's.
            "(s.title LIKE ? ESCAPE '\\' OR s.id IN (SELECT session_id FROM messages"
            " WHERE content LIKE ? ESCAPE '\\' AND deleted_at IS NULL))"
        )
        values += [containing(text)] * 2
    if model is not None:
        where.append(
            "(s.model = ? OR EXISTS"
            " (SELECT 1 FROM messages x WHERE x.session_id = s.id AND x.model = ?))"
        )
        values += [model, model]
    if active_after is not None:
        where.append(f"{active_at} >= ?")
        values.append(active_after)
    if active_before is not None:
        where.append(f"{active_at} < ?")
        values.append(active_before)
    place = {"activity": active_at, "date": "s.created_at", "title": f"{title} COLLATE NOCASE"}[
        sort
    ]
    if last:
        where.append(f"({place}, s.id) {'>' if order == 'asc' else '<'} (?, ?)")
        values += [last.place, last.session_id]
    rows = db.execute(
        f"SELECT {_COLUMNS}, {place} {source} WHERE {' AND '.join(where)}"
        f" ORDER BY {place} {order}, s.id {order} LIMIT ?",
        (*values, limit + 1),
    ).fetchall()
    found = [_session(row[:-1]) for row in rows[:limit]]
    if len(rows) <= limit:
        return found, None
    return found, cursors.encode(Cursor(sort, order, rows[limit - 1][-1], found[-1].id, moves))


def update(
    db: sqlite3.Connection,
    user_id: str,
    session_id: str,
    *,
    archived: bool | None = None,
    **fields: str | None,
) -> Session:
    """Set `title`, `system` or `model`; archive it or bring it back."""
    session = get(db, user_id, session_id)
    if archived is not None:
        _set_archived(db, session, archived)
    for name, value in fields.items():
        assert name in {"title", "system", "model"}
        db.execute(f"UPDATE sessions SET {name} = ? WHERE id = ?", (value, session_id))
    touch(db, session_id, "session")
    return get(db, user_id, session_id)


def archive(db: sqlite3.Connection, user_id: str, session_id: str, archived: bool) -> Session:
    """Put a session away, or bring it back; when it was last active stays what it was."""
    if _set_archived(db, get(db, user_id, session_id), archived):
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
        db.execute(
            # Retention would else take it right back.
            "UPDATE sessions SET deleted_at = NULL, retention_from = ? WHERE id = ?",
            (now(), session_id),
        )
        touch(db, session_id, "session")
    return get(db, user_id, session_id)


def starting(
    db: sqlite3.Connection,
    user_id: str,
    beginning: str,
    *,
    deleted: bool | None = False,
    archived: bool | None = None,
    limit: int = 100,
) -> list[tuple[str, str]]:
    """Ids that begin like this, and their titles, the most recently active first.
    `deleted` and `archived` ask for only those that are, or are not; None for both."""
    where = ["m.user_id = ? AND substr(s.id, 1, ?) = ?"]
    for name, wanted in (("deleted_at", deleted), ("archived_at", archived)):
        if wanted is not None:
            where.append(f"s.{name} IS {'NOT NULL' if wanted else 'NULL'}")
    return db.execute(
        f"SELECT s.id, s.title {_FROM} WHERE {' AND '.join(where)}"
        " ORDER BY s.active_at DESC, s.id DESC LIMIT ?",
        (user_id, len(beginning), beginning, limit),
    ).fetchall()


def find(db: sqlite3.Connection, user_id: str, given: str, *, deleted: bool = False) -> Session:
    """The session with the id `given`, or else the only one whose id begins with it; a
    deleted one only where `deleted` asks for it. Raises NotFound, and InvalidRequest
    where several begin like this."""
    try:
        return get(db, user_id, given, deleted=deleted)
    except NotFound:
        pass
    found = []
    if len(given) >= MIN_BEGINNING:
        state = None if deleted else False
        found = starting(db, user_id, given, deleted=state, limit=CANDIDATES + 1)
    if not found:
        raise NotFound(
            f"There is no session {given}.", hint="See what there is: squid sessions list"
        )
    if len(found) > 1:
        ids = [id_ for id_, _ in found]
        more = " and others" if len(ids) > CANDIDATES else ""
        raise InvalidRequest(
            f"Several sessions begin with {given}: {', '.join(ids[:CANDIDATES])}{more}.",
            hint="Give as much of the id as tells it from the others.",
        )
    return get(db, user_id, found[0][0], deleted=deleted)


def models(db: sqlite3.Connection, session_ids: Sequence[str]) -> dict[str, str]:
    """The model that answers in each: the one that is set, or that answered last."""
    marks = ",".join("?" * len(session_ids))
    rows = db.execute(
        "SELECT s.id, coalesce(s.model, h.model) FROM sessions s"
        f" LEFT JOIN messages h ON h.id = s.head WHERE s.id IN ({marks})",
        session_ids,
    )
    return {id_: model for id_, model in rows if model is not None}


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
    The first question gives an untitled session its title. An archived one is back."""
    db.execute(
        "UPDATE sessions SET head = ?, message_count = message_count + ?, active_at = ?,"
        " live_run_id = ?, title = CASE WHEN title = '' THEN ? ELSE title END,"
        " archived_at = NULL WHERE id = ?",
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


def _set_archived(db: sqlite3.Connection, session: Session, archived: bool) -> bool:
    """Says whether that changed anything."""
    if (session.archived_at is not None) == archived:
        return False
    at = now()
    if archived:
        db.execute("UPDATE sessions SET archived_at = ? WHERE id = ?", (at, session.id))
    else:  # as one that was restored: it is not to be taken for old straight away
        db.execute(
            "UPDATE sessions SET archived_at = NULL, retention_from = ? WHERE id = ?",
            (at, session.id),
        )
    return True


def _moves(db: sqlite3.Connection) -> int:
    row = db.execute("SELECT max(number) FROM session_moves").fetchone()
    return int(row[0] or 0)


def containing(text: str) -> str:
    """A pattern for LIKE, with the backslash as its escape."""
    for sign in "\\%_":
        text = text.replace(sign, f"\\{sign}")
    return f"%{text}%"
