"""Whether a database is whole, and what is in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from squid.errors import DatabaseError
from squid.store.migrate import Migration, applied, bundled, check, recognise

INSTRUCTIONS = 200_000
"""Of SQLite's, between two looks for Ctrl-C: some milliseconds."""


class Damaged(DatabaseError):
    """The database is damaged"""


class Facts(NamedTuple):
    version: int
    """How many migrations were applied."""
    sessions: int
    messages: int
    files: int
    active_at: int | None
    """When somebody last said something (ms)."""


def verify(
    path: Path, name: Path | None = None, migrations: list[Migration] | None = None
) -> Facts:
    """Check all of a database that nobody has open, without changing it.

    `name` is what to call it. Raises DatabaseError: not a database, not Squid's, newer
    than this program, of another history, Damaged.
    """
    name = name or path
    try:
        recognise(path, name)
        with closing(read_only(path, alone=True)) as db:
            check(applied(db, name), bundled() if migrations is None else migrations, name)
            wrong = integrity(db) or foreign_keys(db)
            if wrong:
                raise damaged(name, wrong)
            return facts(db)
    except OSError as error:
        raise DatabaseError(f"{name} cannot be read: {error.strerror or error}.") from None
    except sqlite3.Error as error:
        raise damaged(name, str(error)) from None


def read_only(path: Path, *, alone: bool = False) -> sqlite3.Connection:
    """A connection that changes nothing. `alone` says that nobody else has it open, and
    that no log lies beside it: then nothing is made beside it either."""
    more = "&immutable=1" if alone else ""
    place = quote(str(path.absolute()))
    return sqlite3.connect(f"file:{place}?mode=ro{more}", uri=True, isolation_level=None)


FALSE_ALARM = "NULL value in message_files.file_id"
"""What SQLite 3.40 says of a sound database from before migration 0011, which ended it: a
copy that was made before an upgrade is still one."""


def integrity(db: sqlite3.Connection, *, full: bool = True) -> str | None:
    """What is wrong with the file, if anything; not `full` is faster, and does not hold
    the indexes against the tables."""
    most = 1 + _false_alarms(db)
    with _interruptible(db):
        rows = db.execute(f"PRAGMA {'integrity' if full else 'quick'}_check({most})").fetchall()
    wrong = [str(row[0]) for row in rows if row[0] not in ("ok", FALSE_ALARM)]
    return wrong[0].strip().replace("\n", " ") if wrong else None


def _false_alarms(db: sqlite3.Connection) -> int:
    """How many there may be, at most: one for each row."""
    try:
        return int(
            db.execute(
                "SELECT count(*) FROM message_files WHERE NOT EXISTS"
                " (SELECT 1 FROM message_files WHERE file_id IS NULL)"
            ).fetchone()[0]
        )
    except sqlite3.DatabaseError:  # an old database has no such table, a damaged one no rows
        return 0


def foreign_keys(db: sqlite3.Connection) -> str | None:
    """What names something that is not there, if anything does."""
    with _interruptible(db):
        row = db.execute("PRAGMA foreign_key_check").fetchone()
    return f"a row of {row[0]} names one of {row[2]} that is not there" if row else None


def facts(db: sqlite3.Connection) -> Facts:
    """What is in a database of any version."""
    tables = {row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}

    def one(table: str, sql: str) -> int | None:
        return db.execute(sql).fetchone()[0] if table in tables else None

    return Facts(
        version=one("migrations", "SELECT count(*) FROM migrations") or 0,
        sessions=one("sessions", "SELECT count(*) FROM sessions") or 0,
        messages=one("messages", "SELECT count(*) FROM messages") or 0,
        files=one("files", "SELECT count(*) FROM files") or 0,
        active_at=one("sessions", "SELECT max(active_at) FROM sessions"),
    )


def damaged(name: Path, wrong: str) -> Damaged:
    return Damaged(
        f"{name} is damaged: {wrong}.",
        hint="docs/operations.md says what can be done: another backup, or what of it is saved.",
    )


@contextmanager
def _interruptible(db: sqlite3.Connection) -> Iterator[None]:
    """Python hears Ctrl-C only between two instructions of its own."""
    db.set_progress_handler(lambda: 0, INSTRUCTIONS)
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname == "SQLITE_INTERRUPT":
            raise KeyboardInterrupt from None
        raise
    finally:
        db.set_progress_handler(None, 0)
