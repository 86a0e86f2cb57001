"""Files: content stored once, the same when it comes back, gone with its last name."""

from __future__ import annotations

import random
import sqlite3
import zlib
from contextlib import closing

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from squid.errors import Conflict, InvalidRequest, NotFound
from squid.models import File, Source
from squid.store import files, sources
from tests.conftest import ME
from tests.store.tree import add_message, add_session, add_user, fresh

TEXT = b"the same words again and again, " * 100
NOISE = random.Random(1).randbytes(5000)


def add(
    db: sqlite3.Connection, content: bytes = TEXT, name: str = "a.txt", user_id: str = ME
) -> File:
    return files.add(db, user_id, files.New(files.pack(content), name, "text/plain"))


def count(db: sqlite3.Connection, table: str) -> int:
    return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_same_content_is_stored_once(db: sqlite3.Connection) -> None:
    first, same = add(db), add(db)
    assert first.id == same.id, "the same name and content are the same file"
    other = add(db, name="b.txt")
    hers = add(db, user_id=add_user(db, "ann"))
    assert len({first.id, other.id, hers.id}) == 3
    assert len({first.sha256, other.sha256, hers.sha256}) == 1
    assert (count(db, "files"), count(db, "file_contents")) == (3, 1)


@pytest.mark.parametrize(("content", "encoding"), [(TEXT, "zlib"), (NOISE, "identity")])
def test_compressed_where_that_helps(db: sqlite3.Connection, content: bytes, encoding: str) -> None:
    file = add(db, content)
    kept, data, size = db.execute("SELECT encoding, data, size FROM file_contents").fetchone()
    assert (kept, size, file.size) == (encoding, len(content), len(content))
    assert len(data) <= len(content)
    assert (zlib.decompress(data) if encoding == "zlib" else data) == content


@settings(deadline=None, max_examples=50)
@given(st.binary(max_size=300), st.integers(1, 50))
@example(b"", 1)
@example(b"\0", 1)
def test_content_comes_back_identical(piece: bytes, times: int) -> None:
    content = piece * times
    with closing(fresh()) as db:
        file = add(db, content)
        assert files.content(db, ME, file.id) == content
        assert file.size == len(content)


def test_content_goes_with_its_last_name(db: sqlite3.Connection) -> None:
    first, other = add(db), add(db, name="b.txt")
    files.delete(db, ME, first.id)
    assert files.content(db, ME, other.id) == TEXT
    files.delete(db, ME, other.id)
    assert (count(db, "files"), count(db, "file_contents")) == (0, 0)
    with pytest.raises(NotFound):
        files.content(db, ME, other.id)


def test_file_that_a_message_carries_cannot_be_deleted(db: sqlite3.Connection) -> None:
    file = add(db)
    add_session(db, ME, id="s")
    add_message(db, "s", "m", file_ids=[file.id])
    with pytest.raises(Conflict):
        files.delete(db, ME, file.id)
    assert files.of_messages(db, ["m"]) == {"m": (file,)}


def test_file_that_an_answer_cites_cannot_be_deleted(db: sqlite3.Connection) -> None:
    file = add(db)
    add_session(db, ME, id="s")
    add_message(db, "s", "m", role="assistant")
    sources.replace(db, "m", [Source("a.txt", "words", file_id=file.id)])
    with pytest.raises(Conflict):
        files.delete(db, ME, file.id)
    assert files.sweep(db, 1 << 60) == 0


def test_sweep_takes_old_files_that_no_message_carries(db: sqlite3.Connection) -> None:
    carried, orphan, new = add(db), add(db, NOISE, "b.bin"), add(db, b"new", "c.txt")
    add_session(db, ME, id="s")
    add_message(db, "s", "m", file_ids=[carried.id])
    db.execute("UPDATE files SET created_at = 1 WHERE id != ?", (new.id,))
    assert files.sweep(db, 2) == 1
    assert (count(db, "files"), count(db, "file_contents")) == (2, 2)
    with pytest.raises(NotFound):
        files.get(db, ME, orphan.id)
    assert files.content(db, ME, carried.id) == TEXT


def test_files_of_a_message_keep_their_order(db: sqlite3.Connection) -> None:
    kept = [add(db, name=f"{name}.txt") for name in "cab"]
    add_session(db, ME, id="s")
    add_message(db, "s", "m", file_ids=[file.id for file in kept] + [kept[0].id])
    assert files.of_messages(db, ["m"])["m"] == (*kept, kept[0]), "the same one twice is fine"


def test_somebody_elses_file_is_not_there(db: sqlite3.Connection) -> None:
    """P6"""
    hers = add(db, user_id=add_user(db, "ann"))
    for use in (files.get, files.content, files.delete):
        with pytest.raises(NotFound):
            use(db, ME, hers.id)  # type: ignore[operator]
    with pytest.raises(InvalidRequest):
        files.check(db, ME, [hers.id])
    assert files.get(db, "ann", hers.id) == hers
