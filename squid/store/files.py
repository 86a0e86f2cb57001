"""Files: content by its SHA-256, stored once, compressed where that helps."""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Sequence
from typing import NamedTuple

from squid.errors import Conflict, InvalidRequest, NotFound
from squid.ids import new_id, now
from squid.models import File

_COLUMNS = "f.id, f.name, f.media_type, c.size, f.sha256, f.created_at"
_FROM = "FROM files f JOIN file_contents c ON c.sha256 = f.sha256"

WORTH = 0.9
"""Compressed content is kept when it is at most this part of the original's size."""


class Stored(NamedTuple):
    """Content as it goes into the table. Made off the writer's thread: hashing and
    compressing 32 MB takes about a second, and nobody's commit should wait for it."""

    sha256: str
    size: int
    encoding: str
    data: bytes


class New(NamedTuple):
    """A file to keep."""

    stored: Stored
    name: str
    media_type: str


def pack(content: bytes) -> Stored:
    packed = zlib.compress(content, 6)
    helps = len(packed) <= len(content) * WORTH
    return Stored(
        hashlib.sha256(content).hexdigest(),
        len(content),
        "zlib" if helps else "identity",
        packed if helps else content,
    )


def add(db: sqlite3.Connection, user_id: str, new: New) -> File:
    """Keep a file. The same content under the same name is the same file."""
    db.execute(
        "INSERT INTO file_contents (sha256, size, encoding, data) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        new.stored,
    )
    db.execute(
        "INSERT INTO files (id, user_id, sha256, name, media_type, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?)"
        # Uploaded again, it waits for its message as long as a new one does.
        " ON CONFLICT (user_id, sha256, name) DO UPDATE SET created_at = excluded.created_at",
        (new_id(), user_id, new.stored.sha256, new.name, new.media_type, now()),
    )
    row = db.execute(
        f"SELECT {_COLUMNS} {_FROM} WHERE f.user_id = ? AND f.sha256 = ? AND f.name = ?",
        (user_id, new.stored.sha256, new.name),
    ).fetchone()
    return File(*row)


def add_all(db: sqlite3.Connection, user_id: str, new: Sequence[New]) -> list[File]:
    """Keep all of them or none."""
    return [add(db, user_id, one) for one in new]


def get(db: sqlite3.Connection, user_id: str, file_id: str) -> File:
    row = db.execute(
        f"SELECT {_COLUMNS} {_FROM} WHERE f.id = ? AND f.user_id = ?", (file_id, user_id)
    ).fetchone()
    if row is None:
        raise NotFound(f"There is no file {file_id}.")
    return File(*row)


def content(db: sqlite3.Connection, user_id: str, file_id: str) -> bytes:
    """The bytes as they were uploaded."""
    row = db.execute(
        f"SELECT c.encoding, c.data {_FROM} WHERE f.id = ? AND f.user_id = ?", (file_id, user_id)
    ).fetchone()
    if row is None:
        raise NotFound(f"There is no file {file_id}.")
    return zlib.decompress(row[1]) if row[0] == "zlib" else bytes(row[1])


def check(db: sqlite3.Connection, user_id: str, file_ids: Sequence[str]) -> None:
    """Raise InvalidRequest unless every id is a file of the user's."""
    for file_id in file_ids:
        try:
            get(db, user_id, file_id)
        except NotFound:
            raise InvalidRequest(f"There is no file {file_id} to send along.") from None


def attach(db: sqlite3.Connection, message_id: str, file_ids: Sequence[str]) -> None:
    db.executemany(
        "INSERT INTO message_files (message_id, file_id, position) VALUES (?, ?, ?)",
        [(message_id, file_id, position) for position, file_id in enumerate(file_ids)],
    )


def of_messages(db: sqlite3.Connection, message_ids: Sequence[str]) -> dict[str, tuple[File, ...]]:
    marks = ",".join("?" * len(message_ids))
    rows = db.execute(
        f"SELECT mf.message_id, {_COLUMNS} FROM message_files mf"
        " JOIN files f ON f.id = mf.file_id JOIN file_contents c ON c.sha256 = f.sha256"
        f" WHERE mf.message_id IN ({marks}) ORDER BY mf.message_id, mf.position",
        message_ids,
    )
    found: dict[str, tuple[File, ...]] = {}
    for message_id, *columns in rows:
        found[message_id] = (*found.get(message_id, ()), File(*columns))
    return found


def delete(db: sqlite3.Connection, user_id: str, file_id: str) -> None:
    """Remove a file that no message carries."""
    get(db, user_id, file_id)
    used = db.execute("SELECT 1 FROM message_files WHERE file_id = ?", (file_id,)).fetchone()
    cited = db.execute("SELECT 1 FROM sources WHERE file_id = ?", (file_id,)).fetchone()
    if used or cited:
        raise Conflict("A message carries this file; it is kept as long as that is.")
    db.execute("DELETE FROM files WHERE id = ?", (file_id,))


def sweep(db: sqlite3.Connection, before: int) -> int:
    """Remove one file uploaded before a time (ms) that no message came to carry, if
    there is any: a large one takes its time, and nobody's commit should wait for two."""
    return db.execute(
        "DELETE FROM files WHERE id IN (SELECT id FROM files WHERE created_at < ?"
        " AND NOT EXISTS (SELECT 1 FROM message_files m WHERE m.file_id = files.id)"
        " AND NOT EXISTS (SELECT 1 FROM sources s WHERE s.file_id = files.id) LIMIT 1)",
        (before,),
    ).rowcount
