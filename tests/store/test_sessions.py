"""Sessions: made, listed, changed, deleted and restored, always for their owner."""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Callable

import pytest

from squid.errors import IdTaken, InvalidRequest, NotFound
from squid.store import changes, messages, sessions
from tests.conftest import ME
from tests.store.tree import add_message, add_session, add_user, chain


def test_session_is_made_with_what_was_given(db: sqlite3.Connection) -> None:
    session = sessions.create(db, ME, id="s", title="T", system="S", model="M")
    assert (session.id, session.title, session.system, session.model) == ("s", "T", "S", "M")
    assert (session.version, session.message_count, session.head) == (1, 0, None)
    assert sessions.get(db, ME, "s") == session
    assert sessions.owner(db, "s") == ME


def test_making_it_again_finds_the_first(db: sqlite3.Connection) -> None:
    first = sessions.create(db, ME, id="s", title="first")
    assert sessions.create(db, ME, id="s", title="second") == first
    assert len(changes.after(db, ME, 0)) == 1


def test_id_of_a_deleted_or_foreign_session_is_taken(db: sqlite3.Connection) -> None:
    add_session(db, ME, id="gone")
    sessions.delete(db, ME, "gone")
    add_session(db, add_user(db, "ann"), id="hers")
    for id_ in ("gone", "hers"):
        with pytest.raises(IdTaken):
            sessions.create(db, ME, id=id_)


@pytest.mark.parametrize(
    "use",
    [
        lambda db: sessions.get(db, ME, "hers"),
        lambda db: sessions.version(db, ME, "hers"),
        lambda db: sessions.update(db, ME, "hers", title="mine"),
        lambda db: sessions.archive(db, ME, "hers", True),
        lambda db: sessions.delete(db, ME, "hers"),
        lambda db: sessions.restore(db, ME, "hers"),
        lambda db: messages.page(db, ME, "hers"),
        lambda db: messages.get(db, ME, "m00000"),
        lambda db: messages.set_deleted(db, ME, "m00000", True),
        lambda db: messages.update_session(db, ME, "hers", head="m00000"),
    ],
)
def test_somebody_elses_is_not_there(
    db: sqlite3.Connection, use: Callable[[sqlite3.Connection], object]
) -> None:
    """P6"""
    add_session(db, add_user(db, "ann"), id="hers")
    chain(db, "hers", 2)
    with pytest.raises(NotFound):
        use(db)
    assert sessions.page(db, ME) == ([], None)
    assert sessions.get(db, "ann", "hers").title == ""


def test_pages_list_every_session_once_newest_first(db: sqlite3.Connection) -> None:
    for number in range(23):
        add_session(db, ME, id=f"s{number:02}")  # several in the same millisecond
    seen: list[str] = []
    cursor = None
    while True:
        page, cursor = sessions.page(db, ME, limit=5, cursor=cursor)
        assert len(page) <= 5
        seen += [session.id for session in page]
        if cursor is None:
            break
    assert seen == [f"s{number:02}" for number in reversed(range(23))]


def test_last_page_has_no_cursor(db: sqlite3.Connection) -> None:
    for number in range(10):
        add_session(db, ME, id=f"s{number}")
    _, cursor = sessions.page(db, ME, limit=5)
    assert sessions.page(db, ME, limit=5, cursor=cursor)[1] is None
    assert sessions.page(db, ME, limit=10)[1] is None


@pytest.mark.parametrize(
    "cursor",
    [
        *("", "x", "%%%", "ÿ", "\0", "\ud7ff", "a" * 10_000),
        *(
            base64.urlsafe_b64encode(text).decode()
            for text in (b":", b"x:y", b"\xff\xfe", b"9" * 40 + b":s", b"-" + b"9" * 40 + b":s")
        ),
        base64.urlsafe_b64encode(b"9" * 5000 + b":s").decode(),
    ],
)
def test_bad_cursor_is_refused(db: sqlite3.Connection, cursor: str) -> None:
    with pytest.raises(InvalidRequest):
        sessions.page(db, ME, cursor=cursor)


def test_deleted_session_is_in_the_trash_until_restored(db: sqlite3.Connection) -> None:
    session = add_session(db, ME, id="s", title="T")
    deleted = sessions.delete(db, ME, "s")
    assert deleted.deleted_at is not None
    assert deleted.version == session.version + 1
    assert sessions.delete(db, ME, "s") == deleted, "a second time changes nothing"
    with pytest.raises(NotFound):
        sessions.get(db, ME, "s")
    assert sessions.page(db, ME) == ([], None)
    assert sessions.page(db, ME, deleted=True) == ([deleted], None)
    restored = sessions.restore(db, ME, "s")
    assert restored.deleted_at is None
    assert restored.version == deleted.version + 1
    assert sessions.restore(db, ME, "s") == restored


