"""The bytes of a Messages API stream as Parts, split and decoded here.

The SDK's typed events cost eight times as much: a pydantic model for each delta.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from squid.errors import ProviderConfused, ProviderCut, ProviderError
from squid.models import Source, Usage
from squid.providers import anthropic_events as events
from squid.providers.base import (
    Citation,
    End,
    FileInput,
    Part,
    Reasoning,
    StopReason,
    Text,
    ToolCallEnd,
    ToolCallInput,
    ToolCallStart,
    UsageReport,
)

MAX_EVENT = 8 * 1024 * 1024  # bytes that may come without a line's end

DELTA = b"event: content_block_delta\ndata: "
"""What all but a few of the events begin with, as Anthropic writes them."""


_STOP: dict[str, StopReason] = {
    "end_turn": "end",
    "max_tokens": "max_tokens",
    "stop_sequence": "stop_sequence",
    "tool_use": "tool_use",
    "refusal": "refusal",
    # Both can be gone on with, as after max_tokens.
    "pause_turn": "max_tokens",
    "model_context_window_exceeded": "max_tokens",
}
_DETAIL = {
    "pause_turn": "The model paused in a long turn.",
    "model_context_window_exceeded": "The conversation fills all that the model can take in.",
}


class Decoder:
    """Feed it bytes as they come, in pieces of any size.

    `documents` is what a citation's index counts; `trimmed` is white space that the
    answer is not to begin with, since the reader has it already; `refused` makes the
    error for an `error` event from its type and message.
    """

    def __init__(
        self,
        *,
        documents: Sequence[FileInput] = (),
        trimmed: str = "",
        refused: Callable[[str, str], ProviderError],
    ) -> None:
        self.ended = False
        """The End has been given out; whatever comes after it is ignored."""
        self.error: ProviderError | None = None
        """Why no more can come, to be raised after the parts before it are used."""
        self._documents = documents
        self._trimmed = trimmed
        self._refused = refused
        self._pending: list[bytes] = []
        self._pending_size = 0
        self._position = 0
        self._reasoned = False
        self._usage = Usage()
        self._model: str | None = None
        self._stop = events.Stop()
        self._calls: dict[int, _Call] = {}

    def feed(self, chunk: bytes) -> list[Part]:
        """The parts that `chunk` completes. Sets `ended` or `error`, and never raises."""
        parts: list[Part] = []
        if b"\r" in chunk:
            # JSON has no bare carriage return, so they can only be ends of lines.
            chunk = chunk.replace(b"\r", b"")
        self._pending.append(chunk)
        self._pending_size += len(chunk)
        if b"\n" not in chunk and self._pending_size < MAX_EVENT:
            return parts
        frames = b"".join(self._pending).split(b"\n\n")
        self._pending = [frames.pop()]
        self._pending_size = len(self._pending[0])
        try:
            self._read(frames, parts)
            if self._pending_size >= MAX_EVENT:
                raise _confused("a line without an end")
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            self.error = _confused(f"an event that cannot be read ({error})")
        except ProviderError as error:
            self.error = error
        return parts

    def _read(self, frames: list[bytes], parts: list[Part]) -> None:
        texts: list[str] = []
        for frame in frames:
            if frame.startswith(DELTA):
                # The shortest way for nearly all; what it cannot read goes the long one.
                try:
                    delta = events.decode_delta(frame[len(DELTA) :]).delta
                except (msgspec.MsgspecError, UnicodeDecodeError):
                    delta = None
                if type(delta) is events.TextDelta:
                    texts.append(delta.text)
                    continue
            if texts:
                self._text(texts, parts)
                texts = []
            if self._event(frame, parts):
                return
        if texts:
            self._text(texts, parts)

    def _event(self, frame: bytes, parts: list[Part]) -> bool:
        """Whether that was the last one."""
        head, found, data = frame.rpartition(b"\ndata:")
        if not found or b"\n" in data or b"data:" in head:
            data = _data(frame)
        if not data:
            return False
        try:
            event = events.decode(data)
        except msgspec.ValidationError:
            if events.is_new(data):
                return False
            raise
        return self._take(event, parts)

    def cut(self) -> ProviderError:
        """The error for a stream that is over although no End came."""
        try:
            _data(b"".join(self._pending).rpartition(b"\n")[0])
        except ProviderError as error:
            return error
        return ProviderCut(
            "The model's answer was cut off: its stream ended too early.",
            hint="Let it continue, or try again.",
            retryable=True,
        )

    def _take(self, event: events.Event, parts: list[Part]) -> bool:
        """Whether that was the last event."""
        match event:
            case events.BlockDelta(index, delta):
                self._delta(index, delta, parts)
            case events.BlockStart(index, block):
                self._start(index, block, parts)
            case events.BlockStop(index):
                if call := self._calls.pop(index, None):
                    call.end(parts)
            case events.MessageStart(message):
                self._model = message.model
                self._report(message.usage, parts)
            case events.MessageDelta(stop, usage):
                self._stop = stop
                self._report(usage, parts)
            case events.MessageStop():
                for call in self._calls.values():
                    call.end(parts)
                parts.append(self._end())
                self.ended = True
                return True
            case events.Error(problem):
                raise self._refused(problem.type, problem.message)
            case events.Ping():
                pass
        return False

    def _text(self, deltas: list[str], parts: list[Part]) -> None:
        text = "".join(deltas)
        while self._trimmed and text:
            # As long as the answer repeats what was cut from the end of the prompt.
            self._trimmed, text = (
                (self._trimmed[1:], text[1:]) if text[0] == self._trimmed[0] else ("", text)
            )
        if text:
            self._position += len(text)
            parts.append(Text(text, len(deltas)))

    def _delta(self, index: int, delta: object, parts: list[Part]) -> None:
        match delta:
            case events.TextDelta(text):
                self._text([text], parts)
            case events.ThinkingDelta(thinking):
                self._reason(thinking, parts)
            case events.InputDelta(json):
                if json and (call := self._calls.get(index)):
                    call.piece(json, parts)
            case events.CitationsDelta(place):
                parts.append(Citation(self._source(place)))

    def _start(self, index: int, block: object, parts: list[Part]) -> None:
        match block:
            case events.TextBlock(text):
                self._text([text], parts)
            case events.ThinkingBlock(thinking):
                if self._reasoned:
                    self._reason("\n\n", parts)
                self._reason(thinking, parts)
            case events.ToolUseBlock(id_, name, input_):
                self._calls[index] = _Call(id_, bytes(input_).decode())
                parts.append(ToolCallStart(id_, name))

    def _reason(self, text: str, parts: list[Part]) -> None:
        if text:
            self._reasoned = True
            parts.append(Reasoning(text))

    def _report(self, new: events.Usage | None, parts: list[Part]) -> None:
        """The figures are totals so far; one that is not given stays as it was."""
        old = self._usage
        if new is not None:
            cached = _or(new.cache_read_input_tokens, old.cached_input_tokens)
            written = _or(new.cache_creation_input_tokens, old.cache_write_input_tokens)
            rest = old.input_tokens - old.cached_input_tokens - old.cache_write_input_tokens
            details = new.output_tokens_details
            self._usage = Usage(
                input_tokens=_or(new.input_tokens, rest) + cached + written,
                output_tokens=_or(new.output_tokens, old.output_tokens),
                cached_input_tokens=cached,
                cache_write_input_tokens=written,
                reasoning_tokens=_or(
                    details.thinking_tokens if details else None, old.reasoning_tokens
                ),
            )
        parts.append(UsageReport(self._usage, self._model))

    def _source(self, place: events.Place) -> Source:
        index = place.document_index
        file = (
            self._documents[index]
            if index is not None and 0 <= index < len(self._documents)
            else None
        )
        title = place.document_title or (file.name if file else None) or place.title
        common: dict[str, Any] = {
            "title": title or place.url or place.source or "A source",
            "text": place.cited_text or "",
            "file_id": file.file_id if file else None,
            "position": self._position,
        }
        match place.type:
            case "char_location":
                start, end = place.start_char_index, place.end_char_index
                return Source(unit="char", start=start, end=end, **common)
            case "page_location":
                start, end = place.start_page_number, place.end_page_number
                return Source(unit="page", start=start, end=end, **common)
            case "content_block_location" | "search_result_location":
                start, end = place.start_block_index, place.end_block_index
                return Source(unit="block", start=start, end=end, url=place.source, **common)
        return Source(url=place.url, **common)

    def _end(self) -> End:
        reason = self._stop.stop_reason or "end_turn"
        detail = _DETAIL.get(reason)
        if reason == "refusal":
            details = self._stop.stop_details or events.StopDetails()
            about = f" (category: {details.category})" if details.category else ""
            detail = details.explanation or f"The model declined to answer this{about}."
        # A reason that is not known yet is still an end.
        return End(_STOP.get(reason, "end"), detail)


class _Call:
    """A tool call whose input is coming. Its pieces always join to JSON: a call without
    arguments may bring none, and some servers put them all into the first event."""

    def __init__(self, id_: str, given: str) -> None:
        self._id = id_
        self._given = given
        self._came = False

    def piece(self, json: str, parts: list[Part]) -> None:
        self._came = True
        parts.append(ToolCallInput(self._id, json))

    def end(self, parts: list[Part]) -> None:
        if not self._came:
            parts.append(ToolCallInput(self._id, self._given))
        parts.append(ToolCallEnd(self._id))


def _or(new: int | None, old: int) -> int:
    return old if new is None else new


def _data(frame: bytes) -> bytes:
    """The data of an event that is not simply one `event:` and one `data:` line. Raises
    ProviderConfused for lines that are not Server-Sent Events at all."""
    data = []
    for line in frame.split(b"\n"):
        name, colon, value = line.partition(b":")
        if name == b"data":
            data.append(value)
        elif line and not (name.isalpha() or (colon and not name)):
            raise _confused("something that is not an event stream")
    return b"\n".join(data)


def _confused(what: str) -> ProviderConfused:
    return ProviderConfused(
        f"The model's server sent {what}.",
        hint="Check that base_url is the address of a server with a Messages API.",
    )
