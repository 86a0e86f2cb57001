"""Whether an export is whole: everything that can be said of it without a database.

A broken one is found here, before a transaction is begun: no other write waits for it,
and what is wrong is told with its place in the file.
"""

from __future__ import annotations

import hashlib
import mmap
import re
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO, NamedTuple, TypeVar

import msgspec

from squid.errors import InvalidRequest, MalformedBody
from squid.models import File
from squid.store.files import Stored, pack
from squid.transfer import records
from squid.transfer.records import (
    ContentRecord,
    Document,
    FileRecord,
    Head,
    MessageRecord,
    SessionRecord,
)

T = TypeVar("T")
Progress = Callable[[int, int], None]
"""Takes how much is done, and of how much."""


class Packed(NamedTuple):
    """A content as it will be stored, put by."""

    sha256: str
    size: int
    encoding: str
    start: int
    length: int


class Checked(NamedTuple):
    """An export that is whole."""

    document: Document
    files: list[File]
    sessions: list[SessionRecord]
    contents: dict[str, Packed]
    spool: BinaryIO
    """Contents, packed: a transaction must not wait for compression."""

    def content(self, sha256: str) -> Stored:
        packed = self.contents[sha256]
        self.spool.seek(packed.start)
        data = self.spool.read(packed.length)
        return Stored(packed.sha256, packed.size, packed.encoding, data)


def check(file: BinaryIO, spool: BinaryIO, progress: Progress) -> Checked:
    """Read all of an export. `spool` takes its contents and must outlive the result.
    Raises MalformedBody or InvalidRequest."""
    document = _open(file)
    meter = _Meter(document, progress)
    contents = _contents(document, spool, meter)
    files = _files(document, contents)
    sessions = _once("sessions", document.sessions, SessionRecord)
    _messages(document, {file.id for file in files}, sessions, meter)
    return Checked(document, files, sessions, contents, spool)


def messages(document: Document, at_once: int) -> Iterator[list[MessageRecord]]:
    """Those of a checked document, in pages."""
    decoder = msgspec.json.Decoder(MessageRecord)
    for start in range(0, len(document.messages), at_once):
        yield [decoder.decode(raw) for raw in document.messages[start : start + at_once]]


def _open(file: BinaryIO) -> Document:
    try:
        # Mapped, not read: the records are views of it, and memory holds one at a time.
        text = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except ValueError:
        raise MalformedBody("The export is empty.") from None
    head = _decode(text, Head)
    if head.format != records.FORMAT:
        raise _broken("/format", f'It is "{head.format[:40]}", not "{records.FORMAT}"')
    if head.version != records.VERSION:
        raise _broken(
            "/version",
            f"It is {head.version}, and this Squid reads {records.VERSION}",
            hint="It was written by a newer Squid: upgrade this one."
            if head.version > records.VERSION
            else None,
        )
    return _decode(text, Document)


def _contents(document: Document, spool: BinaryIO, meter: _Meter) -> dict[str, Packed]:
    found: dict[str, Packed] = {}
    for at, raw in enumerate(document.contents):
        one = _decode(raw, ContentRecord, f"/contents/{at}")
        if hashlib.sha256(one.data).hexdigest() != one.sha256:
            raise _broken(f"/contents/{at}", "The data is not what its sha256 says")
        if one.sha256 in found:
            raise _broken(f"/contents/{at}/sha256", "It was there before; a content comes once")
        stored = pack(one.data)
        found[one.sha256] = Packed(*stored[:3], spool.tell(), len(stored.data))
        spool.write(stored.data)
        meter.add(raw)
    return found


def _files(document: Document, contents: dict[str, Packed]) -> list[File]:
    files = []
    for at, one in enumerate(_once("files", document.files, FileRecord)):
        if one.sha256 not in contents:
            raise _broken(f"/files/{at}/sha256", "There is no such content in the export")
        files.append(
            File(
                one.id,
                one.name,
                one.media_type,
                contents[one.sha256].size,
                one.sha256,
                one.created_at,
            )
        )
    if unused := contents.keys() - {file.sha256 for file in files}:
        at = list(contents).index(min(unused))
        raise _broken(f"/contents/{at}", "No file has this content")
    return files


