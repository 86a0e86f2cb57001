"""Where a text stands in the messages of a session: the same text, by the same rules,
that lists of sessions are filtered by."""

from __future__ import annotations

import re
import sqlite3
from typing import NamedTuple

from squid.models import Role
from squid.store.sessions import containing

BEFORE, BEHIND = 40, 100
"""Characters of an excerpt on either side of what was looked for."""


class Match(NamedTuple):
    message_id: str
    role: Role
    created_at: int
    excerpt: str
    start: int
    """Where in the excerpt the text is: the first place, then the first one behind."""
    end: int


def in_session(
    db: sqlite3.Connection, session_id: str, text: str, limit: int
) -> tuple[list[Match], int]:
    """The newest messages with the text, on whichever branch; and how many there are.
    Whose session it is has been asked before."""
    where = "session_id = ? AND deleted_at IS NULL AND content LIKE ? ESCAPE '\\'"
    values = (session_id, containing(text))
    rows = db.execute(
        f"SELECT id, role, created_at, content FROM messages WHERE {where}"
        " ORDER BY created_at DESC, id DESC LIMIT ?",
        (*values, limit),
    ).fetchall()
    found = [Match(id_, role, at, *_excerpt(said, text)) for id_, role, at, said in rows]
    if len(found) < limit:
        return found, len(found)
    count = db.execute(f"SELECT count(*) FROM messages WHERE {where}", values).fetchone()
    return found, int(count[0])


def place(content: str, text: str) -> tuple[int, int] | None:
    """Where the text first stands. As SQLite's LIKE has it: A to Z match a to z."""
    found = re.search(re.escape(text), content, re.IGNORECASE | re.ASCII)
    return found.span() if found else None


def _excerpt(content: str, text: str) -> tuple[str, int, int]:
    start, end = place(content, text) or (0, 0)
    left, right = max(0, start - BEFORE), min(len(content), end + BEHIND)
    before = ("…" if left else "") + content[left:start]
    behind = content[end:right] + ("…" if right < len(content) else "")
    return before + content[start:end] + behind, len(before), len(before) + end - start
