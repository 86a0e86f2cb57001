"""Markdown, for reading: the shown branch of a session.

What was said is Markdown already and stands as it is. Only what could break out of its
place is held in: a fence that was left open, a tool's text with fences of its own.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from squid.models import File, Message, Session, Source, ToolCall
from squid.store import exports, sessions
from squid.transfer.json import CutOff, Out
from squid.transfer.records import Counts

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Signs that a terminal would act on."""


def write(
    db: sqlite3.Connection,
    user_id: str,
    out: Out,
    cut_off: CutOff,
    *,
    session_id: str | None = None,
) -> Counts:
    """Export one session, or all of the user's that are not in the trash. Raises
    NotFound."""
    ids = [session_id] if session_id is not None else exports.session_ids(db, user_id)
    found = [sessions.get(db, user_id, id_, deleted=True) for id_ in ids]
    if session_id is None:
        found = [session for session in found if session.deleted_at is None]
    written, named = 0, 0
    for number, session in enumerate(found):
        files = {file.id: file for file in exports.files(db, user_id, session.id)}
        out.write((("---\n\n" if number else "") + head(session)).encode())
        for page in exports.branch(db, user_id, session.id):
            for message in page:
                out.write(turn(cut_off(db, message), files).encode())
            written += len(page)
        named += len(files)
    return Counts(len(found), written, named)


def head(session: Session) -> str:
    """What stands above a conversation."""
    lines = [f"# {_line(session.title) or 'Untitled'}\n"]
    lines.append(f"{_time(session.created_at)} to {_time(session.active_at)}, `{session.id}`\n")
    if session.system:
        lines.append(f"## System\n\n{close_fence(session.system)}\n")
    return _harmless("\n".join(lines) + "\n")


def turn(message: Message, files: Mapping[str, File]) -> str:
    """A message under its heading. `files` are those that a source may name, by id."""
    return _harmless("".join(_parts(message, files)))


def _parts(message: Message, files: Mapping[str, File]) -> Iterator[str]:
    """A message's paragraphs, each with the empty line behind it."""
    yield f"## {_who(message)}, {_time(message.created_at)}\n\n"
    if message.reasoning.strip():
        yield quoted(message.reasoning) + "\n\n"
    if message.content.strip():
        yield close_fence(message.content) + "\n\n"
    if message.tool is not None:
        yield from _call(message.tool)
    if message.status != "complete":
        why = f": {_line(message.error.detail)}" if message.error else ""
        yield f"*({message.status}{why})*\n\n"
    if message.files:
        yield "Files:\n\n"
        for file in message.files:
            yield f"- {code(file.name)} ({file.media_type}, {file.size:,} bytes)\n"
        yield "\n"
    if message.sources:
        yield "Sources:\n\n"
        for number, source in enumerate(message.sources, 1):
            yield f"{number}. {_source(source, files)}\n"
        yield "\n"


def _who(message: Message) -> str:
    who = {"user": "User", "assistant": "Assistant", "tool": "Tool", "system": "System"}
    model = f" ({_line(message.model)})" if message.role == "assistant" and message.model else ""
    return who[message.role] + model


def _call(call: ToolCall) -> Iterator[str]:
    yield f"{code(call.name)} was called with\n\n{fenced(call.input, 'json')}\n\n"
    if call.result is not None:
        yield ("It failed:" if call.is_error else "It gave") + f"\n\n{fenced(call.result)}\n\n"


def _source(source: Source, files: Mapping[str, File]) -> str:
    title = re.sub(r"([\\\[\]<>*_`])", r"\\\1", _line(source.title)) or "Untitled"
    if source.url is not None and re.match(r"https?://", source.url):
        address = re.sub(r"[<>\s]", "", source.url)
        title = f"[{title}](<{address}>)"
    parts = [title]
    if source.file_id is not None and source.file_id in files:
        parts.append(f"in {code(files[source.file_id].name)}")
    if source.unit is not None and source.start is not None:
        parts.append(f"{source.unit} {_range(source.start, source.end)}")
    if source.text.strip():
        parts.append(f"“{_line(source.text)}”")
    return ", ".join(parts)


def _range(start: int, end: int | None) -> str:
    """`end` is the first place behind; a reader wants the last one inside."""
    return str(start) if end is None or end <= start + 1 else f"{start} to {end - 1}"


def close_fence(text: str) -> str:
    """The text with a closing fence where one was left open, so that what follows is
    not taken for code."""
    text = _plain(text).strip("\n")
    fence = ""
    for line in text.split("\n"):
        found = _FENCE.match(line)
        if found is None:
            continue
        marks, rest = found.groups()
        if not fence:
            fence = "" if marks[0] == "`" and "`" in rest else marks
        elif marks[0] == fence[0] and len(marks) >= len(fence) and not rest.strip():
            fence = ""
    return f"{text}\n{fence}" if fence else text


def fenced(text: str, language: str = "") -> str:
    """The text as code, in a fence longer than any in it."""
    text = _plain(text)
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def code(text: str) -> str:
    """The text as code in a line."""
    text = _line(text)
    fence = "`" * (max((len(run) for run in re.findall(r"`+", text)), default=0) + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{text}{space}{fence}"


def quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in _plain(text).strip("\n").split("\n"))


def _line(text: str) -> str:
    return " ".join(text.split())


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _time(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _harmless(text: str) -> str:
    return _CONTROL.sub("\ufffd", text)