def _messages(
    document: Document, file_ids: set[str], sessions: Sequence[SessionRecord], meter: _Meter
) -> None:
    known = {one.id for one in sessions}
    session_of: dict[str, str] = {}
    decoder = msgspec.json.Decoder(MessageRecord)
    for at, raw in enumerate(document.messages):
        where = f"/messages/{at}"
        one = _decode(raw, MessageRecord, where, decoder)
        if one.id in session_of:
            raise _broken(f"{where}/id", f"The id {one.id} was there before")
        if one.session_id not in known:
            raise _broken(f"{where}/session_id", "There is no such session in the export")
        if one.parent_id is not None:
            _check_parent(one.parent_id, one, session_of, where)
        for number, file_id in enumerate(one.files):
            if file_id not in file_ids:
                raise _broken(f"{where}/files/{number}", "There is no such file in the export")
        _check_inside(one, file_ids, where)
        session_of[one.id] = one.session_id
        meter.add(raw)
    for at, session in enumerate(sessions):
        if session.head is not None and session_of.get(session.head) != session.id:
            raise _broken(f"/sessions/{at}/head", "It is no message of this session")


def _check_parent(
    parent_id: str, message: MessageRecord, session_of: dict[str, str], where: str
) -> None:
    # A parent comes before its children, so a cycle has no place to begin.
    if parent_id not in session_of:
        raise _broken(f"{where}/parent_id", f"No message before this one is {parent_id}")
    if session_of[parent_id] != message.session_id:
        raise _broken(f"{where}/parent_id", f"{parent_id} is of another session")


def _check_inside(message: MessageRecord, file_ids: set[str], where: str) -> None:
    """What the shared structs let through, and a database would not."""
    numbers = {"usage": msgspec.structs.asdict(message.usage) if message.usage else {}}
    for number, source in enumerate(message.sources):
        if source.file_id is not None and source.file_id not in file_ids:
            raise _broken(
                f"{where}/sources/{number}/file_id", "There is no such file in the export"
            )
        numbers[f"sources/{number}"] = {
            name: getattr(source, name) or 0 for name in ("start", "end", "position")
        }
    for path, values in numbers.items():
        for name, value in values.items():
            if not 0 <= value <= records.MAX_NUMBER:
                raise _broken(f"{where}/{path}/{name}", "The number is out of range")


R = TypeVar("R", FileRecord, SessionRecord)


def _once(name: str, raws: Sequence[msgspec.Raw], type_: type[R]) -> list[R]:
    """All records of a kind that has ids, each of which may come once."""
    found: dict[str, R] = {}
    for at, raw in enumerate(raws):
        one = _decode(raw, type_, f"/{name}/{at}")
        if one.id in found:
            raise _broken(f"/{name}/{at}/id", f"The id {one.id} was there before")
        found[one.id] = one
    return list(found.values())


def _decode(
    text: mmap.mmap | msgspec.Raw,
    type_: type[T],
    where: str = "",
    decoder: msgspec.json.Decoder[T] | None = None,
) -> T:
    try:
        return (decoder or msgspec.json.Decoder(type_)).decode(text)
    except msgspec.ValidationError as error:
        what, _, path = str(error).partition(" - at `$")
        pointer = re.sub(r"\.([^.\[\]]+)|\[([^\]]*)\]", r"/\1\2", path.rstrip("`"))
        raise _broken(where + pointer, what) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        place = f" (in {where})" if where else ""
        raise MalformedBody(f"The export is not valid JSON: {error}{place}.") from None
    except RecursionError:
        raise MalformedBody("The export is nested too deeply.") from None


def _broken(pointer: str, what: str, hint: str | None = None) -> InvalidRequest:
    place = f" (at {pointer})" if pointer else ""
    return InvalidRequest(f"{what}{place}.", hint=hint, pointer=pointer)


class _Meter:
    """How far the check has come, in bytes. Writing takes little beside it."""

    def __init__(self, document: Document, progress: Progress) -> None:
        self._progress = progress
        self._done = 0
        self._total = sum(memoryview(raw).nbytes for raw in document.contents) + sum(
            memoryview(raw).nbytes for raw in document.messages
        )

    def add(self, raw: msgspec.Raw) -> None:
        self._done += memoryview(raw).nbytes
        self._progress(self._done, self._total)
