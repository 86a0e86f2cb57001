"""Putting a backup in the place of the database, whole or not at all, also beside
processes that work on it.

SQLite copies the pages of the backup over those of the database in one transaction: a
reader sees the old state to the end of its own, then the new one; a crash leaves one of
the two. While that transaction holds the database, and nobody can commit, it is looked
at once more: that no answer is being written, and which numbers were given out that
must not come again.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout

from squid.errors import Conflict, DatabaseBusy, DatabaseError
from squid.ids import now
from squid.store import snapshot, worker
from squid.store.backup import need_room, open_existing, size, unwritable
from squid.store.migrate import NotADatabase, bundled, recognise
from squid.store.snapshot import Progress, quiet
from squid.store.verify import Facts, facts

STEPS = 50
"""In how many parts the pages are copied; the first is made before anything is decided."""

_END_IT = "End it first; then try again."


class Replaced(NamedTuple):
    safety: Path | None = None
    """A backup of what was there."""
    aside: Path | None = None
    """What was there and cannot be read, under its new name."""


def fetch(source: Path, folder: Path) -> Path:
    """A private copy of a backup, to check and to bring up to date; the backup itself
    is never opened as a database. With it comes a log that lies beside it."""
    need_room(folder, 2 * size(source))
    copy = folder / "copy.db"
    for ending in ("", "-wal", "-journal"):
        part = source.with_name(source.name + ending)
        if ending and not part.exists():
            continue
        with part.open("rb") as read, open(f"{copy}{ending}", "xb", opener=_private) as write:
            shutil.copyfileobj(read, write, 1 << 20)
    if size(copy) > copy.stat().st_size or Path(f"{copy}-journal").exists():
        recognise(copy, source)
    fold(copy)
    return copy


def fold(path: Path) -> None:
    """Make one file of a database and its log, which nobody else has open."""
    with path.open("rb") as file:
        logged = file.read(20)[18:20] == b"\2\2"
    if not logged and not path.with_name(path.name + "-journal").exists():
        return
    with closing(open_existing(path)) as db:
        db.execute("PRAGMA journal_mode = DELETE")


def present(path: Path) -> Facts | None:
    """What a restore would replace; None where that is nothing, or cannot be read."""
    try:
        recognise(path)
        with closing(open_existing(path)) as db:
            return facts(db)
    except (OSError, sqlite3.Error, NotADatabase):
        return None


def replace(path: Path, prepared: Path, safety: Path, *, progress: Progress = quiet) -> Replaced:
    """Make the database at `path` what the one at `prepared` is: a private copy that was
    verified and brought to this program's version, on the same disk.

    What is there is backed up to `safety`; what cannot be read is moved aside. Raises
    Conflict (an answer is being written, an older process is running), DatabaseBusy and
    DatabaseError; nothing is replaced then.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        safety.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # A server that starts meanwhile waits, as it would for a migration.
        with FileLock(f"{path}.migrate.lock", timeout=60):
            if not path.exists() or path.stat().st_size == 0:
                return Replaced(aside=_put(path, prepared))
            try:
                recognise(path)
                return _overwrite(path, prepared, safety, progress)
            except (sqlite3.DatabaseError, NotADatabase) as error:
                if isinstance(error, sqlite3.OperationalError):
                    raise
                return Replaced(aside=_put(path, prepared))
    except Timeout:
        raise DatabaseBusy("Another program is restoring or upgrading the database.") from None
    except OSError as error:
        raise unwritable(Path(error.filename or path), error) from None
    except sqlite3.Error as error:
        raise unwritable(path, error) from None


