"""The writer that gathers, the readers, and what a person is told when SQLite cannot."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from squid.errors import DatabaseBusy, DatabaseError, DiskFull, InvalidRequest
from squid.store.database import MAX_GATHERED, Database
from squid.store.migrate import migrate
from tests.conftest import until


def add(db: sqlite3.Connection, name: str) -> str:
    db.execute("INSERT INTO users (id, name, created_at) VALUES (?, ?, 0)", (name, name))
    return name


def names(db: sqlite3.Connection) -> set[str]:
    return {row[0] for row in db.execute("SELECT id FROM users WHERE id != 'local'")}


def refuse(db: sqlite3.Connection, name: str) -> None:
    add(db, name)
    raise InvalidRequest("Not this one.")


@contextmanager
def another_connection(path: Path) -> Iterator[sqlite3.Connection]:
    other = sqlite3.connect(path, isolation_level=None)
    try:
        yield other
    finally:
        other.close()


async def test_many_writes_at_once_share_commits(database: Database) -> None:
    before = database.commits
    await asyncio.gather(*(database.write(add, f"n{i}") for i in range(500)))
    assert database.writes == 500
    assert database.commits - before <= 2
    assert len(await database.read(names)) == 500


async def test_one_commit_takes_a_bounded_number(database: Database) -> None:
    count = 2 * MAX_GATHERED + 1
    await asyncio.gather(*(database.write(add, f"n{i}") for i in range(count)))
    assert database.commits == 3


async def test_idle_writer_commits_each_write_at_once(database: Database) -> None:
    for i in range(3):
        await database.write(add, f"n{i}")
    assert database.commits == 3


async def test_write_gives_back_what_the_transaction_returned(database: Database) -> None:
    assert await database.write(add, "ann") == "ann"


async def test_written_is_seen_by_everyone_when_write_returns(database: Database) -> None:
    await database.write(add, "ann")
    with another_connection(database.path) as other:
        assert names(other) == {"ann"}


async def test_failing_transaction_undoes_only_itself(database: Database) -> None:
    results = await asyncio.gather(
        database.write(add, "ann"),
        database.write(refuse, "bob"),
        database.write(add, "ann"),
        database.write(add, "cid"),
        return_exceptions=True,
    )
    assert database.commits == 1
    assert results[0] == "ann"
    assert isinstance(results[1], InvalidRequest)
    assert isinstance(results[2], sqlite3.IntegrityError)
    assert results[3] == "cid"
    assert await database.read(names) == {"ann", "cid"}


async def test_cancelled_caller_does_not_cancel_the_write(database: Database) -> None:
    caller = asyncio.create_task(database.write(add, "ann"))
    await asyncio.sleep(0)  # the write is handed in, and not yet done
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert await database.write(add, "bob") == "bob"
    assert await database.read(names) == {"ann", "bob"}


async def test_cancelled_caller_of_a_failing_write_is_no_warning(database: Database) -> None:
    caller = asyncio.create_task(database.write(refuse, "ann"))
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    await database.write(add, "bob")
    assert await database.read(names) == {"bob"}


async def test_cancelled_reader_gives_its_connection_back(database: Database) -> None:
    entered, leave = threading.Event(), threading.Event()

    def slow(db: sqlite3.Connection) -> None:
        entered.set()
        leave.wait(5)

    for _ in range(5):  # more than there are readers
        entered.clear()
        leave.clear()
        caller = asyncio.create_task(database.read(slow))
        await until(entered.is_set)
        caller.cancel()
        leave.set()
        with pytest.raises(asyncio.CancelledError):
            await caller
    found = await asyncio.gather(*(database.read(names) for _ in range(10)))
    assert found == [set()] * 10


async def test_failing_read_leaves_the_reader_usable(database: Database) -> None:
    def fail(db: sqlite3.Connection) -> None:
        names(db)
        raise InvalidRequest("No.")

    for _ in range(4):
        with pytest.raises(InvalidRequest):
            await database.read(fail)
    assert await database.read(names) == set()


async def test_reader_cannot_write(database: Database) -> None:
    with pytest.raises(DatabaseError):
        await database.read(add, "ann")
    assert await database.read(names) == set()


async def test_read_is_one_snapshot(database: Database) -> None:
    """What is committed between two statements of a read is not seen by the second."""
    first_done, go_on = threading.Event(), threading.Event()

    def twice(db: sqlite3.Connection) -> tuple[set[str], set[str]]:
        before = names(db)
        first_done.set()
        assert go_on.wait(5)
        return before, names(db)

    reading = asyncio.create_task(database.read(twice))
    await until(first_done.is_set)
    await database.write(add, "ann")
    go_on.set()
    assert await reading == (set(), set())
    assert await database.read(names) == {"ann"}


async def test_reads_go_on_while_the_writer_is_busy(database: Database) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(db: sqlite3.Connection) -> None:
        add(db, "ann")
        begun.set()
        assert go_on.wait(5)

    writing = asyncio.create_task(database.write(slow))
    await until(begun.is_set)
    assert await database.read(names) == set()
    go_on.set()
    await writing


async def test_full_disk_is_told_and_passes(database: Database) -> None:
    """SQLite itself is made to say that there is no room."""

    def limit(db: sqlite3.Connection, more: int) -> None:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages + more}")

    await database.write(add, "ann")
    await database.write(limit, 0)
    with pytest.raises(DiskFull) as full:
        await database.write(add, "b" * 100_000)
    assert full.value.status == 507
    assert await database.read(names) == {"ann"}
    await database.write(limit, 1000)
    await database.write(add, "b" * 100_000)
    assert len(await database.read(names)) == 2


async def test_locked_by_another_process_is_told_and_passes(tmp_path: Path) -> None:
    path = tmp_path / "squid.db"
    migrate(path)
    database = await Database.open(path, readers=1, busy_timeout=0.05)
    try:
        with another_connection(path) as other:
            other.execute("BEGIN IMMEDIATE")
            results = await asyncio.gather(
                database.write(add, "ann"), database.write(add, "bob"), return_exceptions=True
            )
            assert [type(result) for result in results] == [DatabaseBusy, DatabaseBusy]
            assert await database.read(names) == set(), "reading goes on"
            other.execute("ROLLBACK")
        await database.write(add, "cid")
        assert await database.read(names) == {"cid"}
    finally:
        await database.close()


async def test_short_lock_is_waited_for(database: Database) -> None:
    with another_connection(database.path) as other:
        other.execute("BEGIN IMMEDIATE")
        writing = asyncio.create_task(database.write(add, "ann"))
        assert await database.read(names) == set()
        assert not writing.done()
        other.execute("ROLLBACK")
        await writing
    assert await database.read(names) == {"ann"}


async def test_data_version_changes_for_foreign_commits_only(database: Database) -> None:
    before = await database.data_version()
    await database.write(add, "ann")
    assert await database.data_version() == before
    with another_connection(database.path) as other:
        add(other, "bob")
    after = await database.data_version()
    assert after != before
    assert await database.data_version() == after


async def test_after_commit_is_called_for_each_commit(database: Database) -> None:
    seen: list[int] = []
    database.after_commit(lambda: seen.append(database.commits))
    await asyncio.gather(*(database.write(add, f"n{i}") for i in range(10)))
    await database.write(add, "ann")
    assert seen == [1, 2]


async def test_close_finishes_what_was_handed_in(tmp_path: Path) -> None:
    path = tmp_path / "squid.db"
    migrate(path)
    database = await Database.open(path, readers=1)
    writing = [asyncio.create_task(database.write(add, f"n{i}")) for i in range(20)]
    await asyncio.sleep(0)
    await database.close()
    await asyncio.gather(*writing)
    with pytest.raises(DatabaseError):
        await database.write(add, "late")
    with another_connection(path) as other:
        assert len(names(other)) == 20
    assert not path.with_name("squid.db-wal").exists(), "the log is folded into the file"


@pytest.mark.parametrize(("synchronous", "number"), [("full", 2), ("normal", 1)])
async def test_synchronous_is_what_was_asked_for(
    tmp_path: Path, synchronous: str, number: int
) -> None:
    path = tmp_path / "squid.db"
    migrate(path)
    database = await Database.open(path, readers=1, synchronous=synchronous)

    def settings(db: sqlite3.Connection) -> tuple[int, str]:
        return (
            db.execute("PRAGMA synchronous").fetchone()[0],
            db.execute("PRAGMA journal_mode").fetchone()[0],
        )

    assert await database.write(settings) == (number, "wal")
    await database.close()


async def test_opening_what_is_no_database_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "squid.db"
    path.write_text("These are not the tables you are looking for. " * 50)
    with pytest.raises(DatabaseError):
        await Database.open(path)
