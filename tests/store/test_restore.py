"""Restores of a database in a file, beside others that work on it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from squid.errors import Conflict, DatabaseBusy, DatabaseError, MigrationError
from squid.ids import now
from squid.store import changes, purge, retention, sessions, upkeep
from squid.store.backup import back_up, open_existing
from squid.store.migrate import Migration, bundled, migrate
from squid.store.restore import replace
from squid.store.retention import Item
from squid.store.worker import Worker
from tests.conftest import ME
from tests.store.kept import add, prepared, titles


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "squid.db"
    migrate(path)
    return path


@pytest.fixture
def db(path: Path) -> Iterator[sqlite3.Connection]:
    """A process that works on it."""
    with closing(open_existing(path)) as db:
        yield db


def test_the_old_state_gives_way_in_one_step(
    path: Path, db: sqlite3.Connection, tmp_path: Path
) -> None:
    add(db, "kept")
    back_up(path, tmp_path / "mine.db")
    add(db, "later")
    with closing(open_existing(path)) as reader:
        reader.execute("BEGIN")
        assert len(reader.execute("SELECT title FROM sessions").fetchall()) == 2
        done = replace(path, prepared(tmp_path / "mine.db", tmp_path / "p"), tmp_path / "safe.db")
        assert len(reader.execute("SELECT title FROM sessions").fetchall()) == 2
        reader.execute("COMMIT")
        assert reader.execute("SELECT title FROM sessions").fetchall() == [("kept",)]
    assert db.execute("SELECT title FROM sessions").fetchall() == [("kept",)]
    assert done.safety is not None
    assert titles(done.safety) == ["kept", "later"]
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    add(db, "after")
    assert titles(path) == ["after", "kept"]


def test_no_number_comes_again(path: Path, db: sqlite3.Connection, tmp_path: Path) -> None:
    kept = add(db, "kept")
    back_up(path, tmp_path / "mine.db")
    for number in range(20):
        with db:
            sessions.update(db, ME, kept, title=f"new title {number}")
    _, last = changes.span(db)
    version = sessions.version(db, ME, kept)
    moves = db.execute("SELECT max(number) FROM session_moves").fetchone()[0]
    replace(path, prepared(tmp_path / "mine.db", tmp_path / "p"), tmp_path / "safe.db")
    assert sessions.version(db, ME, kept) > version
    first, now_last = changes.span(db)
    assert now_last > last
    assert last < first - 1, "a reader of before is told to begin anew"
    with db:
        sessions.update(db, ME, kept, title="again")
    assert db.execute("SELECT max(number) FROM session_moves").fetchone()[0] > moves
    again = prepared(tmp_path / "mine.db", tmp_path / "q")
    version = sessions.version(db, ME, kept)
    replace(path, again, tmp_path / "safe2.db")
    assert sessions.version(db, ME, kept) > version, "also the second time"


def test_one_that_is_gone_leaves_its_version(
    path: Path, db: sqlite3.Connection, tmp_path: Path
) -> None:
    """A server still has it in its cache, and a client may make one of that id anew."""
    back_up(path, tmp_path / "mine.db")
    with db:
        sessions.create(db, ME, id="thread-1")
        version = sessions.update(db, ME, "thread-1", title="old").version
        db.execute("INSERT INTO purged_sessions (id, version, purged_at) VALUES ('gone', 7, 0)")
    replace(path, prepared(tmp_path / "mine.db", tmp_path / "p"), tmp_path / "safe.db")
    with db:
        assert sessions.create(db, ME, id="thread-1").version > version
        assert sessions.create(db, ME, id="gone").version > 7


def test_what_was_brought_back_is_not_taken_for_old(
    path: Path, db: sqlite3.Connection, tmp_path: Path
) -> None:
    kept = add(db, "kept")
    with db:
        upkeep.settle(db, {"retention": 1}, 1)
        db.execute("UPDATE sessions SET active_at = 1, deleted_at = 1")
    back_up(path, tmp_path / "mine.db")
    with db:
        db.execute("UPDATE upkeep_jobs SET due_at = 99")
    limits = retention.Limits(trash=1000, age=1000)
    assert retention.plan(db, limits, now()).purge
    replace(path, prepared(tmp_path / "mine.db", tmp_path / "p"), tmp_path / "safe.db")
    assert not retention.plan(db, limits, now()).purge
    with db:
        sessions.restore(db, ME, kept)
    assert not retention.plan(db, limits, now()).trash
    assert [job.due_at for job in upkeep.last(db)] == [99], "the clock is that of here"


def test_a_purge_under_way_leaves_what_a_restore_brought_back(
    path: Path, db: sqlite3.Connection, tmp_path: Path
) -> None:
    kept = add(db, "kept")
    back_up(path, tmp_path / "mine.db")
    with db:
        version = sessions.delete(db, ME, kept).version
        assert purge.close(db, Item(kept, ME, "kept", 0, version, "trash"))
    replace(path, prepared(tmp_path / "mine.db", tmp_path / "p"), tmp_path / "safe.db")
    with db:
        assert not purge.remove_some(db, kept)
    assert sessions.get(db, ME, kept).title == "kept"


def test_a_live_answer_is_not_lost(path: Path, db: sqlite3.Connection, tmp_path: Path) -> None:
    back_up(path, tmp_path / "mine.db")
    mine = Worker(path)
    session_id = add(db, "busy")
    with db:
        for id_ in ("q", "a"):
            db.execute(
                "INSERT INTO messages (id, session_id, depth, role, status, created_at,"
                " updated_at, content) VALUES (?, ?, 0, 'user', 'pending', 0, 0, '')",
                (id_, session_id),
            )
        db.execute(
            "INSERT INTO runs (id, session_id, message_id, question_id, kind, status, provider,"
            " model, worker, text_start, created_at)"
            " VALUES ('r', ?, 'a', 'q', 'answer', 'running', 'p', 'm', 'me', 0, 0)",
            (session_id,),
        )
        db.execute("UPDATE runs SET worker = ?", (mine.id,))
    copy = prepared(tmp_path / "mine.db", tmp_path / "p")
    with pytest.raises(Conflict, match="An answer is being written"):
        replace(path, copy, tmp_path / "safe.db")
    assert titles(path) == ["busy"]
    mine.close()
    assert not (tmp_path / "safe.db").exists()
    replace(path, copy, tmp_path / "safe.db")
    assert titles(path) == []


def test_under_a_process_of_another_version(tmp_path: Path) -> None:
    path = tmp_path / "data" / "squid.db"
    migrate(path, bundled()[:3])
    back_up(path, tmp_path / "mine.db")
    copy = prepared(tmp_path / "mine.db", tmp_path / "p")
    with closing(Worker(path)), pytest.raises(Conflict, match="another version"):
        replace(path, copy, tmp_path / "safe.db")
    replace(path, copy, tmp_path / "safe.db")
    assert migrate(path).migrations == []


def test_one_that_a_newer_squid_left_behind_gives_way(path: Path, tmp_path: Path) -> None:
    """As the error of a downgrade proposes."""
    back_up(path, tmp_path / "mine.db")
    known = bundled()
    migrate(path, [*known, Migration(len(known) + 1, "later", "CREATE TABLE l (i);")])
    with pytest.raises(MigrationError):
        migrate(path)
    replace(path, prepared(tmp_path / "mine.db", tmp_path / "p"), tmp_path / "safe.db")
    assert migrate(path).migrations == []


def test_while_somebody_else_writes(path: Path, db: sqlite3.Connection, tmp_path: Path) -> None:
    back_up(path, tmp_path / "mine.db")
    copy = prepared(tmp_path / "mine.db", tmp_path / "p")
    add(db, "mine")
    db.execute("BEGIN IMMEDIATE")
    waited = pytest.MonkeyPatch()
    waited.setattr("squid.store.restore.open_existing", lambda path: open_existing(path, 0.05))
    with waited.context(), pytest.raises(DatabaseBusy):
        replace(path, copy, tmp_path / "safe.db")
    waited.undo()
    db.execute("ROLLBACK")
    assert titles(path) == ["mine"]


def test_another_page_size(path: Path, db: sqlite3.Connection, tmp_path: Path) -> None:
    add(db, "kept")
    back_up(path, tmp_path / "mine.db")
    with closing(sqlite3.connect(tmp_path / "mine.db", isolation_level=None)) as other:
        other.execute("PRAGMA page_size = 8192")
        other.execute("VACUUM")
    replace(path, prepared(tmp_path / "mine.db", tmp_path / "p"), tmp_path / "safe.db")
    assert db.execute("PRAGMA page_size").fetchone() == (4096,)
    assert titles(path) == ["kept"]


def test_a_backup_with_its_log_beside_it(
    path: Path, db: sqlite3.Connection, tmp_path: Path
) -> None:
    """What somebody copied by hand from a killed server's folder."""
    db.execute("PRAGMA wal_autocheckpoint = 0")
    add(db, "only in the log")
    by_hand = tmp_path / "by-hand"
    by_hand.mkdir()
    for name in ("squid.db", "squid.db-wal"):
        (by_hand / name).write_bytes((path.parent / name).read_bytes())
    before = {name: (by_hand / name).read_bytes() for name in os.listdir(by_hand)}
    fresh = tmp_path / "fresh" / "squid.db"
    fresh.parent.mkdir()
    replace(fresh, prepared(by_hand / "squid.db", tmp_path / "p"), tmp_path / "safe.db")
    assert titles(fresh) == ["only in the log"]
    assert before == {name: (by_hand / name).read_bytes() for name in os.listdir(by_hand)}


