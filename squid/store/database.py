"""One writer that gathers, many readers, one SQLite file.

A transaction is a function of a connection. `read` runs it on any free reader and a
consistent snapshot; `write` hands it to the writer, which takes everything that has
gathered while the last commit was in flight into the next one. There is no timer: an
idle writer commits a single write at once, a busy one makes fewer, larger commits.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeVar

import aiosqlite

from squid.errors import DatabaseError, DiskFull
from squid.figures import COMMIT_SECONDS, WRITES, Histogram
from squid.store.sqlite import pragmas, translate

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")
Transaction = Callable[[sqlite3.Connection], Any]

MAX_GATHERED = 512
"""Writes in one commit, at most: bounds how long the first of them waits."""


class Sizes(NamedTuple):
    """In bytes."""

    database: int
    wal: int
    """The log that is folded into the file now and then."""
    free: int
    """Room that the disk has left."""


class Database:
    """Open with `await Database.open(...)`, after `migrate`."""

    def __init__(self, path: Path, writer: aiosqlite.Connection) -> None:
        self.path = path
        self._writer = writer
        self._readers: list[aiosqlite.Connection] = []
        self._free: asyncio.Queue[aiosqlite.Connection] = asyncio.LifoQueue()
        self._waiting: deque[tuple[Transaction, asyncio.Future[Any]]] = deque()
        self._wake = asyncio.Event()
        self._after_commit: list[Callable[[], None]] = []
        self._closing = False
        self._write_task = asyncio.create_task(self._write_loop(), name="squid-writer")
        self.commits = 0
        self.writes = 0
        self.refused = 0
        """Commits that failed as a whole."""
        self.commit_seconds = Histogram(COMMIT_SECONDS)
        self.gathered = Histogram(WRITES)
        self.full = False
        """Whether the disk had no room when something was last to be written."""

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        readers: int = 4,
        synchronous: str = "full",
        busy_timeout: float = 5.0,
    ) -> Database:
        """`busy_timeout` is in seconds: how long another program may hold the file."""
        writer = await _connect(path, synchronous, busy_timeout)
        database = cls(path, writer)
        try:
            for _ in range(readers):
                reader = await _connect(path, synchronous, busy_timeout)
                await reader.execute("PRAGMA query_only = 1")
                database._readers.append(reader)
                database._free.put_nowait(reader)
        except BaseException:
            await database.close()
            raise
        return database

    async def read(
        self,
        transaction: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run on one consistent snapshot of everything committed."""
        reader = await self._free.get()
        reading = asyncio.ensure_future(
            _on_thread(reader, _read, lambda db: transaction(db, *args, **kwargs))
        )
        # Lent again when the thread is done, which a caller that leaves does not change.
        reading.add_done_callback(lambda done: self._returned(reader, done))
        try:
            result: T = await asyncio.shield(reading)
            return result
        except sqlite3.Error as error:
            raise translate(error) from error

    def _returned(self, reader: aiosqlite.Connection, done: asyncio.Future[Any]) -> None:
        self._free.put_nowait(reader)
        if not done.cancelled():
            done.exception()  # a caller that left must not be warned about

    async def write(
        self,
        transaction: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run in the next commit; returns when that is on disk.

        An exception undoes this transaction and none of its neighbours'. Cancelling
        the caller does not cancel the write.
        """
        if self._closing:
            raise DatabaseError("The database is being closed.")
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((lambda db: transaction(db, *args, **kwargs), done))
        self._wake.set()
        return await done

    def after_commit(self, look_again: Callable[[], None]) -> None:
        """Call `look_again` after every commit of this process."""
        self._after_commit.append(look_again)

    async def data_version(self) -> int:
        """Changes whenever another process has committed, and only then: seen from
        the writer, this process's own commits do not count."""
        try:
            return int(await _on_thread(self._writer, _data_version))
        except sqlite3.Error as error:
            raise translate(error) from error

    @property
    def waiting(self) -> int:
        """Writes that wait for the commit under way."""
        return len(self._waiting)

    @property
    def closing(self) -> bool:
        return self._closing

    def sizes(self) -> Sizes:
        """Of the files; asks the disk."""
        return Sizes(
            _size(self.path),
            _size(self.path.with_name(self.path.name + "-wal")),
            shutil.disk_usage(self.path.parent).free,
        )

    async def close(self) -> None:
        """Finish what was handed in, then close; the log is folded into the file."""
        self._closing = True
        self._wake.set()
        await self._write_task
        for connection in (*self._readers, self._writer):
            await connection.close()

    async def _write_loop(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                batch = [
                    self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_GATHERED))
                ]
                await self._commit(batch)
            if self._closing:
                return

    async def _commit(self, batch: list[tuple[Transaction, asyncio.Future[Any]]]) -> None:
        began = time.perf_counter()
        try:
            results = await _on_thread(self._writer, _write, [job for job, _ in batch])
        except Exception as error:
            self.refused += 1
            self.full = self.full or _no_room(error)
            for _, done in batch:
                if not done.done():
                    done.set_exception(translate(error))
                    done.exception()  # a caller that left must not be warned about
            return
        self.commit_seconds.observe(time.perf_counter() - began)
        self.gathered.observe(len(batch))
        self.commits += 1
        self.writes += len(batch)
        self.full = any(_no_room(refused) for _, refused in results if refused is not None)
        for (_, done), (value, refused) in zip(batch, results, strict=True):
            if done.done():
                continue
            if refused is None:
                done.set_result(value)
            else:
                done.set_exception(translate(refused))
                done.exception()
        for look_again in self._after_commit:
            look_again()


async def _connect(path: Path, synchronous: str, busy_timeout: float) -> aiosqlite.Connection:
    connection = await aiosqlite.connect(
        path, isolation_level=None, timeout=busy_timeout, cached_statements=256
    )
    try:
        for pragma in pragmas(synchronous):
            await connection.execute(pragma)
    except sqlite3.Error as error:
        await connection.close()
        raise translate(error) from error
    return connection


async def _on_thread(
    connection: aiosqlite.Connection, function: Callable[..., Any], *args: Any
) -> Any:
    """Run a whole transaction on the connection's thread in one hop.

    aiosqlite's public methods hop once for each statement, which costs several times
    what the statements do; its own `_execute` is the way to hand it a function.
    """
    return await connection._execute(function, connection._conn, *args)  # type: ignore[no-untyped-call]


def _read(db: sqlite3.Connection, transaction: Transaction) -> Any:
    db.execute("BEGIN")
    try:
        return transaction(db)
    finally:
        db.execute("COMMIT")


def _write(
    db: sqlite3.Connection, transactions: Sequence[Transaction]
) -> list[tuple[Any, Exception | None]]:
    """Run each in a savepoint of its own and commit them together."""
    results: list[tuple[Any, Exception | None]] = []
    db.execute("BEGIN IMMEDIATE")
    try:
        for transaction in transactions:
            db.execute("SAVEPOINT one")
            try:
                results.append((transaction(db), None))
            except Exception as error:
                if not db.in_transaction:  # SQLite undid everything, as on a full disk
                    raise
                db.execute("ROLLBACK TO one")
                results.append((None, error))
            db.execute("RELEASE one")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    return results


def probe(db: sqlite3.Connection) -> None:
    """Write something that changes nothing, to see whether it can be written."""
    db.execute(f"PRAGMA user_version = {db.execute('PRAGMA user_version').fetchone()[0]}")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _data_version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA data_version").fetchone()[0])


def _no_room(error: Exception) -> bool:
    return isinstance(translate(error), DiskFull)
