"""The change feed: tells two tabs and two devices which sessions to look at again."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from typing import NamedTuple

from squid.models import Change
from squid.store import changes
from squid.store.database import Database

PAUSE_SECONDS = 0.05
"""Commits of live answers come by the hundred a second and rarely change the list of
sessions; looking is put off by this much, so that it costs next to nothing."""


class Batch(NamedTuple):
    last: int
    """What the reader comes back with."""
    changes: list[Change]
    gap: bool = False
    """Some were missed: the reader should read its lists anew."""


class Feed:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._news = asyncio.Event()
        self._last = -1
        self._looking: asyncio.Task[None] | None = None
        self._stale = False
        """Something was committed that the look under way may have been too early for."""
        self._readers = 0
        database.after_commit(self.look_again)

    def look_again(self) -> None:
        """Somebody committed something."""
        self._stale = True
        if self._readers and (self._looking is None or self._looking.done()):
            self._looking = asyncio.create_task(self._look(), name="squid-feed")

    def close(self) -> None:
        if self._looking is not None:
            self._looking.cancel()

    async def follow(self, user_id: str, after: int | None) -> AsyncIterator[Batch]:
        """Changes behind `after` (from now on, where it is None), in order, for ever.

        A reader that begins is first told where it is; so is one that missed more than
        the feed still has, whenever that is: a backup may have been restored.
        """
        self._readers += 1
        try:
            while True:
                news = self._news
                (first, last), found = await self._database.read(_seen, user_id, after)
                if after is None or not first - 1 <= after <= last:
                    yield Batch(last, [], gap=after is not None)
                    after = last
                elif found:
                    after = found[-1].id
                    yield Batch(after, found)
                else:
                    await news.wait()
        finally:
            self._readers -= 1

    async def _look(self) -> None:
        while self._stale and self._readers:
            await asyncio.sleep(PAUSE_SECONDS)
            self._stale = False
            _, last = await self._database.read(changes.span)
            if last != self._last:
                self._last = last
                self._news.set()
                self._news = asyncio.Event()


def _seen(
    db: sqlite3.Connection, user_id: str, after: int | None
) -> tuple[tuple[int, int], list[Change]]:
    return changes.span(db), [] if after is None else changes.after(db, user_id, after)
