"""Which turns the model gets to see: the newest that fit, and always the question."""

from __future__ import annotations

import sqlite3

from squid.context import tokens
from squid.models import Message
from squid.store import messages

STEP = 32
"""Messages read at once: most windows need no more, and a long session is not read."""


def newest(db: sqlite3.Connection, leaf: str, budget: int) -> list[Message]:
    """The branch that ends at `leaf`, cut to `budget` tokens; oldest first.

    What a user last said is in it, and all behind that, whatever it costs: without it
    there is nothing to answer, and the model's server says best what is too long.
    """
    window: list[Message] = []
    asked = False
    start: str | None = leaf
    while start is not None:
        places = messages.walk(db, start, limit=STEP)
        for message in messages.load(db, [place.id for place in places]):
            budget -= tokens.of_message(message)
            if budget < 0 and asked:
                return window[::-1]
            window.append(message)
            asked = asked or message.role == "user"
        start = places[-1].parent_id if len(places) == STEP else None
    return window[::-1]
