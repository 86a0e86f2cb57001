"""Live events, as AG-UI 1.0 spells them (https://docs.ag-ui.com).

What Squid adds goes in CUSTOM events: `squid.run` says which rows a run belongs to,
`squid.waiting` why nothing comes yet, `squid.source` what an answer drew on,
`squid.usage` the tokens so far, and `squid.message` a whole message, for a reader that
comes back when the events of its run were removed.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from squid.models import Usage

PROTOCOL_VERSION = "1.0"


class _Event(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag_field="type", omit_defaults=True
):
    pass


class TokenUsage(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    provider: str
    model: str
    input_tokens: int
    output_tokens: int
    total_tokens: int
    reasoning_tokens: int = 0
    cached_input_tokens: int = 0
    cache_write_input_tokens: int = 0


class RunStarted(_Event, frozen=True, tag="RUN_STARTED"):
    thread_id: str
    run_id: str
    protocol_version: str


class RunFinished(_Event, frozen=True, tag="RUN_FINISHED"):
    thread_id: str
    run_id: str
    result: dict[str, Any] | None = None
    outcome: dict[str, str] | None = None
    usage: list[TokenUsage] | None = None


class RunError(_Event, frozen=True, tag="RUN_ERROR"):
    message: str
    code: str
    usage: list[TokenUsage] | None = None


class TextMessageStart(_Event, frozen=True, tag="TEXT_MESSAGE_START"):
    message_id: str
    role: str


class TextMessageContent(_Event, frozen=True, tag="TEXT_MESSAGE_CONTENT"):
    message_id: str
    delta: str


class TextMessageEnd(_Event, frozen=True, tag="TEXT_MESSAGE_END"):
    message_id: str


class ReasoningStart(_Event, frozen=True, tag="REASONING_START"):
    message_id: str


class ReasoningMessageStart(_Event, frozen=True, tag="REASONING_MESSAGE_START"):
    message_id: str
    role: Literal["reasoning"]


class ReasoningMessageContent(_Event, frozen=True, tag="REASONING_MESSAGE_CONTENT"):
    message_id: str
    delta: str


class ReasoningMessageEnd(_Event, frozen=True, tag="REASONING_MESSAGE_END"):
    message_id: str


class ReasoningEnd(_Event, frozen=True, tag="REASONING_END"):
    message_id: str


class ToolCallStart(_Event, frozen=True, tag="TOOL_CALL_START"):
    tool_call_id: str
    tool_call_name: str
    parent_message_id: str


class ToolCallArgs(_Event, frozen=True, tag="TOOL_CALL_ARGS"):
    tool_call_id: str
    delta: str


class ToolCallEnd(_Event, frozen=True, tag="TOOL_CALL_END"):
    tool_call_id: str


class Custom(_Event, frozen=True, tag="CUSTOM"):
    """What Squid adds: `squid.run`, `squid.waiting`, `squid.source`, `squid.usage` or
    `squid.message`."""

    name: str
    value: Any


Event = (
    RunStarted
    | RunFinished
    | RunError
    | TextMessageStart
    | TextMessageContent
    | TextMessageEnd
    | ReasoningStart
    | ReasoningMessageStart
    | ReasoningMessageContent
    | ReasoningMessageEnd
    | ReasoningEnd
    | ToolCallStart
    | ToolCallArgs
    | ToolCallEnd
    | Custom
)

decode = msgspec.json.Decoder(Event).decode
_encoder = msgspec.json.Encoder()


def encode(event: Event) -> str:
    return _encoder.encode(event).decode()


def frame(seq: int, data: str) -> bytes:
    """One event as it goes over the wire. JSON has no raw line breaks, so it is
    always one `data:` line."""
    return b"id: %d\ndata: %s\n\n" % (seq, data.encode())


def token_usage(usage: Usage | None, provider: str, model: str) -> list[TokenUsage] | None:
    if usage is None:
        return None
    return [
        TokenUsage(
            provider=provider,
            model=model,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            total_tokens=usage.input_tokens + usage.output_tokens,
            reasoning_tokens=usage.reasoning_tokens,
            cached_input_tokens=usage.cached_input_tokens,
            cache_write_input_tokens=usage.cache_write_input_tokens,
        )
    ]
