"""Lists of sessions: filtered, sorted, and page by page while others write."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from squid.errors import InvalidRequest
from squid.store import messages, sessions
from tests.conftest import ME
from tests.store.tree import add_message, add_session, add_user, chain, fresh

SORTS = ("activity", "date", "title")
ORDERS = ("asc", "desc")


def ids(db: sqlite3.Connection, **wanted: Any) -> list[str]:
    found, _ = sessions.page(db, ME, **wanted)
    return [session.id for session in found]


@pytest.fixture
def three(db: sqlite3.Connection) -> sqlite3.Connection:
    """Three sessions, no two alike in any order."""
    for id_, title, made, active in (
        ("a", "banana", 1, 30),
        ("b", "Apple", 3, 10),
        ("c", "cherry 100% _sure_", 2, 20),
    ):
        add_session(db, ME, id=id_, title=title)
        db.execute(
            "UPDATE sessions SET created_at = ?, active_at = ? WHERE id = ?", (made, active, id_)
        )
    return db


@pytest.mark.parametrize(
    ("sort", "forwards"), [("activity", "bca"), ("date", "acb"), ("title", "bac")]
)
def test_each_order_and_its_reverse(three: sqlite3.Connection, sort: str, forwards: str) -> None:
    assert ids(three, sort=sort, order="asc") == list(forwards)
    assert ids(three, sort=sort, order="desc") == list(reversed(forwards))
    usual = "asc" if sort == "title" else "desc"
    assert ids(three, sort=sort) == ids(three, sort=sort, order=usual)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "acb"),
        ("BANANA", "a"),
        ("100%", "c"),
        ("_sure_", "c"),
        *((sign, "") for sign in ("a%a", "b_nana", "\\", "'", '"', "' OR 1=1 --", "[a-z]", "*")),
        *((words, "") for words in ("apple OR banana", "NEAR(apple banana)", "title:apple", "a*")),
    ],
)
def test_text_is_only_text(three: sqlite3.Connection, text: str, found: str) -> None:
    assert ids(three, text=text) == list(found)


def test_text_is_looked_for_in_messages_but_not_in_deleted_ones(
    three: sqlite3.Connection,
) -> None:
    add_message(three, "b", "m1", content="Where is the Needle\\_%?")
    for text in ("needle", "\\_%", "the Needle\\"):
        assert ids(three, text=text) == ["b"]
    messages.set_deleted(three, ME, "m1", True)
    assert ids(three, text="needle") == []


def test_text_of_others_is_not_found(three: sqlite3.Connection) -> None:
    """P6"""
    add_session(three, add_user(three, "ann"), id="hers", title="needle")
    add_message(three, "hers", "m1", content="needle")
    assert ids(three, text="needle") == []


def test_model_that_is_set_or_has_answered(three: sqlite3.Connection) -> None:
    sessions.update(three, ME, "a", model="m")
    add_message(three, "b", "m1", role="assistant", model="m")
    assert ids(three, model="m") == ["a", "b"]
    assert ids(three, model="M") == []


def test_range_begins_with_its_start_and_ends_before_its_end(three: sqlite3.Connection) -> None:
    assert ids(three, active_after=10, active_before=30) == ["c", "b"]
    assert ids(three, active_after=11) == ["a", "c"]
    assert ids(three, active_before=10) == []


def test_cursor_of_another_order_is_refused(three: sqlite3.Connection) -> None:
    _, cursor = sessions.page(three, ME, limit=1)
    for wanted in ({"sort": "date"}, {"order": "asc"}, {"sort": "title"}):
        with pytest.raises(InvalidRequest, match="another order"):
            sessions.page(three, ME, cursor=cursor, **wanted)  # type: ignore[arg-type]


def pages(db: sqlite3.Connection, **wanted: Any) -> Iterator[list[str]]:
    cursor = None
    while True:
        found, cursor = sessions.page(db, ME, cursor=cursor, **wanted)
        yield [session.id for session in found]
        if cursor is None:
            return


WRITES = st.tuples(
    st.sampled_from(["make", "use", "rename", "delete", "restore", "archive", "unarchive", "grow"]),
    st.integers(0, 11),
    st.sampled_from(["", "a", "A", "b", "a\0b", "Ä", "z"]),
    st.integers(0, 12),
)


def write(db: sqlite3.Connection, made: int, kind: str, which: int, title: str, at: int) -> None:
    id_ = f"s{which:02}"
    if kind == "make":
        add_session(db, ME, id=f"new{made}", title=title)
        db.execute("UPDATE sessions SET active_at = ? WHERE id = ?", (at, f"new{made}"))
    elif kind == "use":
        db.execute("UPDATE sessions SET active_at = ? WHERE id = ?", (at, id_))
    elif kind == "rename" and id_ not in deleted(db):
        sessions.update(db, ME, id_, title=title)
    elif kind == "delete":
        sessions.delete(db, ME, id_)
    elif kind == "restore":
        sessions.restore(db, ME, id_)
    elif kind in ("archive", "unarchive") and id_ not in deleted(db):
        sessions.archive(db, ME, id_, kind == "archive")
    elif kind == "grow":
        add_message(db, id_, f"m{made}")
        sessions.grew(db, id_, head=f"m{made}", messages=1)


def deleted(db: sqlite3.Connection) -> set[str]:
    return {id_ for (id_,) in db.execute("SELECT id FROM sessions WHERE deleted_at IS NOT NULL")}


def in_the_list(db: sqlite3.Connection, archived: bool) -> set[str]:
    state = "NOT NULL" if archived else "NULL"
    rows = db.execute(
        f"SELECT id FROM sessions WHERE deleted_at IS NULL AND archived_at IS {state}"
    )
    return {id_ for (id_,) in rows}


@settings(deadline=None, max_examples=200)
@given(
    between=st.lists(st.lists(WRITES, max_size=6), max_size=12),
    limit=st.integers(1, 5),
    sort=st.sampled_from(SORTS),
    order=st.sampled_from(ORDERS),
    archived=st.booleans(),
)
def test_pages_never_skip_or_repeat_while_others_write(
    between: list[list[tuple[str, int, str, int]]],
    limit: int,
    sort: str,
    order: str,
    archived: bool,
) -> None:
    with closing(fresh()) as db:
        for number in range(12):
            add_session(db, ME, id=f"s{number:02}", title="abAz"[number % 4])
            db.execute(
                "UPDATE sessions SET active_at = ? WHERE id = ?", (number // 2, f"s{number:02}")
            )
            if archived == (number % 3 > 0):
                sessions.archive(db, ME, f"s{number:02}", True)
        wanted = {"sort": sort, "order": order, "archived": archived}
        first = ids(db, limit=100, **wanted)
        assert set(first) == in_the_list(db, archived)
        seen: list[str] = []
        always = set(first)
        made = 0
        writes = iter(between)
        for found in pages(db, limit=limit, **wanted):
            seen += found
            for one in next(writes, []):
                made += 1
                write(db, made, *one)
                always &= in_the_list(db, archived)
        assert len(seen) == len(set(seen)), "repeated"
        assert always <= set(seen), "skipped"
        old = [id_ for id_ in seen if id_ in first]
        assert old == [id_ for id_ in first if id_ in old], "in the order of the first page"


def test_archived_ones_are_a_list_of_their_own(three: sqlite3.Connection) -> None:
    sessions.archive(three, ME, "a", True)
    sessions.archive(three, ME, "c", True)
    assert (ids(three), ids(three, archived=True)) == (["b"], ["a", "c"])
    sessions.delete(three, ME, "a")
    sessions.delete(three, ME, "b")
    assert (ids(three), ids(three, archived=True)) == ([], ["c"])
    assert ids(three, deleted=True) == ["a", "b"], "the trash shows both"
    assert ids(three, deleted=True, archived=True) == ["a"]


def test_moves_are_trimmed(db: sqlite3.Connection) -> None:
    add_session(db, ME, id="s")
    db.execute("BEGIN")
    for at in range(10_100):
        db.execute("UPDATE sessions SET active_at = ? WHERE id = 's'", (at,))
    db.execute("COMMIT")
    assert db.execute("SELECT count(*) FROM session_moves").fetchone() == (10_000,)


def test_text_is_found_in_a_thousand_sessions_at_once() -> None:
    with closing(fresh()) as db:
        db.execute("BEGIN")
        for number in range(1000):
            add_session(db, ME, id=f"s{number:04}")
        words = "one question that is as long as people ask, and its answer " * 4
        db.executemany(
            "INSERT INTO messages (id, session_id, depth, role, status, created_at, updated_at,"
            " content) VALUES (?, ?, ?, 'user', 'complete', 0, 0, ?)",
            [(f"m{n:05}", f"s{n // 20:04}", n % 20, words) for n in range(20_000)],
        )
        db.execute("COMMIT")
        took = []
        for text in ("needle", "answer", "%", "that is not there"):
            began = time.process_time()
            ids(db, text=text)
            took.append(time.process_time() - began)
        # 10 ms on an idle machine; other tests share the caches here.
        assert max(took) < 0.05, took


def test_first_page_needs_no_moves(db: sqlite3.Connection) -> None:
    add_session(db, ME, id="s")
    chain(db, "s", 3)
    db.execute("UPDATE sessions SET active_at = 5")
    assert ids(db) == ["s"]
