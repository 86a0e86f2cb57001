"""What the upstream is to say, written into the model's name: `script:key=value,…`.

The name travels with the request, so a test tells an upstream in another process what
to do without any other channel. `script:` alone gives twenty words and a proper end.

    deltas=N        how many text deltas (20)
    text=           `words` (w0 w1 …, so that gaps and doubles show), `echo` (the last
                    user text; once, or over and over with `deltas`), `unicode`
    size=N          characters of each delta
    delay_ms=N      between two deltas                  first_ms=N   before the first
    last_ms=N       from message_stop to the end of the response
    split=1         in chunks of 7 bytes                ping=1       pings among the deltas
    thinking=N      N thinking deltas and a signature first
    tools=1         a tool call after the text          citations=1  cites each document
    future=1        events, blocks, deltas and fields that nobody knows yet
    stop=REASON     the stop_reason                     no_stop=1    no message_stop
    never_ending=1  deltas without end
    stall_after=N   then silence                        cut_after=N  then the line is cut
    error_after=N   then an `error` event of type `error=` (overloaded_error)
    malformed=      `json`, `event`, `bytes`, `html` after `after=N` deltas; `html`
                    without `after` is a whole page in place of a stream
    status=N        an error; `body=` json (default), html, empty; `retry_after=` seconds
                    or `date` (30 s from now); `times=N` only the first N requests with
                    the same `key=`; the text of the error can be given with `say=`
    redirect=1      307 to another place                silent_connect=1  no answer at all
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from itertools import count, cycle, islice
from typing import Any, Literal

import msgspec

STATUS_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}
TOOL_PIECES = ('{"city": "Par', 'is", "days"', ": 3}")
REFUSAL = {"type": "refusal", "category": "cyber", "explanation": "This looks like malware."}


class Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    deltas: int | None = None
    text: Literal["words", "echo", "unicode", "clock"] = "words"
    size: int | None = None
    delay_ms: float = 0
    first_ms: float = 0
    last_ms: float = 0
    split: bool = False
    ping: bool = False
    thinking: int = 0
    tools: bool = False
    citations: bool = False
    future: bool = False
    stop: str | None = None
    no_stop: bool = False
    never_ending: bool = False
    stall_after: int | None = None
    cut_after: int | None = None
    error_after: int | None = None
    error: str = "overloaded_error"
    malformed: Literal["json", "event", "bytes", "html"] | None = None
    after: int | None = None
    status: int | None = None
    body: Literal["json", "html", "empty"] = "json"
    say: str = "This went wrong as the script says."
    retry_after: str | None = None
    times: int | None = None
    key: str = ""
    redirect: bool = False
    silent_connect: bool = False

    @classmethod
    def parse(cls, model: str) -> Script:
        """Raises ValueError (msgspec.ValidationError) for a key or value that is not one."""
        _, _, written = model.partition(":")
        pairs = (pair.partition("=") for pair in written.split(",") if pair)
        given = {key.strip(): value.strip() for key, _, value in pairs}
        return msgspec.convert(given, cls, strict=False)

    @property
    def limit(self) -> int | None:
        """How many deltas come before the mishap, if there is to be one."""
        after = (self.after or 0) if self.malformed else None
        given = (self.stall_after, self.cut_after, self.error_after, after)
        return next((n for n in given if n is not None), None)

    def texts(self, asked: str = "") -> Iterator[str]:
        """The text of each delta that would be sent if nothing were to go wrong."""
        if self.text == "echo":
            size = self.size or 4
            slices = [asked[i : i + size] for i in range(0, len(asked), size)] or [""]
            if self.never_ending or self.deltas is not None:
                return islice(cycle(slices), None if self.never_ending else self.deltas)
            return iter(slices)
        numbers: Iterator[int] = count() if self.never_ending else iter(range(self.deltas_or_20))
        if self.text == "clock":
            size = self.size or 24
            return (f"{time.monotonic():.6f}".ljust(size - 1, ".") + " " for _ in numbers)
        if self.text == "unicode":
            return (f"w{i}é汉🦑 " for i in numbers)
        if self.size:
            size = self.size
            return (f"w{i}".ljust(size - 1, ".") + " " for i in numbers)
        return (f"w{i} " for i in numbers)

    @property
    def deltas_or_20(self) -> int:
        return 20 if self.deltas is None else self.deltas

    def says(self, asked: str = "") -> str:
        """All the text that arrives, up to the mishap."""
        return "".join(islice(self.texts(asked), self.limit))

    @property
    def stop_reason(self) -> str:
        return self.stop or ("tool_use" if self.tools else "end_turn")


def frame(event: str, **data: Any) -> bytes:
    body = json.dumps({"type": event, **data}, ensure_ascii=False)
    return f"event: {event}\ndata: {body}\n\n".encode()


def delta(index: int, kind: str, **fields: Any) -> bytes:
    return frame("content_block_delta", index=index, delta={"type": kind, **fields})


def text_frames(texts: Iterator[str], index: int) -> Iterator[bytes]:
    """One frame each, without a JSON encoder's cost for text that needs no escaping."""
    head, tail = delta(index, "text_delta", text="\0").split(json.dumps("\0").encode())
    encode = msgspec.json.Encoder().encode
    for text in texts:
        yield head + encode(text) + tail


