"""A write-through LRU cache of sessions with the tail of their messages.

An entry is only ever as good as its session's version, which the reader holds against
the database (one indexed row, and the membership check with it). So a commit of
another process makes an entry old by itself, and no reader sees a stale one.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

import msgspec

from squid.models import Message, Session

TAIL = 50
"""Messages kept of a session: a page."""


class Entry(NamedTuple):
    session: Session
    tail: tuple[Message, ...]
    """The newest messages of the shown branch, oldest first, at most TAIL."""
    older: bool
    """Whether there are messages before the tail."""


class SessionCache:
    """Bounded in bytes, as their JSON counts them; the least recently used go first."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.bytes = 0
        self.hits = 0
        self.misses = 0
        self.evictions = 0
        self._entries: OrderedDict[str, tuple[Entry, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, session_id: str, version: int) -> Entry | None:
        """The entry, if it is of just this version."""
        held = self._entries.get(session_id)
        if held is None or held[0].session.version != version:
            self.misses += 1
            return None
        self._entries.move_to_end(session_id)
        self.hits += 1
        return held[0]

    def put(self, entry: Entry) -> None:
        self.drop(entry.session.id)
        size = len(msgspec.json.encode(entry))
        if size > self.max_bytes:
            return
        self._entries[entry.session.id] = (entry, size)
        self.bytes += size
        while self.bytes > self.max_bytes:
            _, (_, freed) = self._entries.popitem(last=False)
            self.bytes -= freed
            self.evictions += 1

    def write(self, session: Session, messages: tuple[Message, ...]) -> None:
        """Take over what a commit of this process changed: `messages` are new at the
        end of the branch, or stand in for those with the same id. Where the entry is
        not from just before that commit, it is left to be read anew."""
        held = self._entries.get(session.id)
        if held is None or held[0].session.version != session.version - 1:
            return
        entry = held[0]
        tail = {message.id: message for message in entry.tail}
        end = entry.tail[-1].id if entry.tail else None
        for message in messages:
            if message.id not in tail:
                if message.parent_id != end or message.siblings or message.deleted_at is not None:
                    self.drop(session.id)
                    return
                end = message.id
            tail[message.id] = message
        kept = tuple(tail.values())[-TAIL:]
        self.put(Entry(session, kept, entry.older or len(tail) > TAIL))

    def drop(self, session_id: str) -> None:
        held = self._entries.pop(session_id, None)
        if held is not None:
            self.bytes -= held[1]