def test_archived_session_is_put_away_and_is_active_when_it_was(db: sqlite3.Connection) -> None:
    session = add_session(db, ME, id="s", title="T")
    archived = sessions.archive(db, ME, "s", True)
    assert archived.archived_at is not None
    assert (archived.version, archived.active_at) == (session.version + 1, session.active_at)
    assert [change.version for change in changes.after(db, ME, 0)] == [1, 2]
    assert sessions.archive(db, ME, "s", True) == archived, "a second time changes nothing"
    assert sessions.get(db, ME, "s") == archived
    assert sessions.newest(db, ME) is None, "one goes on with what is at hand"
    back = sessions.update(db, ME, "s", title="U", archived=False)
    assert (back.archived_at, back.title, back.version) == (None, "U", 3)


def test_update_sets_only_what_is_named(db: sqlite3.Connection) -> None:
    add_session(db, ME, id="s", title="T", system="S", model="M")
    session = sessions.update(db, ME, "s", title="U", system=None)
    assert (session.title, session.system, session.model, session.version) == ("U", None, "M", 2)


def test_newest_is_the_one_active_last(db: sqlite3.Connection) -> None:
    assert sessions.newest(db, ME) is None
    for id_ in ("a", "b"):
        add_session(db, ME, id=id_)
    db.execute("UPDATE sessions SET active_at = CASE id WHEN 'a' THEN 2 ELSE 1 END")
    newest = sessions.newest(db, ME)
    assert newest is not None
    assert newest.id == "a"


def test_a_beginning_finds_the_only_one(db: sqlite3.Connection) -> None:
    for id_ in ("trip", "trip-2", "trip-3", "long-one", "hers-also"):
        add_session(db, ME, id=id_)
    add_session(db, add_user(db, "ann"), id="hers")
    sessions.delete(db, ME, "trip-3")
    assert sessions.find(db, ME, "trip").id == "trip", "an exact id always counts"
    assert sessions.find(db, ME, "trip-").id == "trip-2"
    assert sessions.find(db, ME, "long").id == "long-one"
    assert sessions.find(db, ME, "hers").id == "hers-also", "somebody else's does not count"
    assert sessions.find(db, ME, "trip-3", deleted=True).id == "trip-3"
    with pytest.raises(InvalidRequest, match="begin with trip-: trip-3, trip-2\\."):
        sessions.find(db, ME, "trip-", deleted=True)
    for given in ("tri", "", "trip-3", "Trip", "trip_", "trip%", "hers-also-not", "lo%"):
        with pytest.raises(NotFound):
            sessions.find(db, ME, given)


def test_many_candidates_are_not_all_named(db: sqlite3.Connection) -> None:
    for number in range(9):
        add_session(db, ME, id=f"trip-{number}")
    with pytest.raises(InvalidRequest, match="and others") as caught:
        sessions.find(db, ME, "trip")
    assert str(caught.value).count("trip-") == sessions.CANDIDATES


def test_model_of_a_session_is_the_one_that_is_set_or_answered(db: sqlite3.Connection) -> None:
    for id_ in ("set", "answered", "neither"):
        add_session(db, ME, id=id_)
        add_message(db, id_, f"m-{id_}", role="assistant", model=None)
    add_message(db, "answered", "m2", "m-answered", role="assistant", model="small")
    sessions.update(db, ME, "set", model="large")
    assert sessions.models(db, ["set", "answered", "neither"]) == {
        "set": "large",
        "answered": "small",
    }
    assert sessions.models(db, []) == {}


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("Hello", "Hello"),
        ("\n\n  Hello \nyou", "Hello"),
        ("", ""),
        ("   \n ", ""),
        ("x" * 81, "x" * 79 + "…"),
        ("word " * 30, "word " * 14 + "word…"),
        ("x" * 80, "x" * 80),
    ],
)
def test_title_is_the_questions_first_line(question: str, title: str) -> None:
    assert sessions.title_of(question) == title
    assert len(title) <= sessions.TITLE_LENGTH


def test_first_question_names_the_session_and_a_given_title_stays(db: sqlite3.Connection) -> None:
    for id_, given, expected in (("a", "", "Why?"), ("b", "Mine", "Mine")):
        add_session(db, ME, id=id_, title=given)
        add_message(db, id_, f"m-{id_}")
        sessions.grew(db, id_, head=f"m-{id_}", messages=1, question="Why?")
        assert sessions.get(db, ME, id_).title == expected