def _overwrite(path: Path, prepared: Path, safety: Path, progress: Progress) -> Replaced:
    with (
        closing(open_existing(path)) as live,
        closing(open_existing(path)) as look,
        closing(open_existing(prepared)) as source,
    ):
        live.execute("PRAGMA journal_mode = WAL")  # as whoever opens it has it
        (page_size,) = live.execute("PRAGMA page_size").fetchone()
        if source.execute("PRAGMA page_size").fetchone() != (page_size,):
            source.execute(f"PRAGMA page_size = {page_size}")
            source.execute("VACUUM")
        (pages,) = source.execute("PRAGMA page_count").fetchone()
        step = max(1, pages // STEPS)
        held = False

        def stepped(status: int, left: int, pages: int) -> None:
            nonlocal held
            if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise DatabaseBusy(
                    "Another program holds the database locked.",
                    hint="Try again; if it stays like this, look for a program that has it open.",
                )
            if not held:  # from now on, nobody else can commit
                held = True
                _refuse_in_use(look, path)
                _save(look, safety)
                _move_on(source, look)
            progress((pages - left) * page_size, pages * page_size)

        source.backup(live, pages=step, progress=stepped)
        live.execute("PRAGMA busy_timeout = 0")  # readers may hold it up; then it is done later
        live.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return Replaced(safety=safety)


def _refuse_in_use(look: sqlite3.Connection, path: Path) -> None:
    living, _ = worker.living(path)
    if facts(look).version != len(bundled()) and living:
        raise Conflict(f"A Squid of another version is running on {path}.", hint=_END_IT)
    if not _has(look, "runs"):
        return
    for (writer,) in look.execute("SELECT DISTINCT worker FROM runs WHERE status = 'running'"):
        if writer in living:
            raise Conflict(
                "An answer is being written; it would be lost.",
                hint="Wait for its end or stop it; then try again.",
            )


def _save(look: sqlite3.Connection, safety: Path) -> None:
    need_room(safety.parent, size(Path(look.execute("PRAGMA database_list").fetchone()[2])))
    partial = safety.with_name(f".{safety.name}.{os.getpid()}.partial")
    try:
        snapshot.take(look, partial)
        os.replace(partial, safety)
    finally:
        partial.unlink(missing_ok=True)
    snapshot.sync(safety.parent)


def _move_on(source: sqlite3.Connection, look: sqlite3.Connection) -> None:
    """What others hold of the old state must not pass for the new one's.

    - a cached session, by its version: all of them go on above any that there was, and
      one that is gone leaves its last version for whoever makes it anew;
    - a place in the change feed: every reader is told to begin anew;
    - a number that was given out: no sequence goes back.

    And what was brought back is not taken for old: retention counts from now on, and
    what is done by the clock goes by the clock of here.
    """
    both = (source, look)
    versions = [db.execute("SELECT max(version) FROM sessions").fetchone()[0] or 0
                for db in both if _has(db, "sessions")]  # fmt: skip
    at = now()
    source.execute("BEGIN")
    source.execute(
        "UPDATE sessions SET version = ?, retention_from = ?", (max(at, *versions) + 1, at)
    )
    here = {row[0] for row in source.execute("SELECT id FROM sessions")}
    for table in ("sessions", "purged_sessions"):
        if _has(look, table):
            rows = look.execute(f"SELECT id, version FROM {table}")
            source.executemany(
                "INSERT INTO purged_sessions (id, version, purged_at) VALUES (?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET version = max(version, excluded.version)",
                [(*row, at) for row in rows if row[0] not in here],
            )
    source.execute("DELETE FROM changes")
    last = {"changes": 0}
    for db in both:
        if _has(db, "sqlite_sequence"):
            for name, number in db.execute("SELECT name, seq FROM sqlite_sequence"):
                last[name] = max(last.get(name, 0), number)
    source.execute("DELETE FROM sqlite_sequence")
    source.executemany(
        "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)",
        [(name, number + 1) for name, number in last.items()],
    )
    source.execute("DELETE FROM upkeep_jobs")
    if _has(look, "upkeep_jobs"):
        jobs = look.execute("SELECT * FROM upkeep_jobs").fetchall()
        source.executemany("INSERT INTO upkeep_jobs VALUES (?, ?, ?, ?, ?, ?, ?)", jobs)
    source.execute("COMMIT")


def _put(path: Path, prepared: Path) -> Path | None:
    """Where there is nothing to overwrite: what there is gets another name, then the new
    one takes its place."""
    if worker.living(path)[0]:
        raise DatabaseError(f"{path} cannot be read, and Squid is running on it.", hint=_END_IT)
    with closing(open_existing(prepared)) as source, closing(sqlite3.connect(":memory:")) as none:
        _move_on(source, none)
    aside = _move_aside(path)
    snapshot.sync(prepared)
    os.replace(prepared, path)
    snapshot.sync(path.parent)
    return aside


def _move_aside(path: Path) -> Path | None:
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    # The log first: beside another file it would be taken for that one's.
    for ending in ("-wal", "-shm", "-journal"):
        log = path.with_name(path.name + ending)
        if log.exists():
            os.replace(log, f"{aside}{ending}")
    if not path.exists() or path.stat().st_size == 0:
        return None
    try:
        os.link(path, aside)  # at no moment is there none of the name
    except OSError:
        os.replace(path, aside)
    return aside


def _has(db: sqlite3.Connection, table: str) -> bool:
    row = db.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
    return row is not None


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
