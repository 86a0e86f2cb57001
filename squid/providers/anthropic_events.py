"""The events of a Messages API stream: only the fields that Squid uses.

msgspec skips the others unread, which is much of why this is fast. Of a citation, and of
everything that is null or left out by servers that only resemble Anthropic's, all fields
are optional.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
"""Larger ones are nobody's tokens, and nothing that SQL or JavaScript could hold."""


class Struct(msgspec.Struct, gc=False):
    pass


class OutputDetails(Struct):
    thinking_tokens: Count | None = None


class Usage(Struct):
    input_tokens: Count | None = None
    output_tokens: Count | None = None
    cache_read_input_tokens: Count | None = None
    cache_creation_input_tokens: Count | None = None
    output_tokens_details: OutputDetails | None = None


class Message(Struct):
    model: str | None = None
    usage: Usage | None = None


class TextBlock(Struct, tag="text"):
    text: str = ""


class ThinkingBlock(Struct, tag="thinking"):
    thinking: str = ""


class ToolUseBlock(Struct, tag="tool_use"):
    id: str
    name: str
    input: msgspec.Raw = msgspec.Raw(b"{}")


class Place(Struct):
    """A citation of any kind; its `type` says which of the fields are there."""

    type: str = ""
    cited_text: str | None = None
    document_index: Count | None = None
    document_title: str | None = None
    start_char_index: Count | None = None
    end_char_index: Count | None = None
    start_page_number: Count | None = None
    end_page_number: Count | None = None
    start_block_index: Count | None = None
    end_block_index: Count | None = None
    title: str | None = None
    url: str | None = None
    source: str | None = None


class TextDelta(Struct, tag="text_delta"):
    text: str


class ThinkingDelta(Struct, tag="thinking_delta"):
    thinking: str


class InputDelta(Struct, tag="input_json_delta"):
    partial_json: str


class CitationsDelta(Struct, tag="citations_delta"):
    citation: Place


class StopDetails(Struct):
    category: str | None = None
    explanation: str | None = None


class Stop(Struct):
    stop_reason: str | None = None
    stop_details: StopDetails | None = None


class Problem(Struct):
    type: str = ""
    message: str = ""


class MessageStart(Struct, tag="message_start"):
    message: Message


class BlockStart(Struct, tag="content_block_start"):
    index: int
    content_block: TextBlock | ThinkingBlock | ToolUseBlock


class BlockDelta(Struct, tag="content_block_delta"):
    index: int
    delta: TextDelta | ThinkingDelta | InputDelta | CitationsDelta


class BlockStop(Struct, tag="content_block_stop"):
    index: int


class MessageDelta(Struct, tag="message_delta"):
    delta: Stop
    usage: Usage | None = None


class MessageStop(Struct, tag="message_stop"):
    pass


class Error(Struct, tag="error"):
    error: Problem


class Ping(Struct, tag="ping"):
    pass


Event = (
    BlockDelta | BlockStart | BlockStop | MessageStart | MessageDelta | MessageStop | Error | Ping
)
decode = msgspec.json.Decoder(Event).decode
decode_delta = msgspec.json.Decoder(BlockDelta).decode

KNOWN: dict[str, frozenset[str]] = {
    "": frozenset(
        {
            "message_start",
            "content_block_start",
            "content_block_delta",
            "content_block_stop",
            "message_delta",
            "message_stop",
            "error",
            "ping",
        }
    ),
    "content_block": frozenset({"text", "thinking", "tool_use"}),
    "delta": frozenset({"text_delta", "thinking_delta", "input_json_delta", "citations_delta"}),
}


def is_new(data: bytes) -> bool:
    """Whether an event did not fit because it, or what is in it, is of a type that did
    not exist when this was written."""
    event = msgspec.json.decode(data)
    if not isinstance(event, dict):
        return False
    for field, known in KNOWN.items():
        inside = event.get(field) if field else event
        if isinstance(inside, dict):
            kind = inside.get("type")
            if isinstance(kind, str) and kind not in known:
                # A message_delta's `delta` has no type and so is not looked at.
                return True
    return False
