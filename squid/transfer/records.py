"""What stands in an export of Squid's own format: docs/export-format.md in types.

Only what was said and made is in it. What a database counts for itself (a session's
version, its number of messages, a message's siblings) is found again by importing.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from squid.models import Message, Problem, Role, Session, Source, ToolCall, Usage

FORMAT = "squid"
VERSION = 1

MAX_NUMBER = 2**53
"""What every reader of JSON can hold exactly."""

Id = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}(?!\n)$")]
Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}(?!\n)$")]
Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_NUMBER)]
Time = Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799_999)]
"""Milliseconds, up to the end of the year 9999."""
FileName = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(?![. ]*$)[^/\\\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]{1,200}"
        r"(?!\n)$"
    ),
]
"""What `clean_name` of squid.context.media leaves of a name."""
MediaType = Annotated[
    str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.+-]{1,100}/[A-Za-z0-9_.+-]{1,100}(?!\n)$")
]


class Record(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A field that says nothing is left out; one that is not known is an error."""


class ContentRecord(Record, frozen=True, kw_only=True):
    sha256: Sha256
    data: bytes
    """In JSON: base64."""


class FileRecord(Record, frozen=True, kw_only=True):
    id: Id
    name: FileName
    media_type: MediaType
    sha256: Sha256
    created_at: Time


class SessionRecord(Record, frozen=True, kw_only=True):
    id: Id
    title: Annotated[str, msgspec.Meta(max_length=500)] = ""
    system: str | None = None
    model: str | None = None
    head: Id | None = None
    input_tokens: Count = 0
    output_tokens: Count = 0
    created_at: Time
    active_at: Time
    archived_at: Time | None = None
    deleted_at: Time | None = None

    @classmethod
    def of(cls, session: Session) -> SessionRecord:
        return cls(
            id=session.id,
            title=session.title,
            system=session.system,
            model=session.model,
            head=session.head,
            input_tokens=session.input_tokens,
            output_tokens=session.output_tokens,
            created_at=session.created_at,
            active_at=session.active_at,
            archived_at=session.archived_at,
            deleted_at=session.deleted_at,
        )


class MessageRecord(Record, frozen=True, kw_only=True):
    id: Id
    session_id: Id
    parent_id: Id | None = None
    role: Role
    status: Literal["complete", "error", "interrupted", "stopped"] = "complete"
    content: str = ""
    reasoning: str = ""
    tool: ToolCall | None = None
    model: str | None = None
    stop_reason: str | None = None
    usage: Usage | None = None
    error: Problem | None = None
    run_id: Id | None = None
    sources: tuple[Source, ...] = ()
    files: tuple[Id, ...] = ()
    created_at: Time
    updated_at: Time
    deleted_at: Time | None = None
    purged_at: Time | None = None

    @classmethod
    def of(cls, message: Message) -> MessageRecord:
        status = message.status
        if status == "pending" or status == "streaming":
            raise AssertionError("a message that is being written is cut off first")
        return cls(
            id=message.id,
            session_id=message.session_id,
            parent_id=message.parent_id,
            role=message.role,
            status=status,
            content=message.content,
            reasoning=message.reasoning,
            tool=message.tool,
            model=message.model,
            stop_reason=message.stop_reason,
            usage=message.usage,
            error=message.error,
            run_id=message.run_id,
            sources=message.sources,
            files=tuple(file.id for file in message.files),
            created_at=message.created_at,
            updated_at=message.updated_at,
            deleted_at=message.deleted_at,
            purged_at=message.purged_at,
        )


class Head(msgspec.Struct, frozen=True):
    """Read first, so that another version is told from a broken file."""

    format: str
    version: int


class Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of an export. Its records are views into the file, not read yet."""

    format: str
    version: int
    contents: list[msgspec.Raw] = []
    files: list[msgspec.Raw] = []
    sessions: list[msgspec.Raw] = []
    messages: list[msgspec.Raw] = []


class Counts(msgspec.Struct, frozen=True):
    sessions: int
    messages: int
    files: int


class Imported(msgspec.Struct, frozen=True):
    """What an import did."""

    added: Counts
    known: Counts
    """What was here already, just the same."""
    session_ids: list[str]
    """All sessions of the export."""
