"""Messages: a tree, read as the branch that ends at the session's head."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from squid.errors import InvalidRequest, NotFound
from squid.store import messages, sessions
from tests.conftest import ME
from tests.store.tree import add_message, add_session, chain, fresh


@pytest.fixture
def session_id(db: sqlite3.Connection) -> str:
    return add_session(db, ME, id="s").id


def ids(page: messages.Page) -> list[str]:
    return [message.id for message in page.messages]


def delete(db: sqlite3.Connection, *message_ids: str) -> None:
    for message_id in message_ids:
        messages.set_deleted(db, ME, message_id, True)


def show(db: sqlite3.Connection, message_id: str) -> list[str]:
    messages.update_session(db, ME, "s", head=message_id)
    return ids(messages.page(db, ME, "s"))


def test_empty_session_has_an_empty_page(db: sqlite3.Connection, session_id: str) -> None:
    assert messages.page(db, ME, session_id) == messages.Page([], older=False, newer=False)


def test_newest_page_comes_first_and_pages_go_both_ways(
    db: sqlite3.Connection, session_id: str
) -> None:
    all_ = chain(db, session_id, 10)
    newest = messages.page(db, ME, session_id, limit=4)
    assert (ids(newest), newest.older, newest.newer) == (all_[6:], True, False)
    middle = messages.page(db, ME, session_id, limit=4, before=all_[6])
    assert (ids(middle), middle.older, middle.newer) == (all_[2:6], True, True)
    oldest = messages.page(db, ME, session_id, limit=4, before=all_[2])
    assert (ids(oldest), oldest.older, oldest.newer) == (all_[:2], False, True)
    assert ids(messages.page(db, ME, session_id, limit=4, before=all_[0])) == []
    later = messages.page(db, ME, session_id, limit=4, after=all_[1])
    assert (ids(later), later.older, later.newer) == (all_[2:6], True, True)
    last = messages.page(db, ME, session_id, limit=4, after=all_[5])
    assert (ids(last), last.older, last.newer) == (all_[6:], True, False)
    assert ids(messages.page(db, ME, session_id, after=all_[9])) == []


def test_cursor_of_another_session_is_refused(db: sqlite3.Connection, session_id: str) -> None:
    chain(db, session_id, 2)
    add_session(db, ME, id="other")
    add_message(db, "other", "elsewhere")
    for cursor in ("elsewhere", "nowhere", "", "'", "\0"):
        with pytest.raises(InvalidRequest):
            messages.page(db, ME, session_id, before=cursor)
        with pytest.raises(InvalidRequest):
            messages.page(db, ME, session_id, after=cursor)
    with pytest.raises(InvalidRequest):
        messages.page(db, ME, session_id, before="m00000", after="m00001")


def test_deleted_messages_are_passed_over_and_keep_their_place(
    db: sqlite3.Connection, session_id: str
) -> None:
    all_ = chain(db, session_id, 10)
    delete(db, all_[9], all_[4], all_[5], all_[0])
    left = [all_[i] for i in (1, 2, 3, 6, 7, 8)]
    assert ids(messages.page(db, ME, session_id)) == left
    newest = messages.page(db, ME, session_id, limit=4)
    assert (ids(newest), newest.older) == (left[2:], True)
    assert not messages.page(db, ME, session_id, limit=6).older
    assert ids(messages.page(db, ME, session_id, before=all_[5])) == left[:3]
    assert ids(messages.page(db, ME, session_id, after=all_[4])) == left[3:]
    assert sessions.get(db, ME, session_id).message_count == -4, "one less for each"
    messages.set_deleted(db, ME, all_[4], False)
    assert all_[4] in ids(messages.page(db, ME, session_id))


def test_deleting_twice_is_one_change(db: sqlite3.Connection, session_id: str) -> None:
    chain(db, session_id, 1)
    first = messages.set_deleted(db, ME, "m00000", True)
    assert messages.set_deleted(db, ME, "m00000", True) == first
    assert sessions.get(db, ME, session_id).version == 2


def test_siblings_are_named_where_there_are_several(
    db: sqlite3.Connection, session_id: str
) -> None:
    add_message(db, session_id, "q")
    for answer in ("a1", "a2", "a3"):
        add_message(db, session_id, answer, "q", role="assistant")
    add_message(db, session_id, "q2", None)
    assert messages.get(db, ME, "a2").siblings == ("a1", "a2", "a3")
    assert messages.get(db, ME, "q").siblings == ("q", "q2"), "roots are siblings too"
    delete(db, "a1", "q2")
    assert messages.get(db, ME, "a2").siblings == ("a2", "a3")
    assert messages.get(db, ME, "q").siblings == ()


def test_messages_of_different_roles_are_no_siblings(
    db: sqlite3.Connection, session_id: str
) -> None:
    add_message(db, session_id, "q")
    add_message(db, session_id, "a", "q", role="assistant")
    add_message(db, session_id, "said-at-once", "q", role="user")
    assert messages.get(db, ME, "a").siblings == ()


def test_switching_shows_the_newest_branch_through_a_message(
    db: sqlite3.Connection, session_id: str
) -> None:
    add_message(db, session_id, "q")
    add_message(db, session_id, "a1", "q", role="assistant")
    add_message(db, session_id, "q1", "a1")
    add_message(db, session_id, "a2", "q", role="assistant")
    add_message(db, session_id, "q2", "a2")
    add_message(db, session_id, "q3", "a2")
    assert show(db, "a1") == ["q", "a1", "q1"]
    assert show(db, "a2") == ["q", "a2", "q3"]
    assert show(db, "q2") == ["q", "a2", "q2"]
    assert show(db, "q") == ["q", "a2", "q3"]


def test_switching_prefers_what_is_not_deleted(db: sqlite3.Connection, session_id: str) -> None:
    add_message(db, session_id, "q")
    add_message(db, session_id, "a1", "q", role="assistant")
    add_message(db, session_id, "a2", "q", role="assistant")
    delete(db, "a2")
    assert show(db, "q") == ["q", "a1"]


def test_deleted_message_still_leads_to_what_followed_it(
    db: sqlite3.Connection, session_id: str
) -> None:
    all_ = chain(db, session_id, 4)
    delete(db, all_[1])
    assert show(db, all_[0]) == [all_[0], all_[2], all_[3]]


def test_switching_to_another_sessions_message_is_refused(
    db: sqlite3.Connection, session_id: str
) -> None:
    chain(db, session_id, 2)
    add_session(db, ME, id="other")
    add_message(db, "other", "elsewhere")
    with pytest.raises(InvalidRequest):
        show(db, "elsewhere")
    with pytest.raises(NotFound):
        show(db, "nowhere")
    assert sessions.get(db, ME, session_id).head == "m00001"


def test_branch_longer_than_a_step_is_walked_to_its_end(
    db: sqlite3.Connection, session_id: str
) -> None:
    all_ = chain(db, session_id, 10_050)
    assert messages.newest_leaf(db, all_[0]) == all_[-1]
    assert [place.id for place in messages.walk(db, all_[-1])] == all_[::-1]
    assert ids(messages.page(db, ME, session_id, limit=3, after=all_[0])) == all_[1:4]


def steps(db: sqlite3.Connection, **kwargs: object) -> int:
    """What a page costs, in hundreds of the virtual machine's steps."""
    count = 0

    def tick() -> int:
        nonlocal count
        count += 1
        return 0

    db.set_progress_handler(tick, 100)
    messages.page(db, ME, "s", **kwargs)  # type: ignore[arg-type]
    db.set_progress_handler(None, 0)
    return count


