"""Versioned SQL: forward only, checksummed, one transaction each.

A file database is backed up before it is migrated. What cannot be brought to this
program's version is refused before anything of it is touched.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from squid.errors import DatabaseError, MigrationError
from squid.ids import now
from squid.store import snapshot

log = logging.getLogger(__name__)

APPLICATION_ID = 0x53515549
""""SQUI" in the file's header, where `file(1)` and we look."""


class Migration(NamedTuple):
    version: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


class Applied(NamedTuple):
    """What was done to a database."""

    migrations: list[Migration]
    copy: Path | None = None
    """Of how it was before."""


class NotADatabase(DatabaseError):
    """The file is not an SQLite database"""


def bundled() -> list[Migration]:
    """The migrations of this program, in order."""
    package = Path(__file__).parent.parent
    inside_wheel, beside_package = package / "migrations", package.parent / "migrations"
    return load(inside_wheel if inside_wheel.is_dir() else beside_package)


def load(folder: Path) -> list[Migration]:
    migrations = []
    for path in sorted(folder.glob("[0-9][0-9][0-9][0-9]_*.sql")):
        version, _, name = path.stem.partition("_")
        # Line ends as git made them must not change a checksum.
        migrations.append(Migration(int(version), name, path.read_text("utf-8")))
    if [m.version for m in migrations] != list(range(1, len(migrations) + 1)):
        raise MigrationError(f"The migrations in {folder} are not numbered 1, 2, 3, ….")
    return migrations


def migrate(
    path: Path,
    migrations: list[Migration] | None = None,
    *,
    keep_copy: bool = True,
) -> Applied:
    """Bring the database at `path` to this program's version; make it if need be.

    Raises DatabaseError (not a database, not Squid's, not writable) or MigrationError
    (newer than the program, edited migration, in use by an older one).
    """
    migrations = bundled() if migrations is None else migrations
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = not path.exists() or path.stat().st_size == 0
        if not fresh and not os.access(path, os.W_OK):
            raise DatabaseError(f"{path} cannot be written.", hint="Check its permissions.")
        if not fresh:
            recognise(path)
            with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as db:
                if not pending(path, db, migrations):
                    return Applied([])
        # Where it is needed: it takes as long to import as all of this does.
        from filelock import FileLock

        # Two processes that start at once must not both migrate.
        with FileLock(f"{path}.migrate.lock", timeout=60):
            return _migrate(path, migrations, fresh, keep_copy)
    except OSError as error:
        raise DatabaseError(f"{path} cannot be used: {error.strerror or error}.") from None
    except sqlite3.OperationalError as error:
        raise DatabaseError(f"{path} cannot be used: {error}.") from None
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorname.startswith("SQLITE_CORRUPT"):
            raise DatabaseError(
                f"{path} is damaged: {error}.",
                hint="Restore a backup: squid restore FILE. docs/operations.md says what else.",
            ) from None
        raise _no_database(path) from None


def pending(
    path: Path, db: sqlite3.Connection, migrations: list[Migration] | None = None
) -> list[Migration]:
    """What `migrate` would apply. Raises as it does."""
    migrations = bundled() if migrations is None else migrations
    done = applied(db, path)
    check(done, migrations, path)
    return migrations[len(done) :]


def recognise(path: Path, name: Path | None = None) -> None:
    """Look at the file's header, which opening it could change. Raises DatabaseError,
    which calls it `name`."""
    with path.open("rb") as file:
        header = file.read(72)
    if not header.startswith(b"SQLite format 3\0"):
        raise _no_database(name or path)
    # With a journal beside it, SQLite has still to undo what a crash left.
    undecided = path.with_name(path.name + "-journal").exists()
    if int.from_bytes(header[68:72], "big") != APPLICATION_ID and not undecided:
        raise _of_another_program(name or path)


def _no_database(path: Path) -> DatabaseError:
    return NotADatabase(
        f"{path} is not an SQLite database.",
        hint="Name another file in [database] path, or move this one away.",
    )


def _of_another_program(path: Path) -> DatabaseError:
    return DatabaseError(
        f"{path} is a database of another program.", hint="Name another file in [database] path."
    )