@pytest.mark.parametrize("content", [b"", b"Dear diary, " * 1000, None])
def test_where_there_is_nothing_to_overwrite(
    path: Path, db: sqlite3.Connection, tmp_path: Path, content: bytes | None
) -> None:
    add(db, "kept")
    back_up(path, tmp_path / "mine.db")
    db.close()
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    copy = prepared(tmp_path / "mine.db", tmp_path / "p")
    with (
        closing(Worker(path)),
        pytest.raises(DatabaseError, match="cannot be read, and Squid is running"),
    ):
        replace(path, copy, tmp_path / "safe.db")
    done = replace(path, copy, tmp_path / "safe.db")
    assert titles(path) == ["kept"]
    assert done.safety is None
    if content:
        assert done.aside is not None
        assert done.aside.read_bytes() == content
    else:
        assert done.aside is None


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.9])
def test_a_truncated_database_is_moved_aside_or_overwritten(
    path: Path, db: sqlite3.Connection, tmp_path: Path, cut: float
) -> None:
    add(db, "kept")
    back_up(path, tmp_path / "mine.db")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    os.truncate(path, int(path.stat().st_size * cut) // 4096 * 4096)
    content = path.read_bytes()
    done = replace(path, prepared(tmp_path / "mine.db", tmp_path / "p"), tmp_path / "safe.db")
    assert titles(path) == ["kept"]
    with closing(sqlite3.connect(path)) as now:
        assert now.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert done.aside is not None
    assert done.aside.read_bytes() == content


def test_another_programs_database_is_left_alone(path: Path, tmp_path: Path) -> None:
    back_up(path, tmp_path / "mine.db")
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as db, db:
        db.execute("CREATE TABLE bookmarks (url TEXT)")
    before = other.read_bytes()
    with pytest.raises(DatabaseError, match="another program"):
        replace(other, prepared(tmp_path / "mine.db", tmp_path / "p"), tmp_path / "safe.db")
    assert other.read_bytes() == before
