"""A copy of an open database in one file: what was committed at one moment, whole, also
while others write."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

STEP_BYTES = 4 << 20
"""Copied between two looks at how far it is; Ctrl-C is heard there."""

Progress = Callable[[int, int], None]
"""How many bytes of how many are done."""


def quiet(done: int, total: int) -> None:
    """Nobody wants to know."""


def take(db: sqlite3.Connection, target: Path, progress: Progress = quiet) -> None:
    """Copy `db` to `target`, which must not be there yet, and have it on disk.

    One read transaction spans all of it: a copy that followed what is written meanwhile
    would have to begin anew with every commit, and would never end. In WAL mode it
    holds up no writer. Raises sqlite3.Error and OSError; what is at `target` then is
    no copy.
    """
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    page_size = int(db.execute("PRAGMA page_size").fetchone()[0])
    copy = sqlite3.connect(target, isolation_level=None)
    db.execute("BEGIN")
    try:
        db.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # the moment
        copy.execute("PRAGMA journal_mode = OFF")
        copy.execute("PRAGMA synchronous = OFF")
        db.backup(
            copy,
            pages=max(1, STEP_BYTES // page_size),
            progress=lambda status, left, pages: progress(
                (pages - left) * page_size, pages * page_size
            ),
        )
        copy.execute("PRAGMA journal_mode = DELETE")  # so that it is one file to open, too
    finally:
        copy.close()
        db.execute("COMMIT")
    sync(target)


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on disk."""
    if path.is_dir() and os.name == "nt":
        return  # a folder cannot be opened there, and its names are journaled
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
