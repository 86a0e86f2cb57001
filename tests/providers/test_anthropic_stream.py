"""The decoder alone: any text, in pieces of any size."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from squid.errors import ProviderConfused, ProviderCut, ProviderError, ProviderOverloaded
from squid.models import Usage
from squid.providers import anthropic_stream
from squid.providers.anthropic_stream import Decoder
from squid.providers.base import (
    End,
    Part,
    Reasoning,
    Text,
    ToolCallEnd,
    ToolCallInput,
    ToolCallStart,
    UsageReport,
)
from tests.upstream.script import delta, frame


def decoder(**options: Any) -> Decoder:
    return Decoder(
        refused=lambda kind, message: ProviderOverloaded(f"{kind}: {message}"), **options
    )


def decode(*frames: bytes, **options: Any) -> list[Part]:
    made = decoder(**options)
    parts = [part for piece in frames for part in made.feed(piece)]
    if made.error:
        raise made.error
    return parts


def text_of(parts: list[Part]) -> str:
    return "".join(part.text for part in parts if isinstance(part, Text))


@settings(max_examples=200, deadline=None, database=None)
@given(
    texts=st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=8),
    cuts=st.lists(st.integers(0, 2000), max_size=12),
    ascii_only=st.booleans(),
    ending=st.sampled_from([b"\n", b"\r\n"]),
)
def test_any_text_in_any_pieces(
    texts: list[str], cuts: list[int], ascii_only: bool, ending: bytes
) -> None:
    deltas = [{"index": 0, "delta": {"type": "text_delta", "text": text}} for text in texts]
    events = [{"type": "content_block_delta", **d} for d in deltas] + [{"type": "message_stop"}]
    data = [json.dumps(event, ensure_ascii=ascii_only).encode() for event in events]
    stream = b"".join(b"event: x" + ending + b"data: " + d + 2 * ending for d in data)
    places = sorted({0, len(stream), *(cut % (len(stream) + 1) for cut in cuts)})
    pieces = [stream[a:b] for a, b in pairwise(places)]
    parts = decode(*pieces)
    assert text_of(parts) == "".join(texts)
    assert parts[-1] == End("end")


@given(whole=st.text(" \nab", max_size=12), at=st.integers(0, 12))
@settings(deadline=None, database=None)
def test_trimmed_space_is_not_repeated(whole: str, at: int) -> None:
    """However the space comes back, it is there once."""
    trimmed = " \n "
    pieces = [delta(0, "text_delta", text=t) for t in (whole[:at], whole[at:])]
    came = text_of(decode(*pieces, trimmed=trimmed))
    common = next(n for n in (3, 2, 1, 0) if whole.startswith(trimmed[:n]))
    assert came == whole[common:]


@pytest.mark.parametrize(
    "odd",
    [
        b": a comment\n\n",
        b"\n\n\n",
        b'id: 7\nretry: 10\nevent: ping\ndata: {"type": "ping"}\n\n',
        b"data\n\n",
        b"data:\n\n",
        b'data: {"type":\ndata:  "ping"}\n\n',
        b'data:{"type":"ping"}\n\n',
        b'event: new\ndata: {"type": "new", "delta": 5}\n\n',
        frame("content_block_start", index=0, content_block={"type": "new", "text": 5}),
        delta(0, "new_delta", text=5),
        delta(0, "signature_delta", signature="abc"),
        delta(0, "text_delta", text="", extra={"a": [1]}),
    ],
)
def test_what_is_passed_over(odd: bytes) -> None:
    word = delta(0, "text_delta", text="a")
    assert text_of(decode(word, odd, word)) == "aa"


@pytest.mark.parametrize(
    "broken",
    [
        b"<html>\n<body>\n\n",
        b"HTTP/1.1 502 Bad Gateway\n\n",
        b'{"type": "ping"}\n\n',
        b"data: [DONE]\n\n",
        b"data: {\n\n",
        b'data: {"type": "content_block_delta", "index": 0}\n\n',
        delta(0, "text_delta", text=5),
        delta(0, "text_delta"),
        b"data: \xff\n\n",
        b'data: {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta",'
        b' "text": "\xff"}}\n\n',
    ],
)
def test_what_is_not_understood(broken: bytes) -> None:
    made = decoder()
    parts = made.feed(delta(0, "text_delta", text="kept") + broken)
    assert text_of(parts) == "kept"
    assert type(made.error) is ProviderConfused


def test_a_line_without_end_is_not_collected_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anthropic_stream, "MAX_EVENT", 100)
    made = decoder()
    for _ in range(11):
        made.feed(b"0123456789")
    assert type(made.error) is ProviderConfused


def test_a_stream_that_is_over_too_early() -> None:
    made = decoder()
    made.feed(delta(0, "text_delta", text="a")[:-9])
    assert type(made.cut()) is ProviderCut
    made = decoder()
    made.feed(b"<html>\n<p>Hello</p>\n")
    assert type(made.cut()) is ProviderConfused


def test_an_error_event_comes_after_the_text_before_it() -> None:
    made = decoder()
    error = frame("error", error={"type": "overloaded_error", "message": "Busy"})
    assert text_of(made.feed(delta(0, "text_delta", text="a") + error)) == "a"
    assert isinstance(made.error, ProviderError)
    assert made.error.detail == "overloaded_error: Busy"


def test_after_the_end_nothing_counts() -> None:
    made = decoder()
    parts = made.feed(frame("message_stop") + b"rubbish\n\n")
    assert parts == [End("end")]
    assert made.ended
    assert made.error is None


def test_tool_calls_always_join_to_json() -> None:
    def start(index: int, given: dict[str, object]) -> bytes:
        block = {"type": "tool_use", "id": f"t{index}", "name": "f", "input": given}
        return frame("content_block_start", index=index, content_block=block)

    parts = decode(
        start(0, {}) + frame("content_block_stop", index=0),
        start(1, {"a": 1}) + frame("content_block_stop", index=1),
        start(2, {}) + delta(2, "input_json_delta", partial_json='{"b": 2}'),
        frame("message_stop"),
    )
    assert [p.json for p in parts if isinstance(p, ToolCallInput)] == ["{}", '{"a": 1}', '{"b": 2}']
    assert sum(isinstance(p, ToolCallStart) for p in parts) == 3
    assert sum(isinstance(p, ToolCallEnd) for p in parts) == 3


def test_two_thoughts_are_two_paragraphs() -> None:
    block = {"type": "thinking", "thinking": "", "signature": ""}
    parts = decode(
        frame("content_block_start", index=0, content_block=block),
        delta(0, "thinking_delta", thinking="One."),
        frame("content_block_start", index=1, content_block=block),
        delta(1, "thinking_delta", thinking="Two."),
    )
    assert "".join(p.text for p in parts if isinstance(p, Reasoning)) == "One.\n\nTwo."


def test_usage_is_a_total_that_is_replaced() -> None:
    started = {"model": "m", "usage": {"input_tokens": 5, "cache_read_input_tokens": 10}}
    parts = decode(
        frame("message_start", message=started),
        frame("message_delta", delta={"stop_reason": None}, usage={"output_tokens": 7}),
        frame("message_delta", delta={}, usage={"input_tokens": 6, "output_tokens": 8}),
        frame("message_delta", delta={}),
    )
    reports = [p for p in parts if isinstance(p, UsageReport)]
    assert [r.usage for r in reports] == [
        Usage(input_tokens=15, cached_input_tokens=10),
        Usage(input_tokens=15, cached_input_tokens=10, output_tokens=7),
        Usage(input_tokens=16, cached_input_tokens=10, output_tokens=8),
        Usage(input_tokens=16, cached_input_tokens=10, output_tokens=8),
    ]
    assert {r.model for r in reports} == {"m"}


def test_a_refusal_always_says_something() -> None:
    stop = {"stop_reason": "refusal", "stop_details": {"type": "refusal", "category": "bio"}}
    end = decode(frame("message_delta", delta=stop), frame("message_stop"))[-1]
    assert end == End("refusal", "The model declined to answer this (category: bio).")
