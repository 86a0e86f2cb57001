"""What AG-UI asks of a stream: the official models for each event, and their order."""

from __future__ import annotations

import json
from typing import Any

from ag_ui.core import Event
from pydantic import BaseModel, TypeAdapter

_events: TypeAdapter[Any] = TypeAdapter(Event)

OPENS = {
    "TEXT_MESSAGE_START": ("text", "messageId"),
    "REASONING_START": ("reasoning", "messageId"),
    "REASONING_MESSAGE_START": ("thought", "messageId"),
    "TOOL_CALL_START": ("tool", "toolCallId"),
}
GOES_ON = {
    "TEXT_MESSAGE_CONTENT": ("text", "messageId"),
    "REASONING_MESSAGE_CONTENT": ("thought", "messageId"),
    "TOOL_CALL_ARGS": ("tool", "toolCallId"),
}
CLOSES = {
    "TEXT_MESSAGE_END": ("text", "messageId"),
    "REASONING_END": ("reasoning", "messageId"),
    "REASONING_MESSAGE_END": ("thought", "messageId"),
    "TOOL_CALL_END": ("tool", "toolCallId"),
}
LAST = ("RUN_FINISHED", "RUN_ERROR")


def events_of(sse: bytes) -> list[dict[str, Any]]:
    """The events of a stream as it came over the wire."""
    blocks = sse.decode().replace("\r\n", "\n").split("\n\n")
    data = [line for block in blocks for line in block.split("\n") if line.startswith("data: ")]
    return [json.loads(line.removeprefix("data: ")) for line in data]


def check(events: list[dict[str, Any]], *, whole: bool = True) -> None:
    """Raises AssertionError or pydantic's ValidationError. `whole` says that the stream
    was read from its beginning."""
    for event in events:
        _nothing_unknown(_events.validate_python(event))
    kinds = [event["type"] for event in events]
    assert not whole or kinds[0] == "RUN_STARTED"
    assert kinds.count("RUN_STARTED") == int(whole)
    assert [kind for kind in kinds if kind in LAST] == [kinds[-1]]
    if whole:
        _check_brackets(events)


def _check_brackets(events: list[dict[str, Any]]) -> None:
    is_open: set[tuple[str, str]] = set()
    for event in events:
        kind = event["type"]
        if kind in OPENS:
            opened = (OPENS[kind][0], event[OPENS[kind][1]])
            assert opened not in is_open, f"{event} is open already"
            is_open.add(opened)
        elif kind in GOES_ON:
            assert (GOES_ON[kind][0], event[GOES_ON[kind][1]]) in is_open, f"{event} is not open"
        elif kind in CLOSES:
            closed = (CLOSES[kind][0], event[CLOSES[kind][1]])
            assert closed in is_open, f"{event} is not open"
            is_open.remove(closed)
        elif kind == "RUN_FINISHED":
            assert not is_open, f"{is_open} are open at the end"


def _nothing_unknown(model: BaseModel) -> None:
    """The models keep what they do not know; what Squid adds belongs in CUSTOM events."""
    assert not model.model_extra, f"{model} has {model.model_extra}"
    for name in type(model).model_fields:
        value = getattr(model, name)
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, BaseModel):
                _nothing_unknown(one)
