"""Backups of a database in a file, beside others that work on it."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from squid.errors import Conflict, DatabaseError, DiskFull, MigrationError
from squid.store import backup as backups
from squid.store import snapshot, verify
from squid.store.backup import back_up, default_path, found, open_existing
from squid.store.migrate import Migration, bundled, migrate
from squid.store.restore import fold
from squid.store.verify import Damaged
from squid.store.workplace import PREFIX, workplace
from tests.store.kept import add, left, titles


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


# -- backing up -----------------------------------------------------------------------


def test_it_is_one_private_file_with_everything(
    path: Path, db: sqlite3.Connection, tmp_path: Path
) -> None:
    db.execute("PRAGMA wal_autocheckpoint = 0")
    add(db, "only in the log")
    target = tmp_path / "elsewhere" / "mine.db"
    facts = back_up(path, target)
    assert (facts.sessions, facts.messages, facts.version) == (1, 0, len(bundled()))
    assert os.listdir(target.parent) == ["mine.db"]
    assert target.stat().st_mode & 0o777 == 0o600
    assert target.parent.stat().st_mode & 0o777 == 0o700
    assert titles(target) == ["only in the log"]
    assert os.listdir(target.parent) == ["mine.db"], "to read it makes nothing beside it"


def test_what_is_there_stays_unless_forced(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "mine.db"
    target.write_text("precious")
    with pytest.raises(Conflict, match="is there already"):
        back_up(path, target)
    assert target.read_text() == "precious"
    back_up(path, target, force=True)
    assert titles(target) == []
    assert left(tmp_path) == []


@pytest.mark.parametrize("links", [True, False])
def test_what_came_meanwhile_stays(
    path: Path, tmp_path: Path, links: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "mine.db"
    if not links:

        def refuse(*args: object) -> None:
            raise OSError(1, "Operation not permitted")

        monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(Conflict):
        back_up(path, target, progress=lambda done, total: target.touch())
    assert target.read_bytes() == b""
    target.unlink()
    back_up(path, target)
    assert titles(target) == []
    assert left(tmp_path) == []


def test_the_database_itself_is_no_target(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(Exception, match="is the database itself"):
        back_up(path, path, force=True)
    assert path.read_bytes() == before


def test_a_device_is_not_replaced(path: Path) -> None:
    with pytest.raises(Conflict):
        back_up(path, Path("/dev/null"), force=True)
    assert not Path("/dev/null").is_file()


def test_it_ends_and_is_of_one_moment_while_others_write(
    path: Path, db: sqlite3.Connection, tmp_path: Path
) -> None:
    """Two rows that are always written together are both in it, or neither."""
    with db:
        db.execute("CREATE TABLE pairs (a INTEGER, filler BLOB)")
        db.executemany("INSERT INTO pairs VALUES (0, ?)", [(bytes(4000),)] * 3000)
    stop = threading.Event()
    steps = 0

    def write() -> None:
        with closing(open_existing(path)) as other:
            while not stop.is_set():
                with other:
                    other.execute("BEGIN")
                    other.execute("INSERT INTO pairs VALUES (1, '')")
                    other.execute("INSERT INTO pairs VALUES (-1, '')")

    def progress(done: int, total: int) -> None:
        nonlocal steps
        steps += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        back_up(path, tmp_path / "mine.db", progress=progress)
    finally:
        stop.set()
        writer.join()
    assert steps > 1
    with closing(sqlite3.connect(tmp_path / "mine.db")) as copy:
        assert copy.execute("SELECT sum(a) FROM pairs").fetchone() == (0,)


def test_no_database_is_said(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="no database at"):
        back_up(tmp_path / "squid.db", tmp_path / "mine.db")
    assert os.listdir(tmp_path) == []


def test_a_damaged_database_makes_no_backup(
    path: Path, db: sqlite3.Connection, tmp_path: Path
) -> None:
    with db:
        for number in range(2000):
            db.execute(
                "INSERT INTO users (id, name, created_at) VALUES (?, ?, 0)", (number, number)
            )
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.seek(-8192, os.SEEK_END)
        file.write(bytes(4096))
    with pytest.raises(Damaged, match="is damaged"):
        back_up(path, tmp_path / "mine.db")
    assert not (tmp_path / "mine.db").exists()
    assert left(tmp_path) == []


def test_room_is_looked_for_first(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backups, "MARGIN_BYTES", 1 << 60)
    with pytest.raises(DiskFull, match="are needed"):
        back_up(path, tmp_path / "mine.db")
    assert not (tmp_path / "mine.db").exists()


def test_names_do_not_meet(tmp_path: Path) -> None:
    first = default_path(tmp_path)
    first.touch()
    assert default_path(tmp_path) != first
    assert found(tmp_path) == [first]


# -- verifying ------------------------------------------------------------------------


def test_rows_that_name_nothing_are_found(path: Path, db: sqlite3.Connection) -> None:
    with db:
        db.execute("INSERT INTO members VALUES ('nowhere', 'local', 'owner', 0)")
    db.close()
    fold(path)
    with pytest.raises(Damaged, match="a row of members names one of sessions"):
        verify.verify(path)


def test_a_newer_one_and_another_history_are_refused(tmp_path: Path) -> None:
    known = bundled()
    newer = tmp_path / "newer.db"
    migrate(newer, [*known, Migration(len(known) + 1, "later", "CREATE TABLE l (i);")])
    fold(newer)
    with pytest.raises(MigrationError, match="newer Squid"):
        verify.verify(newer)
    other = tmp_path / "other.db"
    migrate(other, [known[0]._replace(sql=known[0].sql + "\n-- edited\n")])
    fold(other)
    with pytest.raises(MigrationError, match="was edited"):
        verify.verify(other)


def test_a_verified_file_is_not_touched(path: Path) -> None:
    fold(path)
    before = (path.read_bytes(), path.stat().st_mtime_ns, sorted(os.listdir(path.parent)))
    verify.verify(path)
    assert before == (path.read_bytes(), path.stat().st_mtime_ns, sorted(os.listdir(path.parent)))


# -- what is in the making --------------------------------------------------------------


def test_what_a_dead_process_left_is_removed_and_a_living_ones_is_not(tmp_path: Path) -> None:
    dead = tmp_path / f"{PREFIX}dead"
    dead.mkdir()
    (dead / "copy.db").write_text("half")
    with workplace(tmp_path) as first:
        assert not dead.exists()
        with workplace(tmp_path) as second:
            assert first.exists()
            assert first != second
    assert os.listdir(tmp_path) == []


def test_a_snapshot_never_writes_over_a_file(path: Path, tmp_path: Path) -> None:
    (tmp_path / "there.db").write_text("precious")
    with closing(open_existing(path)) as db, pytest.raises(FileExistsError):
        snapshot.take(db, tmp_path / "there.db")
    assert (tmp_path / "there.db").read_text() == "precious"
