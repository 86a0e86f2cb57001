"""What was said on a branch, as a model is told of it: the words, tools and files alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from squid.models import File, Role, ToolCall
from squid.store import files

FIRST_STEP, MOST = 32, 1024
"""Messages read at once: few for the many short conversations, more with each step."""

_tool = msgspec.json.Decoder(ToolCall)


class Said(NamedTuple):
    id: str
    role: Role
    content: str
    tool: ToolCall | None
    files: tuple[File, ...]


def back(db: sqlite3.Connection, leaf: str) -> Iterator[Said]:
    """From a message up towards the root, without what is deleted; newest first. Reads
    little more than is asked of it."""
    start: str | None = leaf
    step = FIRST_STEP
    while start is not None:
        # The LIMIT inside the recursion is what stops the walk early; CROSS JOIN keeps its order.
        rows = db.execute(
            "WITH RECURSIVE branch (number, parent_id) AS ("
            " SELECT rowid, parent_id FROM messages WHERE id = ?"
            " UNION ALL SELECT m.rowid, m.parent_id"
            " FROM branch b JOIN messages m ON m.id = b.parent_id LIMIT ?)"
            " SELECT m.id, m.role, m.content, m.tool, m.parent_id, m.deleted_at,"
            " EXISTS (SELECT 1 FROM message_files f WHERE f.message_id = m.id)"
            " FROM branch b CROSS JOIN messages m ON m.rowid = b.number",
            (start, step),
        ).fetchall()
        shown = [row for row in rows if row[5] is None]
        with_files = [row[0] for row in shown if row[6]]
        files_of = files.of_messages(db, with_files) if with_files else {}
        for id_, role, content, tool, *_ in shown:
            call = None if tool is None else _tool.decode(tool)
            yield Said(id_, role, content, call, files_of.get(id_, ()))
        start = rows[-1][4] if len(rows) == step else None
        step = min(2 * step, MOST)
