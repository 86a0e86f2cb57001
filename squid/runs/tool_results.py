"""What a tool gave back, from whoever ran it: noted in the message of its call."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

import msgspec

from squid.errors import Conflict, InvalidRequest
from squid.store import messages, turns


class Result(NamedTuple):
    call_id: str
    content: str
    is_error: bool = False


def fill(db: sqlite3.Connection, user_id: str, session_id: str, result: Result) -> str:
    """Note a result; returns the id of the call's message. The same one again is fine."""
    message_id = turns.of_call(db, session_id, result.call_id)
    if message_id is None:
        raise InvalidRequest(f"There is no tool call {result.call_id} in this session.")
    call = messages.get(db, user_id, message_id).tool
    assert call is not None
    filled = msgspec.structs.replace(call, result=result.content, is_error=result.is_error)
    if call.result is None:
        messages.set_result(db, message_id, filled)
    elif call != filled:
        raise Conflict(
            f"The tool call {result.call_id} has another result already.",
            hint="What an answer was based on does not change; say it in a new message.",
        )
    return message_id
