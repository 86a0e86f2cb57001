"""The room that the database takes: giving back what is free, without holding anybody
up. All of it is SQLite's own."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

SLACK = 256
"""Free pages (1 MB) that are kept, as the next answers need them."""

PAGES = 100
"""Given back in one step."""


def give_back(db: sqlite3.Connection) -> int:
    """Give some free pages back to the disk; returns how many, 0 when there are no more
    to give or the database is from before it could."""
    if db.execute("PRAGMA auto_vacuum").fetchone()[0] != 2:
        return 0
    free = int(db.execute("PRAGMA freelist_count").fetchone()[0])
    pages = min(PAGES, max(0, free - SLACK))
    before = _pages(db)
    for _ in range(pages):  # Python takes one step of a statement without columns
        db.execute("PRAGMA incremental_vacuum(1)")
    return before - _pages(db)


def _pages(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA page_count").fetchone()[0])


def page_size(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA page_size").fetchone()[0])


def optimise(db: sqlite3.Connection) -> None:
    """Let the planner look again at tables that have grown."""
    db.execute("PRAGMA analysis_limit = 400")
    db.execute("PRAGMA optimize").fetchall()


def checkpoint(path: Path) -> None:
    """Fold the log into the file and cut it short, as far as nobody waits for it."""
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as db:
        db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def vacuum(path: Path, busy_timeout: float) -> None:
    """Write the database anew without any free page. Nobody else can write meanwhile."""
    with closing(sqlite3.connect(path, timeout=busy_timeout, isolation_level=None)) as db:
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        db.execute("VACUUM")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
