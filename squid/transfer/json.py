"""Squid's own format: whole and exact. docs/export-format.md describes it.

An export that is imported into an empty database exports to the same bytes. Both ways
stream: an export is written record by record, an import reads views of a mapped file.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections.abc import Callable, Iterable
from functools import partial
from typing import BinaryIO, Protocol

import msgspec

from squid.models import File, Message, Session
from squid.store import exports, files, imports, sessions
from squid.store.database import Database
from squid.transfer import records
from squid.transfer.check import Checked, Progress, check
from squid.transfer.check import messages as checked_messages
from squid.transfer.records import (
    ContentRecord,
    Counts,
    FileRecord,
    Imported,
    MessageRecord,
    SessionRecord,
)

CutOff = Callable[[sqlite3.Connection, Message], Message]
"""Gives a message that is being written the form of one that was cut off."""


class Out(Protocol):
    """Where an export goes."""

    def write(self, data: bytes, /) -> object: ...


def write(
    db: sqlite3.Connection,
    user_id: str,
    out: Out,
    cut_off: CutOff,
    *,
    session_id: str | None = None,
) -> Counts:
    """Export one session, or all of the user's, as one snapshot shows them. A session
    in the trash is exported too. Raises NotFound."""
    ids = [session_id] if session_id is not None else exports.session_ids(db, user_id)
    chosen = [sessions.get(db, user_id, id_, deleted=True) for id_ in ids]
    named = exports.files(db, user_id, session_id)
    by_content = {file.sha256: file for file in named}
    written = 0

    def turns() -> Iterable[MessageRecord]:
        nonlocal written
        for id_ in ids:
            for page in exports.every_message(db, user_id, id_):
                yield from (MessageRecord.of(cut_off(db, message)) for message in page)
                written += len(page)

    out.write(b'{"format":"%s","version":%d' % (records.FORMAT.encode(), records.VERSION))
    _array(
        out,
        "contents",
        (
            ContentRecord(sha256=sha256, data=files.content(db, user_id, file.id))
            for sha256, file in sorted(by_content.items())
        ),
    )
    _array(out, "files", map(_file_record, named))
    _array(out, "sessions", map(SessionRecord.of, chosen))
    _array(out, "messages", turns())
    out.write(b"}\n")
    return Counts(len(chosen), written, len(named))


async def read(
    database: Database, user_id: str, file: BinaryIO, progress: Progress = lambda done, total: None
) -> Imported:
    """Import an export, all of it or nothing; it is the user's from then on. `file` is
    a real one, and may change only when this is done. Raises InvalidRequest, Conflict."""
    with tempfile.TemporaryFile() as spool:
        checked = await asyncio.to_thread(check, file, spool, progress)
        return await database.write(keep, user_id, checked)


def keep(db: sqlite3.Connection, user_id: str, checked: Checked) -> Imported:
    """Write a checked export, in the transaction that is the caller's."""
    kept: dict[str, File] = {}
    new_files = 0
    for file in checked.files:
        content = partial(checked.content, file.sha256)
        kept[file.id], is_new = imports.file(db, user_id, file, content)
        new_files += is_new
    made = {one.id for one in checked.sessions if imports.session(db, user_id, _session(one))}
    changed, new_messages = set(made), 0
    for page in checked_messages(checked.document, exports.AT_ONCE):
        added = imports.messages(db, [_message(one, kept) for one in page])
        changed |= {message.session_id for message in added}
        new_messages += len(added)
    for session_id in sorted(changed):
        imports.settle(db, session_id)
    all_ = Counts(len(checked.sessions), len(checked.document.messages), len(checked.files))
    new = Counts(len(made), new_messages, new_files)
    known = Counts(
        *(a - b for a, b in zip(*map(msgspec.structs.astuple, (all_, new)), strict=True))
    )
    return Imported(new, known, [one.id for one in checked.sessions])


def _array(out: Out, name: str, found: Iterable[msgspec.Struct]) -> None:
    """A record a line: an export can be read with `less` and compared with `diff`."""
    out.write(b',\n"%s":[' % name.encode())
    before = b"\n"
    for record in found:
        out.write(before + msgspec.json.encode(record))
        before = b",\n"
    out.write(b"\n]")


def _file_record(file: File) -> FileRecord:
    return FileRecord(
        id=file.id,
        name=file.name,
        media_type=file.media_type,
        sha256=file.sha256,
        created_at=file.created_at,
    )


def _session(record: SessionRecord) -> Session:
    fields = msgspec.structs.asdict(record)
    return Session(**fields, message_count=0, live_run_id=None, version=1)


def _message(record: MessageRecord, kept: dict[str, File]) -> Message:
    """With the files that stand for the export's own."""
    fields = msgspec.structs.asdict(record)
    fields["files"] = tuple(kept[file_id] for file_id in record.files)
    fields["sources"] = tuple(
        msgspec.structs.replace(source, file_id=kept[source.file_id].id)
        if source.file_id is not None
        else source
        for source in record.sources
    )
    return Message(**fields)
