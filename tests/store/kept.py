"""A database in a file, in a few words."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from squid.store import sessions, verify
from squid.store.migrate import migrate
from squid.store.restore import fetch, fold
from tests.conftest import ME


def add(db: sqlite3.Connection, title: str) -> str:
    with db:
        return sessions.create(db, ME, title=title).id


def titles(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as db:
        return [row[0] for row in db.execute("SELECT title FROM sessions ORDER BY title")]


def left(folder: Path) -> list[str]:
    return [name for name in os.listdir(folder) if name.startswith(".")]


def prepared(source: Path, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    copy = fetch(source, folder)
    verify.verify(copy, source)
    migrate(copy, keep_copy=False)
    fold(copy)
    return copy
