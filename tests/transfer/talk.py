"""Exporting and importing in a few words, on a plain connection."""

from __future__ import annotations

import io
import sqlite3
import tempfile
from collections.abc import Sequence
from typing import Any

import msgspec

from squid.models import Problem, Source, Usage
from squid.runs.cut import cut_off
from squid.store import exports, sources
from squid.transfer import json, markdown
from squid.transfer.check import check
from squid.transfer.records import Imported
from tests.conftest import ME


def exported(db: sqlite3.Connection, session_id: str | None = None, user_id: str = ME) -> bytes:
    out = io.BytesIO()
    json.write(db, user_id, out, cut_off, session_id=session_id)
    return out.getvalue()


def read_out(db: sqlite3.Connection, session_id: str | None = None) -> str:
    out = io.BytesIO()
    markdown.write(db, ME, out, cut_off, session_id=session_id)
    return out.getvalue().decode()


def imported(db: sqlite3.Connection, text: bytes, user_id: str = ME) -> Imported:
    """In a transaction of its own, as `json.read` does it."""
    with tempfile.TemporaryFile() as file, tempfile.TemporaryFile() as spool:
        file.write(text)
        file.flush()
        checked = check(file, spool, lambda done, total: None)
        db.execute("BEGIN")
        try:
            return json.keep(db, user_id, checked)
        except BaseException:
            db.execute("ROLLBACK")
            raise
        finally:
            if db.in_transaction:
                db.execute("COMMIT")


def mark(
    db: sqlite3.Connection,
    message_id: str,
    *,
    found: Sequence[Source] = (),
    usage: Usage | None = None,
    error: Problem | None = None,
    **columns: Any,
) -> None:
    """Write what a run would have left in a message."""
    columns |= {
        name: msgspec.json.encode(value).decode() if value else None
        for name, value in (("usage", usage), ("error", error))
    }
    for name, value in columns.items():
        db.execute(f"UPDATE messages SET {name} = ? WHERE id = ?", (value, message_id))
    sources.replace(db, message_id, found)


def contents(db: sqlite3.Connection) -> dict[str, list[Any]]:
    """Every row of every table that an import may write."""
    tables = (
        *("sessions", "members", "messages", "message_files", "files", "file_contents"),
        *("sources", "changes"),
    )
    return {table: db.execute(f"SELECT * FROM {table}").fetchall() for table in tables}


def pages(db: sqlite3.Connection, session_id: str) -> list[int]:
    return [len(page) for page in exports.every_message(db, ME, session_id)]
