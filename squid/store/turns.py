"""A turn: a question, its answer, and the tool calls behind it, as places in the tree."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from squid.models import Role, ToolCall


def end(db: sqlite3.Connection, message_id: str, roles: Sequence[Role]) -> str:
    """From a message down, by the newest child of one of the roles, to the last one."""
    marks = ",".join("?" * len(roles))
    last = message_id
    while row := db.execute(
        f"SELECT id FROM messages WHERE parent_id = ? AND role IN ({marks})"
        " AND deleted_at IS NULL ORDER BY created_at DESC, id DESC LIMIT 1",
        (last, *roles),
    ).fetchone():
        last = row[0]
    return last


def first_known(db: sqlite3.Connection, session_id: str, message_ids: Sequence[str]) -> str | None:
    """The first of the ids that is a message of the session."""
    for message_id in message_ids:
        if db.execute(
            "SELECT 1 FROM messages WHERE id = ? AND session_id = ?", (message_id, session_id)
        ).fetchone():
            return message_id
    return None


def of_call(db: sqlite3.Connection, session_id: str, call_id: str) -> str | None:
    """The message of a tool call: of the newest, as not every model's ids are unique."""
    row = db.execute(
        "SELECT id FROM messages WHERE session_id = ? AND role = 'tool'"
        " AND json_extract(tool, '$.id') = ? ORDER BY created_at DESC, id DESC LIMIT 1",
        (session_id, call_id),
    ).fetchone()
    return row[0] if row else None


def calls_of(db: sqlite3.Connection, run_id: str, message_id: str) -> list[ToolCall]:
    """The tool calls that a run made, which follow its answer one behind the other."""
    calls = []
    while row := db.execute(
        "SELECT id, tool FROM messages WHERE parent_id = ? AND role = 'tool' AND run_id = ?",
        (message_id, run_id),
    ).fetchone():
        message_id = row[0]
        if row[1] is not None:  # what it said may have been purged
            calls.append(msgspec.json.decode(row[1], type=ToolCall))
    return calls


def carries(db: sqlite3.Connection, session_id: str, file_id: str) -> bool:
    """Whether a message of the session has the file with it."""
    row = db.execute(
        "SELECT 1 FROM message_files mf JOIN messages m ON m.id = mf.message_id"
        " WHERE mf.file_id = ? AND m.session_id = ? AND m.deleted_at IS NULL",
        (file_id, session_id),
    ).fetchone()
    return row is not None
