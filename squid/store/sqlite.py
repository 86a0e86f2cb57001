"""SQLite as all of Squid uses it: how a connection is set up, what its errors mean."""

from __future__ import annotations

import sqlite3

from squid.errors import DatabaseBusy, DatabaseError, DiskFull, SquidError


def pragmas(synchronous: str) -> tuple[str, ...]:
    """What to say to a new connection."""
    return (
        "PRAGMA journal_mode = WAL",
        f"PRAGMA synchronous = {synchronous}",
        "PRAGMA foreign_keys = 1",
        "PRAGMA temp_store = MEMORY",
        "PRAGMA mmap_size = 268435456",
    )


def translate(error: Exception) -> Exception:
    """What a person should be told of an error of SQLite's."""
    if isinstance(error, SquidError) or not isinstance(error, sqlite3.Error):
        return error
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return DatabaseBusy(
            "Another program holds the database locked.",
            hint="Try again; if it stays like this, look for a program that has it open.",
        )
    if name.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
        return DiskFull(
            "The database could not be written: the disk is full or failing.",
            hint="Make room on the disk; nothing that was shown is lost.",
        )
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_NOTADB", "SQLITE_CORRUPT")):
        return DatabaseError(f"The database cannot be used: {error}.")
    return error
