"""Sources: what an answer drew on."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from squid.models import Source

_COLUMNS = 'title, text, file_id, url, unit, "start", "end", position'


def replace(db: sqlite3.Connection, message_id: str, found: Sequence[Source]) -> None:
    db.execute("DELETE FROM sources WHERE message_id = ?", (message_id,))
    db.executemany(
        f"INSERT INTO sources (message_id, number, {_COLUMNS})"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (message_id, number, *msgspec.structs.astuple(source))
            for number, source in enumerate(found, 1)
        ],
    )


def of_messages(
    db: sqlite3.Connection, message_ids: Sequence[str]
) -> dict[str, tuple[Source, ...]]:
    marks = ",".join("?" * len(message_ids))
    rows = db.execute(
        f"SELECT message_id, {_COLUMNS} FROM sources WHERE message_id IN ({marks})"
        " ORDER BY message_id, number",
        message_ids,
    )
    found: dict[str, tuple[Source, ...]] = {}
    for message_id, *columns in rows:
        found[message_id] = (*found.get(message_id, ()), Source(*columns))
    return found