def test_newest_page_of_a_long_session_costs_what_a_short_ones_does(
    db: sqlite3.Connection, session_id: str
) -> None:
    all_ = chain(db, session_id, 100)
    short = steps(db), steps(db, before=all_[80]), steps(db, after=all_[40])
    parent = all_[-1]
    for number in range(100, 10_000):
        parent = add_message(db, session_id, f"m{number:05}", parent)
    long = steps(db), steps(db, before="m09980"), steps(db, after="m09940")
    assert all(b <= a * 1.1 + 2 for a, b in zip(short, long, strict=True)), (short, long)


def test_newest_page_behind_many_deleted_messages(db: sqlite3.Connection, session_id: str) -> None:
    all_ = chain(db, session_id, 1000)
    db.execute("UPDATE messages SET deleted_at = 1 WHERE depth >= 10")
    page = messages.page(db, ME, session_id, limit=5)
    assert (ids(page), page.older) == (all_[5:10], True)


# -- any tree -------------------------------------------------------------------------


@st.composite
def trees(draw: st.DrawFn) -> tuple[list[int | None], set[int], int, int]:
    """Parents by index, the deleted ones, the head, and a page's length."""
    count = draw(st.integers(1, 25))
    parents = [
        draw(st.none() | st.integers(max(0, n - 4), n - 1)) if n else None for n in range(count)
    ]
    deleted = draw(st.sets(st.integers(0, count - 1)))
    head = draw(st.integers(max(0, count - 3), count - 1))
    return parents, deleted, head, draw(st.integers(1, 7))


@settings(deadline=None, max_examples=60)
@given(trees())
def test_pages_neither_skip_nor_repeat(
    tree: tuple[list[int | None], set[int], int, int],
) -> None:
    parents, deleted, head, limit = tree
    with closing(fresh()) as db:
        add_session(db, ME, id="s")
        for number, parent in enumerate(parents):
            add_message(db, "s", f"m{number}", None if parent is None else f"m{parent}")
        delete(db, *(f"m{number}" for number in deleted))
        sessions.set_head(db, "s", f"m{head}")

        branch: list[int] = []
        at: int | None = head
        while at is not None:
            branch.insert(0, at)
            at = parents[at]
        expected = [f"m{number}" for number in branch if number not in deleted]

        page = messages.page(db, ME, "s", limit=limit)
        back = ids(page)
        while page.older:
            page = messages.page(db, ME, "s", limit=limit, before=back[0])
            assert 0 < len(page.messages) <= limit
            back = ids(page) + back
        assert back == expected

        for start, cursor in enumerate(branch):
            rest = [f"m{number}" for number in branch[start + 1 :] if number not in deleted]
            forth: list[str] = []
            page = messages.page(db, ME, "s", limit=limit, after=f"m{cursor}")
            forth += ids(page)
            while page.newer:
                page = messages.page(db, ME, "s", limit=limit, after=forth[-1])
                forth += ids(page)
            assert forth == rest
            below = messages.page(db, ME, "s", limit=1000, before=f"m{cursor}")
            assert ids(below) == [
                f"m{number}" for number in branch[:start] if number not in deleted
            ]
            assert not below.older
