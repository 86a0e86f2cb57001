"""Squid's own format: exact both ways, harmless twice, and never half."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from squid.errors import Conflict, IdTaken, NotFound
from squid.models import Problem, Source, ToolCall, Usage
from squid.store import exports, files, messages, runs, sessions, sources
from tests.conftest import ME
from tests.store.tree import add_message, add_session, add_user, chain, fresh
from tests.transfer.talk import contents, exported, imported, mark, pages

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
"""All of Unicode but half characters, which SQLite cannot hold."""
MAYBE = st.none() | TEXT
TIME = st.integers(0, 253_402_300_799_999)
COUNT = st.integers(0, 2**53)
USAGE = st.builds(Usage, COUNT, COUNT, COUNT, COUNT, COUNT)
PROBLEM = st.builds(Problem, TEXT, TEXT, MAYBE)
TOOL = st.builds(ToolCall, TEXT, TEXT, TEXT, MAYBE, st.booleans())


def upload(db: sqlite3.Connection, content: bytes, name: str = "a.txt", user_id: str = ME) -> str:
    return files.add(db, user_id, files.New(files.pack(content), name, "text/plain")).id


@st.composite
def databases(draw: st.DrawFn) -> sqlite3.Connection:
    """One with whatever conversations: branches, files, tools, deletions."""
    db = fresh()
    uploads = [
        upload(db, content, f"{number}.bin")
        for number, content in enumerate(draw(st.lists(st.binary(max_size=40), max_size=3)))
    ]
    some_files = st.lists(st.sampled_from(uploads), max_size=3) if uploads else st.just([])
    for number in range(draw(st.integers(0, 3))):
        session_id = f"s{number}"
        add_session(db, id=session_id)
        ids: list[str] = []
        for _ in range(draw(st.integers(0, 6))):
            parent = draw(st.sampled_from([None, *ids]))
            name = f"{session_id}.m{draw(st.integers(0, 10**9))}.{len(ids)}"
            ids.append(draw_message(draw, db, session_id, name, parent, some_files, uploads))
        row = (
            *(draw(TEXT), draw(MAYBE), draw(MAYBE), draw(st.sampled_from([None, *ids]))),
            *(draw(COUNT), draw(COUNT), draw(TIME), draw(TIME)),
            *(draw(st.none() | TIME), draw(st.none() | TIME)),
        )
        db.execute(
            "UPDATE sessions SET title = ?, system = ?, model = ?, head = ?, input_tokens = ?,"
            " output_tokens = ?, created_at = ?, active_at = ?, archived_at = ?, deleted_at = ?"
            " WHERE id = ?",
            (*row, session_id),
        )
    return db


def draw_message(
    draw: st.DrawFn,
    db: sqlite3.Connection,
    session_id: str,
    message_id: str,
    parent: str | None,
    some_files: st.SearchStrategy[list[str]],
    uploads: list[str],
) -> str:
    source = st.builds(
        Source,
        TEXT,
        TEXT,
        st.sampled_from([None, *uploads]),
        MAYBE,
        st.sampled_from([None, "char", "page", "block"]),
        st.none() | COUNT,
        st.none() | COUNT,
        st.none() | COUNT,
    )
    add_message(
        db,
        session_id,
        message_id,
        parent,
        role=draw(st.sampled_from(["user", "assistant", "tool", "system"])),
        content=draw(TEXT),
        status=draw(st.sampled_from(["complete", "error", "interrupted", "stopped"])),
        reasoning=draw(TEXT),
        tool=draw(st.none() | TOOL),
        model=draw(MAYBE),
        run_id=draw(st.sampled_from([None, "run-1"])),
        file_ids=draw(some_files),
    )
    mark(
        db,
        message_id,
        found=draw(st.lists(source, max_size=2)),
        usage=draw(st.none() | USAGE),
        error=draw(st.none() | PROBLEM),
        stop_reason=draw(MAYBE),
        created_at=draw(TIME),
        updated_at=draw(TIME),
        deleted_at=draw(st.none() | TIME),
    )
    return message_id


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(databases())
def test_import_and_export_are_inverse(before: sqlite3.Connection) -> None:
    with closing(before), closing(fresh()) as after:
        text = exported(before)
        first = imported(after, text)
        assert exported(after) == text
        held = contents(after)
        again = imported(after, text)
        assert contents(after) == held, "importing twice is harmless"
        assert again.known == first.added
        assert again.added == type(again.added)(0, 0, 0)
        for session_id in first.session_ids:
            assert exported(after, session_id) == exported(before, session_id)
            counted = sessions.get(after, ME, session_id, deleted=True).message_count
            assert counted == sum(
                one.deleted_at is None
                for page in exports.every_message(after, ME, session_id)
                for one in page
            )


def test_it_is_json_with_a_record_a_line(db: sqlite3.Connection) -> None:
    add_session(db, id="trip", title="A trip")
    add_message(db, "trip", "m1", file_ids=[upload(db, b"words")])
    text = exported(db)
    tree = msgspec.json.decode(text)
    assert list(tree) == ["format", "version", "contents", "files", "sessions", "messages"]
    assert (tree["format"], tree["version"]) == ("squid", 1)
    assert tree["contents"][0]["data"] == "d29yZHM="
    assert tree["messages"][0]["files"] == [tree["files"][0]["id"]]
    assert len(text.splitlines()) == 13
    assert b"local" not in text, "whose it is, the importing user says"


def test_what_says_nothing_is_left_out(db: sqlite3.Connection) -> None:
    """So exports from before there was an archive are read as they are."""
    add_session(db, id="trip")
    assert b"archived_at" not in exported(db)
    sessions.archive(db, ME, "trip", True)
    assert b"archived_at" in exported(db)


def test_written_otherwise_it_is_the_same(db: sqlite3.Connection) -> None:
    add_session(db, id="trip")
    chain(db, "trip", 3)
    text = exported(db)
    sorted_and_spread = msgspec.json.format(
        msgspec.json.encode(dict(sorted(msgspec.json.decode(text).items()))), indent=3
    )
    with closing(fresh()) as other:
        imported(other, sorted_and_spread)
        assert exported(other) == text


def test_what_an_import_makes_is_as_usable_as_what_it_came_from(db: sqlite3.Connection) -> None:
    add_session(db, id="trip")
    ids = chain(db, "trip", 60)
    add_message(db, "trip", "other", ids[0])
    sessions.set_head(db, "trip", ids[-1])
    db.execute("UPDATE messages SET depth = depth")
    with closing(fresh()) as after:
        imported(after, exported(db))
        assert messages.page(after, ME, "trip") == messages.page(db, ME, "trip")
        depths = "SELECT id, depth FROM messages ORDER BY id"
        assert after.execute(depths).fetchall() == db.execute(depths).fetchall()
        [(kind, version)] = after.execute("SELECT kind, version FROM changes").fetchall()
        assert (kind, version) == ("session", sessions.version(after, ME, "trip"))


def test_one_session_takes_only_its_own_along(db: sqlite3.Connection) -> None:
    for name in ("one", "two"):
        add_session(db, id=name)
        add_message(db, name, f"{name}.m", file_ids=[upload(db, name.encode(), f"{name}.txt")])
    tree = msgspec.json.decode(exported(db, "two"))
    assert [one["id"] for one in tree["sessions"]] == ["two"]
    assert [one["name"] for one in tree["files"]] == ["two.txt"]
    assert len(tree["contents"]) == len(tree["messages"]) == 1


def test_a_cited_file_comes_along(db: sqlite3.Connection) -> None:
    add_session(db, id="trip")
    add_message(db, "trip", "m1", role="assistant")
    sources.replace(db, "m1", [Source("Notes", file_id=upload(db, b"cited"))])
    with closing(fresh()) as after:
        imported(after, exported(db))
        [source] = messages.load(after, ["m1"])[0].sources
        assert files.content(after, ME, str(source.file_id)) == b"cited"


def test_long_sessions_come_page_by_page(db: sqlite3.Connection) -> None:
    add_session(db, id="long")
    db.execute("BEGIN")
    chain(db, "long", 1200)
    db.execute("COMMIT")
    assert pages(db, "long") == [500, 500, 200]
    with closing(fresh()) as after:
        assert imported(after, exported(db)).added.messages == 1200
        assert exported(after) == exported(db)


def test_it_becomes_the_importing_users(db: sqlite3.Connection) -> None:
    add_session(db, id="trip")
    chain(db, "trip", 2)
    with closing(fresh()) as after:
        add_user(after, "ann")
        imported(after, exported(db), "ann")
        assert exported(after, user_id="ann") == exported(db)
        with pytest.raises(NotFound):
            exported(after, "trip")


def test_the_same_file_is_not_kept_twice(db: sqlite3.Connection) -> None:
    add_session(db, id="trip")
    add_message(db, "trip", "m1", file_ids=[upload(db, b"words")])
    sources.replace(db, "m1", [Source("Notes", file_id=upload(db, b"words"))])
    with closing(fresh()) as after:
        own = upload(after, b"words")
        done = imported(after, exported(db))
        assert (done.added.files, done.known.files) == (0, 1)
        [message] = messages.load(after, ["m1"])
        assert [message.files[0].id, message.sources[0].file_id] == [own, own]
        assert imported(after, exported(db)).added.messages == 0


def test_messages_that_are_missing_are_added(db: sqlite3.Connection) -> None:
    add_session(db, id="trip")
    chain(db, "trip", 4)
    text = exported(db)
    db.execute("DELETE FROM messages WHERE id = 'm00003'")
    done = imported(db, text)
    assert (done.added.messages, done.known.messages, done.known.sessions) == (1, 3, 1)
    assert exported(db) == text
    assert sessions.get(db, ME, "trip").message_count == 4


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("UPDATE sessions SET title = 'Other'", "session trip is here already, with another title"),
        ("UPDATE sessions SET deleted_at = 1", "another deleted_at"),
        ("UPDATE sessions SET archived_at = 1", "another archived_at"),
        ("UPDATE messages SET content = '' WHERE id = 'm00001'", "message m00001 is here already"),
        ("UPDATE files SET media_type = 'image/png'", "with another media_type"),
        ("DELETE FROM message_files", "with another files"),
    ],
)
def test_what_is_here_and_different_is_a_conflict(
    db: sqlite3.Connection, change: str, says: str
) -> None:
    add_session(db, id="trip")
    chain(db, "trip", 3)
    files.attach(db, "m00002", [upload(db, b"words")])
    add_session(db, id="a-new-one")
    text = exported(db)
    sessions_gone = "DELETE FROM sessions WHERE id = 'a-new-one'"
    db.execute(sessions_gone)
    db.execute(change)
    before = contents(db)
    with pytest.raises(Conflict, match=says):
        imported(db, text)
    assert contents(db) == before


@pytest.mark.parametrize("noun", ["sessions", "messages", "files"])
def test_somebody_elses_ids_cannot_be_taken(db: sqlite3.Connection, noun: str) -> None:
    add_user(db, "ann")
    add_session(db, "ann", id="hers", title="Secret")
    add_message(db, "hers", "her-m", file_ids=[upload(db, b"secret", user_id="ann")])
    tree: dict[str, Any] = msgspec.json.decode(exported(db, user_id="ann"))
    if noun != "sessions":
        tree["sessions"][0]["id"] = tree["messages"][0]["session_id"] = "mine"
    if noun == "files":
        tree["messages"][0]["id"] = tree["sessions"][0]["head"] = "my-m"
    else:
        tree["files"][0]["id"] = tree["messages"][0]["files"][0] = "my-f"
    before = contents(db)
    with pytest.raises(IdTaken) as caught:
        imported(db, msgspec.json.encode(tree))
    assert "Secret" not in str(caught.value)
    assert contents(db) == before


def test_an_answer_that_is_being_written_comes_as_interrupted(db: sqlite3.Connection) -> None:
    add_session(db, id="trip")
    add_message(db, "trip", "q")
    add_message(db, "trip", "a", "q", role="assistant", content="It was ", status="pending")
    number = runs.start(
        db, id="r", session_id="trip", message_id="a", question_id="q", kind="continue",
        provider="p", model="m", worker="w", text_start=7,
    )  # fmt: skip
    event = '{"type":"TEXT_MESSAGE_CONTENT","messageId":"a","delta":"%s"}'
    start = '{"type":"TEXT_MESSAGE_START","messageId":"a","role":"assistant"}'
    runs.append(
        db,
        [
            runs.EventRow(number, 1, start),
            runs.EventRow(number, 2, event % "so "),
            runs.EventRow(number, 3, event % "far"),
        ],
    )
    text = exported(db)
    with closing(fresh()) as after:
        imported(after, text)
        [answer] = messages.load(after, ["a"])
        assert (answer.status, answer.content) == ("interrupted", "It was so far")
        assert answer.error is not None
        assert answer.error.code == "interrupted"
        assert exported(after) == text
    assert messages.load(db, ["a"])[0].status == "pending", "an export changes nothing"


@pytest.mark.slow
def test_a_large_file_and_a_long_session(db: sqlite3.Connection) -> None:
    add_session(db, id="large")
    add_message(db, "large", "m1", file_ids=[upload(db, random.Random(1).randbytes(8 << 20))])
    text = exported(db)
    with closing(fresh()) as after:
        imported(after, text)
        assert exported(after) == text
