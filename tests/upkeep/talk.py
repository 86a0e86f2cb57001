"""Retention in a few words, on a database of its own."""

from __future__ import annotations

import asyncio
import gzip
import json
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

from squid.config import Config, load
from squid.ids import now
from squid.store.database import Database
from tests.store.tree import fresh
from tests.template import new_database
from tests.transfer.talk import exported, imported

T = TypeVar("T")
DAY = 86_400_000
START = now()


def ago(days: float) -> int:
    """A time, in milliseconds."""
    return START - int(days * DAY)


def configured(data: Path, **flags: Any) -> Config:
    """A Config on a data folder that has an empty database."""
    new_database(data / "squid.db")
    return load(
        environ={},
        flags={"data": str(data), **{key.replace("__", "."): flags[key] for key in flags}},
    )


def connected(config: Config) -> closing[sqlite3.Connection]:
    db = sqlite3.connect(config.database_path, isolation_level=None)
    db.execute("PRAGMA foreign_keys = 1")
    db.execute("PRAGMA synchronous = OFF")
    return closing(db)


def with_database(config: Config, work: Callable[[Database], Awaitable[T]]) -> T:
    async def run() -> T:
        database = await Database.open(config.database_path, readers=1, synchronous="normal")
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())


def add_run(db: sqlite3.Connection, question: str, answer: str, *, live: bool = False) -> None:
    """A run that wrote a message, with a few events."""
    session_id = db.execute("SELECT session_id FROM messages WHERE id = ?", (answer,)).fetchone()[0]
    number = db.execute(
        "INSERT INTO runs (id, session_id, message_id, question_id, kind, status, provider, model,"
        " worker, last_event, text_start, text_end, created_at, ended_at)"
        " VALUES (?, ?, ?, ?, 'answer', ?, 'p', 'm', 'w', 3, 0, 5, 0, ?) RETURNING number",
        (
            *(f"run-of-{answer}", session_id, answer, question),
            *("running" if live else "complete", None if live else START),
        ),
    ).fetchone()[0]
    db.executemany(
        'INSERT INTO run_events (run, seq, data) VALUES (?, ?, \'{"type":"X"}\')',
        [(number, seq) for seq in (1, 2, 3)],
    )


def archives(config: Config) -> dict[str, list[bytes]]:
    """What is in the archive: exports by the session that they are of, oldest first."""
    found: dict[str, list[bytes]] = {}
    paths = (config.data_folder / "archive").glob("*/*.json.gz")
    for path in sorted(paths, key=lambda path: path.stat().st_mtime_ns):
        text = gzip.decompress(path.read_bytes())
        [session] = json.loads(text)["sessions"]
        found.setdefault(session["id"], []).append(text)
    return found


def brought_back(text: bytes) -> bytes:
    """What an export exports to, once it is imported into an empty database."""
    with closing(fresh()) as db:
        imported(db, text)
        return exported(db)


def dump(db: sqlite3.Connection) -> list[str]:
    return list(db.iterdump())


def check_whole(db: sqlite3.Connection) -> None:
    """No row of any table is without what it belongs to."""
    assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    found = {row[0] for row in db.execute("PRAGMA integrity_check")}
    # SQLite 3.40 looks at the wrong column of a table WITHOUT ROWID.
    assert found <= {"ok", "NULL value in message_files.file_id"}
    for table, column, parent, key in (
        ("messages", "session_id", "sessions", "id"),
        ("members", "session_id", "sessions", "id"),
        ("sessions", "id", "members", "session_id"),
        ("runs", "message_id", "messages", "id"),
        ("run_events", "run", "runs", "number"),
        ("message_files", "message_id", "messages", "id"),
        ("message_files", "file_id", "files", "id"),
        ("sources", "message_id", "messages", "id"),
        ("session_moves", "session_id", "sessions", "id"),
        ("file_contents", "sha256", "files", "sha256"),
    ):
        lonely = db.execute(
            f"SELECT {column} FROM {table} WHERE {column} NOT IN (SELECT {key} FROM {parent})"
        ).fetchall()
        assert lonely == [], (table, column)
