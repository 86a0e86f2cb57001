"""Sessions and messages put straight into the database, for tests of the store."""

from __future__ import annotations

import functools
import sqlite3

from squid.models import Session
from squid.store import messages, sessions
from squid.store.migrate import bundled, statements
from tests.conftest import ME


def fresh() -> sqlite3.Connection:
    """An empty database in memory, as a transaction gets it."""
    db = _in_memory()
    _empty().backup(db)
    db.execute("PRAGMA foreign_keys = 1")
    return db


def _in_memory() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)


@functools.cache
def _empty() -> sqlite3.Connection:
    """Made once, because properties need hundreds of copies."""
    db = _in_memory()
    for migration in bundled():
        for statement in statements(migration.sql):
            db.execute(statement)
    return db


def add_user(db: sqlite3.Connection, name: str) -> str:
    db.execute("INSERT INTO users (id, name, created_at) VALUES (?, ?, 0)", (name, name))
    return name


def add_session(db: sqlite3.Connection, user_id: str = ME, **fields: str) -> Session:
    return sessions.create(db, user_id, **fields)


def add_message(
    db: sqlite3.Connection,
    session_id: str,
    id: str,
    parent_id: str | None = None,
    *,
    role: str = "user",
    content: str | None = None,
    **fields: object,
) -> str:
    """Adds it and shows its branch."""
    messages.insert(
        db,
        id=id,
        session_id=session_id,
        parent_id=parent_id,
        role=role,  # type: ignore[arg-type]
        content=id if content is None else content,
        **fields,  # type: ignore[arg-type]
    )
    sessions.set_head(db, session_id, id)
    return id


def chain(db: sqlite3.Connection, session_id: str, count: int) -> list[str]:
    """A conversation of `count` messages, to and fro."""
    ids: list[str] = []
    for number in range(count):
        role = "user" if number % 2 == 0 else "assistant"
        parent = ids[-1] if ids else None
        ids.append(add_message(db, session_id, f"m{number:05}", parent, role=role))
    return ids
