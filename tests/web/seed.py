"""Many sessions at once, straight into the store."""

from __future__ import annotations

import sqlite3
import time

from squid.core import Squid
from squid.store import sessions
from tests.conftest import ME

DAY = 24 * 60 * 60 * 1000


async def make_sessions(squid: Squid, titles: list[str], *, days_apart: float = 0) -> None:
    """The first one is the most recently active. Their ids are s0, s1, …"""
    now = int(time.time() * 1000)

    def make(db: sqlite3.Connection) -> None:
        for number, title in enumerate(titles):
            sessions.create(db, ME, id=f"s{number}", title=title)
            at = now - int(number * (days_apart * DAY or 1))
            db.execute(
                "UPDATE sessions SET created_at = ?, active_at = ? WHERE id = ?",
                (at, at, f"s{number}"),
            )

    await squid.database.write(make)
