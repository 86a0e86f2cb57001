"""A message in the middle of its run, as it would be were the run cut off now."""

from __future__ import annotations

import sqlite3

import msgspec

from squid.models import Message, Problem
from squid.runs import recover
from squid.store import runs

_CUT = Problem(
    "interrupted",
    "This answer was still being written when it was exported.",
    "What had come is kept. Continue it, or try again.",
)


def cut_off(db: sqlite3.Connection, message: Message) -> Message:
    """The message with all that its live run has shown so far, as `interrupted`; one
    that is not being written is given back as it is."""
    if message.status not in ("pending", "streaming"):
        return message
    run = runs.of_message(db, message.id)
    if run is not None and run.status == "running":
        message = recover.replay(db, run).answer.onto(message)
    return msgspec.structs.replace(message, status="interrupted", error=_CUT)
