"""The change feed: each change once, to its members, in order; trimmed from the back."""

from __future__ import annotations

import sqlite3

from squid.store import changes, messages, sessions
from tests.conftest import ME
from tests.store.tree import add_message, add_session, add_user


def test_each_change_is_one_line_in_order(db: sqlite3.Connection) -> None:
    add_session(db, ME, id="s")
    sessions.update(db, ME, "s", title="T")
    add_message(db, "s", "m")
    messages.set_deleted(db, ME, "m", True)
    sessions.delete(db, ME, "s")
    found = changes.after(db, ME, 0)
    assert [(c.kind, c.version, c.message_id) for c in found] == [
        ("session", 1, None),
        ("session", 2, None),
        ("message", 3, "m"),
        ("session", 4, None),
    ]
    assert [c.id for c in found] == [1, 2, 3, 4]
    assert changes.after(db, ME, 2) == found[2:]
    assert changes.after(db, ME, 1, limit=2) == found[1:3]
    assert changes.after(db, ME, 4) == []


def test_only_members_are_told(db: sqlite3.Connection) -> None:
    """P6"""
    add_session(db, add_user(db, "ann"), id="hers")
    add_session(db, ME, id="mine")
    assert [c.session_id for c in changes.after(db, ME, 0)] == ["mine"]
    assert [c.session_id for c in changes.after(db, "ann", 0)] == ["hers"]


def test_line_is_undone_with_its_transaction(db: sqlite3.Connection) -> None:
    db.execute("BEGIN")
    add_session(db, ME, id="s")
    db.execute("ROLLBACK")
    assert changes.after(db, ME, 0) == []


def test_trimming_keeps_the_newest_and_never_reuses_an_id(db: sqlite3.Connection) -> None:
    assert changes.span(db) == (1, 0)
    add_session(db, ME, id="s")
    for number in range(9):
        sessions.update(db, ME, "s", title=str(number))
    assert changes.span(db) == (1, 10)
    assert changes.trim(db, 3) == 7
    assert changes.span(db) == (8, 10)
    assert [c.id for c in changes.after(db, ME, 0)] == [8, 9, 10]
    assert changes.trim(db, 0) == 3
    assert changes.span(db) == (11, 10)
    sessions.update(db, ME, "s", title="new")
    assert changes.span(db) == (11, 11)
