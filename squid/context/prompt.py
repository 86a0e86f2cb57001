"""From stored messages to what a provider is asked."""

from __future__ import annotations

import sqlite3
from itertools import dropwhile
from typing import Literal

import msgspec

from squid.context import tokens, window
from squid.models import Run
from squid.providers.base import (
    FileInput,
    Input,
    Prompt,
    TextInput,
    Tool,
    ToolResult,
    ToolUse,
    Turn,
)
from squid.store import files, sessions
from squid.store.branch import Said

GO_ON = (
    "Your last answer was cut off. Continue it exactly where it stopped, without repeating "
    "anything and without any introduction."
)
NO_RESULT = "The tool gave no result."


def build(
    db: sqlite3.Connection,
    user_id: str,
    run: Run,
    *,
    max_tokens: int,
    default_system: str,
    prefills: bool,
    tools: tuple[Tool, ...] = (),
) -> Prompt:
    """What the model sees for a run: at most about `max_tokens`, the newest turns.

    A run that continues an answer ends with the answer so far, where the model can go
    on with it (`prefills`), else with a request to do so.
    """
    session = sessions.get(db, user_id, run.session_id)
    system = default_system if session.system is None else session.system
    budget = max_tokens - tokens.of_text(system)
    leaf = run.question_id if run.kind == "answer" else run.message_id
    turns = _turns(db, user_id, window.newest(db, leaf, budget), run.question_id)
    if turns and turns[-1].role == "assistant":
        turns = _to_continue(turns, prefills)
    return Prompt(model=run.model, turns=tuple(turns), system=system or None, tools=tools)


def _turns(db: sqlite3.Connection, user_id: str, history: list[Said], question: str) -> list[Turn]:
    turns: list[Turn] = []
    # A conversation begins with what a user said: the window may have cut a tool's
    # result from its call.
    for said in dropwhile(lambda said: said.role != "user", history):
        for role, content in _inputs(db, user_id, said, question):
            if turns and turns[-1].role == role:
                turns[-1] = Turn(role, (*turns[-1].content, *content))
            elif content:
                turns.append(Turn(role, content))
    return turns


def _inputs(
    db: sqlite3.Connection, user_id: str, said: Said, question: str
) -> list[tuple[Literal["user", "assistant"], tuple[Input, ...]]]:
    """A message's part of the conversation. One that came to nothing has none."""
    text = (TextInput(said.content),) if said.content.strip() else ()
    if said.role == "user":
        sent = tuple(
            FileInput(
                f.id, f.name, f.media_type, files.content(db, user_id, f.id), said.id == question
            )
            for f in said.files
        )
        return [("user", (*sent, *text))]
    if said.role == "assistant":
        return [("assistant", text)] if text else []
    if said.role == "tool" and said.tool is not None:
        call = said.tool
        result = NO_RESULT if call.result is None else call.result
        failed = call.is_error or call.result is None
        return [
            ("assistant", (ToolUse(call.id, call.name, msgspec.Raw(call.input.encode())),)),
            ("user", (ToolResult(call.id, result, failed),)),
        ]
    return []


def _to_continue(turns: list[Turn], prefills: bool) -> list[Turn]:
    if not prefills:
        return [*turns, Turn("user", (TextInput(GO_ON),))]
    return turns