def _migrate(
    path: Path,
    migrations: list[Migration],
    fresh: bool,
    keep_copy: bool,
) -> Applied:
    from squid.store import worker

    if fresh:  # for its owner's eyes only; what SQLite puts beside it is as it is
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    db = sqlite3.connect(path, isolation_level=None, timeout=30)
    copy = None
    try:
        missing = pending(path, db, migrations)
        if not missing:
            return Applied([])
        done = len(missing) < len(migrations)
        if done and worker.living(path)[0]:  # which could not go on afterwards
            raise MigrationError(
                f"An older Squid is running on {path}, which must be upgraded.",
                hint="End that one first; then it is done by the next command, or now by:"
                " squid migrate",
            )
        if not fresh and done and keep_copy:
            copy = _keep(db, path, missing[0].version)
        for migration in missing:
            _apply(db, migration)
        db.execute("PRAGMA journal_mode = WAL")
        return Applied(missing, copy)
    finally:
        db.close()


def applied(db: sqlite3.Connection, path: Path) -> list[tuple[int, str, str]]:
    """What was applied to a database: versions, names and checksums, in order."""
    tables = {row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if not tables:
        return []
    if db.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise _of_another_program(path)
    rows = db.execute("SELECT version, name, checksum FROM migrations ORDER BY version")
    return rows.fetchall()


def version(db: sqlite3.Connection) -> int:
    """How many migrations the database has seen."""
    return int(db.execute("SELECT max(version) FROM migrations").fetchone()[0])


def check(done: list[tuple[int, str, str]], migrations: list[Migration], path: Path) -> None:
    """Raises MigrationError where this program's migrations do not begin with those."""
    if len(done) > len(migrations):
        raise MigrationError(
            f"{path} was written by a newer Squid (its version is {len(done)}, this "
            f"program knows {len(migrations)}).",
            hint="Upgrade Squid, or restore the backup that was made before the upgrade.",
        )
    for (version, name, checksum), migration in zip(done, migrations, strict=False):
        if (version, checksum) != (migration.version, migration.checksum):
            raise MigrationError(
                f"Migration {version:04}_{name} was edited after it had been applied to {path}.",
                hint="Migrations are append-only: undo the edit and add a new one.",
            )


def _apply(db: sqlite3.Connection, migration: Migration) -> None:
    # The first must not have touched the file before it says how room is given back,
    # which only an empty one takes: later it would cost a VACUUM.
    db.execute("BEGIN" if migration.version == 1 else "BEGIN IMMEDIATE")
    try:
        if migration.version == 1:
            db.execute("PRAGMA auto_vacuum = INCREMENTAL")
            db.execute(
                "CREATE TABLE migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL,"
                " checksum TEXT NOT NULL, applied_at INTEGER NOT NULL)"
            )
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        for statement in statements(migration.sql):
            db.execute(statement)
        db.execute(
            "INSERT INTO migrations (version, name, checksum, applied_at) VALUES (?, ?, ?, ?)",
            (migration.version, migration.name, migration.checksum, now()),
        )
        db.execute("COMMIT")
    except sqlite3.Error as error:
        db.execute("ROLLBACK")
        raise MigrationError(
            f"Migration {migration.version:04}_{migration.name} failed: {error}. "
            "Nothing of it was kept."
        ) from error
    log.info("applied migration %04d_%s", migration.version, migration.name)


def statements(sql: str) -> Iterator[str]:
    """Split a script; `executescript` would commit behind our back."""
    gathered = ""
    for line in sql.splitlines(keepends=True):
        gathered += line
        if sqlite3.complete_statement(gathered):
            yield gathered
            gathered = ""
    if any(line.strip() and not line.lstrip().startswith("--") for line in gathered.splitlines()):
        yield gathered  # no semicolon at the end: SQLite says what is wrong with it


def _keep(db: sqlite3.Connection, path: Path, version: int) -> Path:
    """Copy the database beside itself before anything of it is changed."""
    from squid.store.workplace import workplace

    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    target = path.with_name(f"{path.name}.before-{version:04}.{stamp}.backup")
    with workplace(path.parent) as folder:
        snapshot.take(db, folder / "copy.db")
        os.replace(folder / "copy.db", target)
    snapshot.sync(path.parent)
    log.info("backed up the database to %s", target)
    return target


def kept(path: Path) -> list[Path]:
    """The copies that were made before migrations, the oldest first."""
    return sorted(path.parent.glob(f"{path.name}.before-*.backup"))
