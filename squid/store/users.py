"""Users. A fresh install has one: local, without a password."""

from __future__ import annotations

import sqlite3

from squid.errors import NotFound
from squid.models import User

LOCAL = "local"
ASSISTANT = "assistant"
"""The name that answers; no user can have it."""


def get(db: sqlite3.Connection, user_id: str) -> User:
    row = db.execute("SELECT id, name, created_at FROM users WHERE id = ?", (user_id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no user {user_id}.")
    return User(*row)
