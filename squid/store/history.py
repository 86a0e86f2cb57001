"""Opening a session: the session and its newest messages, from the cache if it can."""

from __future__ import annotations

import sqlite3

from squid.models import Message, Session
from squid.store import messages, sessions
from squid.store.cache import TAIL, Entry, SessionCache
from squid.store.database import Database


async def newest(database: Database, cache: SessionCache, user_id: str, session_id: str) -> Entry:
    """The session with its newest page. Raises NotFound."""
    version = await database.read(sessions.version, user_id, session_id)
    entry = cache.get(session_id, version)
    if entry is None:
        entry = await database.read(read, user_id, session_id)
        cache.put(entry)
    return entry


def read(db: sqlite3.Connection, user_id: str, session_id: str) -> Entry:
    session = sessions.get(db, user_id, session_id)
    page = messages.page(db, user_id, session_id, limit=TAIL)
    return Entry(session, tuple(page.messages), page.older)


def changed(
    db: sqlite3.Connection, user_id: str, session_id: str, *message_ids: str
) -> tuple[Session, tuple[Message, ...]]:
    """What a transaction hands to `SessionCache.write` when it is done."""
    return sessions.get(db, user_id, session_id), tuple(messages.load(db, message_ids))
