"""Retention: what the limits of `[session]` ask for, planned, and then done.

The same plan is shown by a dry run. It is done in the order that makes a crash at any
point harmless: what is removed for good is in the archive, on disk, before.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TypeVar

import msgspec

from squid.config import Config
from squid.ids import now
from squid.runs.cut import cut_off
from squid.store import purge, retention
from squid.store.database import Database
from squid.store.retention import Item, Limits, Plan
from squid.transfer import json
from squid.transfer.json import Out
from squid.upkeep.archive import Archive
from squid.upkeep.pace import Pace

T = TypeVar("T")

DAY_MS = 86_400_000
MB = 1024 * 1024

SESSIONS = 10
"""Moved into the trash in one step."""

MESSAGES = 100
"""Moved into the trash in one step, as far as turns allow."""

WORDS = 20
"""Messages emptied in one step."""


class Done(msgspec.Struct):
    """What of a plan was done: all but what had changed meanwhile."""

    plan: Plan
    archived: list[Path]

    def counts(self) -> dict[str, int]:
        return {
            "sessions_trashed": len(self.plan.trash),
            "messages_trashed": sum(len(item.message_ids) for item in self.plan.shorten),
            "sessions_purged": len(self.plan.purge),
            "messages_purged": sum(len(item.message_ids) for item in self.plan.wipe),
            "archives_written": len(self.archived),
        }


def limits(config: Config) -> Limits:
    session = config.session
    return Limits(
        age=session.max_age_days * DAY_MS,
        sessions=session.max_sessions_per_user,
        messages=session.max_messages_per_session,
        trash=session.trash_days * DAY_MS,
        size=config.upkeep.max_database_mb * MB,
    )


class Retention:
    """`await plan()` says what is to be done; `await run()` does it."""

    def __init__(self, config: Config, database: Database) -> None:
        self._limits = limits(config)
        self._database = database
        self._archive = Archive(config.data_folder / "archive") if config.session.archive else None
        self._pace = Pace(database)

    async def plan(self) -> Plan:
        return await self._database.read(retention.plan, self._limits, now())

    async def run(self) -> Done:
        """Raises DatabaseError, DiskFull where the archive cannot be written; what was
        done until then stays done, and the rest waits for the next time."""
        if self._archive is not None:
            await asyncio.to_thread(self._archive.tidy)
        for session_id in await self._database.read(purge.closed):
            await self._remove(session_id)  # a crash came between
        plan, archived = await self.plan(), list[Path]()
        trashed = await self._trash(plan.trash)
        shortened = [done for item in plan.shorten if (done := await self._shorten(item))]
        purged = [item for item in plan.purge if await self._purge(item, archived)]
        wiped = [done for item in plan.wipe if (done := await self._wipe(item, archived))]
        return Done(Plan(*map(tuple, (trashed, shortened, purged, wiped))), archived)

    async def _trash(self, items: Sequence[Item]) -> list[Item]:
        moved: list[Item] = []
        for _, owned in groupby(items, key=lambda item: item.user_id):
            for some in _parts(list(owned), SESSIONS):
                moved += await self._pace.write(retention.to_trash, some, self._limits)
        return moved

    async def _shorten(self, item: Item) -> Item | None:
        parts = await self._database.read(retention.turns, item.message_ids, MESSAGES)
        moved: list[str] = []
        version: int | None = item.version
        for ids in parts:
            part = msgspec.structs.replace(item, version=version, message_ids=tuple(ids))
            version = await self._pace.write(retention.shorten, part)
            if version is None:
                break
            moved += ids
        return msgspec.structs.replace(item, message_ids=tuple(moved)) if moved else None

    async def _purge(self, item: Item, archived: list[Path]) -> bool:
        found = await self._put_by(item, archived)
        if found is None or not await self._pace.write(purge.close, found):
            return False
        await self._remove(item.session_id)
        return True

    async def _remove(self, session_id: str) -> None:
        while await self._pace.write(purge.remove_some, session_id):
            pass

    async def _wipe(self, item: Item, archived: list[Path]) -> Item | None:
        found = await self._put_by(item, archived)
        if found is None:
            return None
        wiped: list[str] = []
        version: int | None = found.version
        for ids in _parts(found.message_ids, WORDS):
            part = msgspec.structs.replace(found, version=version, message_ids=tuple(ids))
            version = await self._pace.write(purge.wipe, part)
            if version is None:
                break
            wiped += ids
        return msgspec.structs.replace(item, message_ids=tuple(wiped)) if wiped else None

    async def _put_by(self, item: Item, archived: list[Path]) -> Item | None:
        """Look at a part of the plan again, and archive its session just as it is then:
        what changes it after that keeps it. None where nothing is due any more."""
        stop = threading.Event()

        def look(db: sqlite3.Connection) -> tuple[Item | None, Path | None]:
            at = now()
            found = retention.due(db, item, self._limits, at)
            if found is None or self._archive is None:
                return found, None
            user_id, session_id = found.user_id, found.session_id

            def export(out: Out) -> object:
                return json.write(db, user_id, out, cut_off, session_id=session_id)

            return found, self._archive.keep(session_id, at, export, stop)

        began = time.monotonic()
        try:
            found, path = await self._database.read(look)
        except asyncio.CancelledError:
            stop.set()  # the thread would go on to the end
            raise
        if path is not None:
            archived.append(path)
        await self._pace.rest(began)
        return found


def _parts(items: Sequence[T], at_once: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), at_once):
        yield items[start : start + at_once]
