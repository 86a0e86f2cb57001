"""The journal: one commit for what all live runs have gathered, then the next.

There is no timer. While a commit is in flight the logs gather, so an idle server
commits every piece by itself and a busy one makes fewer, larger commits.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import sqlite3
import time

from squid.errors import DatabaseError
from squid.figures import RunFigures
from squid.runs.log import RunLog, Taken
from squid.store import messages, runs
from squid.store.database import Database

logger = logging.getLogger(__name__)

Batch = list[tuple[RunLog, list[Taken]]]


class Journal:
    def __init__(self, database: Database, figures: RunFigures) -> None:
        self._database = database
        self.figures = figures
        self._dirty: dict[RunLog, None] = {}
        self._task: asyncio.Task[None] | None = None

    def notice(self, log: RunLog) -> None:
        """The log has gathered something."""
        self._dirty[log] = None
        if self._task is None:
            # It works for all runs: what it logs is not of the one that woke it.
            self._task = asyncio.create_task(
                self._work(), name="squid-journal", context=contextvars.Context()
            )

    async def drained(self, log: RunLog) -> None:
        """Wait until everything the log has gathered is committed and shown. Raises
        what keeps it from that for good."""
        while log.behind:
            if log.lost is not None:
                raise log.lost
            news = log.news
            self.notice(log)
            await news.wait()

    async def settled(self, log: RunLog) -> None:
        """Wait for what is being committed of the log. What it has gathered besides is
        left to the commit that ends the run. Raises what keeps it from that."""
        self._dirty.pop(log, None)
        while log.in_flight:
            if log.lost is not None:
                raise log.lost
            await log.news.wait()

    def show(self, log: RunLog, taken: list[Taken]) -> None:
        """These are committed: let readers have them."""
        first = log.has_content and not log.begun
        log.show(taken)
        self.figures.events += len(taken)
        if first and log.begun:
            log.first_shown = time.perf_counter()
            self.figures.first_delta.observe(log.first_shown - log.opened)

    async def close(self) -> None:
        """Give up what cannot be written; recovery finds what was."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _work(self) -> None:
        try:
            while self._dirty:
                dirty, self._dirty = self._dirty, {}
                if batch := [(log, taken) for log in dirty if (taken := log.take())]:
                    await self._commit(batch)
        finally:
            self._task = None

    async def _commit(self, batch: Batch) -> None:
        try:
            await self._write(batch)
        except Exception as error:
            if len(batch) == 1:
                logger.exception("the events of run %s cannot be written", batch[0][0].run_id)
                batch[0][0].lose(error)
                return
            for one in batch:  # so that only the one at fault is lost
                await self._commit([one])

    async def _write(self, batch: Batch) -> None:
        rows = [
            runs.EventRow(log.number, seq, data) for log, taken in batch for seq, _, data in taken
        ]
        ids = [log.message_id for log, _ in batch if log.has_content and not log.begun]
        pause = 0.05
        while True:
            try:
                await self._database.write(_append, rows, ids)
                break
            except DatabaseError as error:
                # What was generated is held, the readers wait, and nothing is shown
                # until it is on disk: a full disk or a locked file may pass.
                logger.warning("cannot write %d events, trying again: %s", len(rows), error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 2.0)
        for log, taken in batch:
            self.show(log, taken)


def _append(db: sqlite3.Connection, rows: list[runs.EventRow], first: list[str]) -> None:
    runs.append(db, rows)
    for message_id in first:
        messages.set_status(db, message_id, "streaming")