def message_start(model: str, usage: dict[str, int]) -> bytes:
    message: dict[str, Any] = {
        "id": "msg_01Squid",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "container": None,
        "stop_reason": None,
        "stop_sequence": None,
        "stop_details": None,
        "usage": {**usage, "output_tokens": 1, "service_tier": "standard"},
    }
    return frame("message_start", message=message)


def opening(script: Script, model: str, usage: dict[str, int]) -> tuple[bytes, int]:
    """Everything before the first text delta, and the index of the text's block."""
    frames = [message_start(model, usage)]
    if script.ping:
        frames.append(frame("ping"))
    index = 0
    if script.future:
        frames.append(frame("weather_report", sky={"colour": "blue"}))
        block = {"type": "hologram", "depth": 3}
        frames.append(frame("content_block_start", index=0, content_block=block))
        frames.append(delta(0, "hologram_delta", light=[1, 2]))
        frames.append(frame("content_block_stop", index=0))
        index = 1
    if script.thinking:
        block = {"type": "thinking", "thinking": "", "signature": ""}
        frames.append(frame("content_block_start", index=index, content_block=block))
        thoughts = (f"t{i} " for i in range(script.thinking))
        frames += [delta(index, "thinking_delta", thinking=thought) for thought in thoughts]
        frames.append(delta(index, "signature_delta", signature="EqQBCgIYAhIM"))
        frames.append(frame("content_block_stop", index=index))
        index += 1
    block = {"type": "text", "text": "", "citations": None}
    frames.append(frame("content_block_start", index=index, content_block=block))
    return b"".join(frames), index


def closing(
    script: Script, index: int, documents: list[dict[str, Any]], usage: dict[str, int], sent: int
) -> bytes:
    """Everything after the last text delta of block `index`."""
    frames = [frame("content_block_stop", index=index)]
    if script.citations:
        for citation in citations(documents):
            index += 1
            block: dict[str, Any] = {"type": "text", "text": "", "citations": []}
            frames.append(frame("content_block_start", index=index, content_block=block))
            frames.append(delta(index, "text_delta", text=f"As {index} says. "))
            frames.append(delta(index, "citations_delta", citation=citation))
            frames.append(frame("content_block_stop", index=index))
    if script.tools:
        index += 1
        block = {"type": "tool_use", "id": "toolu_01Squid", "name": "weather", "input": {}}
        frames.append(frame("content_block_start", index=index, content_block=block))
        frames += [delta(index, "input_json_delta", partial_json=p) for p in ("", *TOOL_PIECES)]
        frames.append(frame("content_block_stop", index=index))
    stop = {
        "container": None,
        "stop_reason": script.stop_reason,
        "stop_sequence": None,
        "stop_details": REFUSAL if script.stop_reason == "refusal" else None,
    }
    spent = {
        **usage,
        "output_tokens": sent + script.thinking + 1,
        "output_tokens_details": {"thinking_tokens": script.thinking},
    }
    frames.append(frame("message_delta", delta=stop, usage=spent))
    if not script.no_stop:
        frames.append(frame("message_stop"))
    return b"".join(frames)


def citations(documents: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """One citation of each document, of the kind that its source has."""
    for number, document in enumerate(documents):
        source = document["source"]
        common = {"document_index": number, "document_title": document.get("title")}
        if source["type"] == "text":
            place = {"start_char_index": 2, "end_char_index": 9}
            yield {
                "type": "char_location",
                "cited_text": source["data"][2:9],
                "file_id": None,
                **common,
                **place,
            }
        elif source["type"] == "content":
            place = {"start_block_index": 0, "end_block_index": 1}
            cited = source["content"][0]["text"]
            yield {"type": "content_block_location", "cited_text": cited, **common, **place}
        else:
            place = {"start_page_number": 1, "end_page_number": 2}
            yield {"type": "page_location", "cited_text": "a page", **common, **place}
    yield {
        "type": "web_search_result_location",
        "cited_text": "found",
        "encrypted_index": "Eo8B",
        "title": "A page",
        "url": "https://example.org/a",
    }


def mishap(script: Script) -> bytes:
    """What comes in place of the rest of the stream; empty where nothing comes."""
    if script.error_after is not None:
        return frame("error", error={"type": script.error, "message": script.say})
    match script.malformed:
        case "json":
            return b'event: content_block_delta\ndata: {"type":"content_block_delta","ind\n\n'
        case "event":
            return b'event: content_block_delta\ndata: {"type":"content_block_delta","delta":5}\n\n'
        case "bytes":
            return b"event: content_block_delta\ndata: \xff\xfe\x00\x80\n\n"
        case "html":
            return PAGE
    return b""


PAGE = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>\n\n"
