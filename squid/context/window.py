"""Which part of a conversation the model gets to see: the newest that fits, and always the
question."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from squid.context import tokens
from squid.models import Role
from squid.providers.base import FileInput, Input, TextInput, ToolResult, ToolUse, Turn
from squid.store import branch, files
from squid.store.branch import Said

NO_RESULT = "The tool gave no result."


class Piece(NamedTuple):
    """A message's part of the conversation."""

    id: str
    role: Role
    tokens: int
    turns: tuple[Turn, ...]
    """A tool's are two, its call and its result. A message that came to nothing has none."""
    has_files: bool = False


class Window(NamedTuple):
    pieces: list[Piece]
    """Oldest first."""
    whole: bool
    """Whether it reaches to the conversation's beginning."""


def read(db: sqlite3.Connection, user_id: str, leaf: str, budget: int, question: str) -> Window:
    """Of the branch that ends at `leaf`. `question` is the message that is to be answered."""
    return cut(_pieces(db, user_id, leaf, question), budget)


def cut(newest_first: Iterable[Piece], budget: int) -> Window:
    """What `budget` tokens have room for.

    What a user last said is in it, and all behind that, whatever it costs: without it
    there is nothing to answer, and the model's server says best what is too long.
    """
    pieces: list[Piece] = []
    asked = False
    for piece in newest_first:
        budget -= piece.tokens
        if budget < 0 and asked:
            return Window(pieces[::-1], whole=False)
        pieces.append(piece)
        asked = asked or piece.role == "user"
    return Window(pieces[::-1], whole=True)


def piece(said: Said, sent: tuple[FileInput, ...] = ()) -> Piece:
    return Piece(said.id, said.role, tokens.of_said(said), _turns(said, sent), bool(said.files))


def _pieces(db: sqlite3.Connection, user_id: str, leaf: str, question: str) -> Iterator[Piece]:
    for said in branch.back(db, leaf):
        yield piece(said, tuple(_sent(db, user_id, said, question)) if said.files else ())


def _sent(db: sqlite3.Connection, user_id: str, said: Said, question: str) -> Iterator[FileInput]:
    for file in said.files:
        content = files.content(db, user_id, file.id)
        yield FileInput(file.id, file.name, file.media_type, content, said.id == question)


def _turns(said: Said, sent: tuple[FileInput, ...]) -> tuple[Turn, ...]:
    text = (TextInput(said.content),) if said.content.strip() else ()
    if said.role == "user":
        content: tuple[Input, ...] = (*sent, *text)
        return (Turn("user", content),) if content else ()
    if said.role == "assistant":
        return (Turn("assistant", text),) if text else ()
    if said.role == "tool" and said.tool is not None:
        call = said.tool
        result = NO_RESULT if call.result is None else call.result
        failed = call.is_error or call.result is None
        return (
            Turn("assistant", (ToolUse(call.id, call.name, msgspec.Raw(call.input.encode())),)),
            Turn("user", (ToolResult(call.id, result, failed),)),
        )
    return ()
