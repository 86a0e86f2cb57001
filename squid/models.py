"""The typed structs that the API, the store and the exports share.

Times are integer milliseconds since the epoch, UTC. Ids are opaque strings, except a
message's, which is `sender.recipient.uuid` with a UUIDv7, so that it sorts by time.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Role = Literal["user", "assistant", "tool", "system"]
MessageStatus = Literal["pending", "streaming", "complete", "error", "interrupted", "stopped"]
EndStatus = Literal["complete", "error", "interrupted", "stopped"]
RunStatus = Literal["running"] | EndStatus

Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_-]{1,32}(?!\n)$")]


class User(msgspec.Struct, frozen=True):
    id: str
    name: str
    created_at: int


class Usage(msgspec.Struct, frozen=True, omit_defaults=True):
    """Tokens of one answer. `input_tokens` is all of the prompt, cached or not;
    the two cache figures are parts of it, and `reasoning_tokens` of the output."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    cache_write_input_tokens: int = 0
    reasoning_tokens: int = 0


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why an answer did not end well, for a program (`code`) and a person."""

    code: str
    detail: str
    hint: str | None = None


class Source(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an answer drew on, and the place in it."""

    title: str
    text: str = ""
    """The cited words."""
    file_id: str | None = None
    url: str | None = None
    unit: Literal["char", "page", "block"] | None = None
    """What `start` and `end` count: characters or blocks from 0, pages from 1."""
    start: int | None = None
    end: int | None = None
    """The first place behind the cited one."""
    position: int | None = None
    """Where in the answer the citation stands: characters of `content` before it."""


class File(msgspec.Struct, frozen=True):
    id: str
    name: str
    media_type: str
    size: int
    sha256: str
    created_at: int


class ToolCall(msgspec.Struct, frozen=True, omit_defaults=True):
    """A call that the model made, and, once there is one, its result."""

    id: str
    name: str
    input: str
    """JSON text, as the model wrote it."""
    result: str | None = None
    is_error: bool = False


class Message(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    session_id: str
    parent_id: str | None
    role: Role
    status: MessageStatus
    content: str
    reasoning: str = ""
    tool: ToolCall | None = None
    model: str | None = None
    stop_reason: str | None = None
    usage: Usage | None = None
    error: Problem | None = None
    run_id: str | None = None
    """The run that writes, or last wrote, this message."""
    run_event: int | None = None
    """While the run is live: `content` holds its events up to this id. Follow
    `/api/runs/{run_id}/events?after={run_event}` for the rest."""
    calls: tuple[ToolCall, ...] = ()
    """While the run is live: the tools that it has called by then, the last one's input
    perhaps in its middle. When it is over, each is a message of its own, with role `tool`."""
    sources: tuple[Source, ...] = ()
    files: tuple[File, ...] = ()
    siblings: tuple[str, ...] = ()
    """All ids of this place in the tree, oldest first, when there are several."""
    created_at: int
    updated_at: int
    deleted_at: int | None = None
    purged_at: int | None = None
    """When its words were removed for good: it is in the trash, and empty."""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    title: str
    system: str | None
    """The system prompt; null for the default one."""
    model: str | None
    """The model that answers; null for the default one."""
    head: str | None
    """The last message of the branch that is shown."""
    message_count: int
    input_tokens: int
    output_tokens: int
    live_run_id: str | None
    version: int
    """Grows with every change of the session or of anything in it."""
    created_at: int
    active_at: int
    """When the last message was sent or finished."""
    archived_at: int | None = None
    """When it was put away; a message sent into it brings it back."""
    deleted_at: int | None = None


class Run(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    session_id: str
    message_id: str
    """The assistant message that this run writes."""
    question_id: str
    """The message that it answers."""
    kind: Literal["answer", "continue"]
    status: RunStatus
    provider: str
    model: str
    worker: str
    """The process that produces it."""
    last_event: int
    """The id of the last event; 0 while it is live."""
    text_start: int
    """Characters of the message that were there before this run."""
    text_end: int | None = None
    """Where the run's own text ends; null while it is live."""
    stop_requested_at: int | None = None
    usage: Usage | None = None
    error: Problem | None = None
    created_at: int
    ended_at: int | None = None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the change feed: look again at this session."""

    id: int
    kind: Literal["session", "message", "run"]
    session_id: str
    message_id: str | None = None
    run_id: str | None = None
    version: int
    at: int
