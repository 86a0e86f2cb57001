"""Which turns the model gets to see: the newest that fit, and always the question."""

from __future__ import annotations

import sqlite3

from squid.context import tokens
from squid.store import branch
from squid.store.branch import Said


def newest(db: sqlite3.Connection, leaf: str, budget: int) -> list[Said]:
    """The branch that ends at `leaf`, cut to `budget` tokens; oldest first.

    What a user last said is in it, and all behind that, whatever it costs: without it
    there is nothing to answer, and the model's server says best what is too long.
    """
    window: list[Said] = []
    asked = False
    for said in branch.back(db, leaf):
        budget -= tokens.of_said(said)
        if budget < 0 and asked:
            break
        window.append(said)
        asked = asked or said.role == "user"
    return window[::-1]
