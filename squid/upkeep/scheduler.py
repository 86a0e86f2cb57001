"""The scheduler: what is due by the clock is done by one process, once, and noted.

When a job is due stands in the database, and so does who does it: a restart skips
nothing and does nothing twice, of two servers on one file one does it, and what a
process left that was killed is taken over.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from squid.errors import Conflict, DatabaseError, SquidError
from squid.ids import now
from squid.store import upkeep, worker
from squid.store.database import Database
from squid.store.upkeep import JobState

log = logging.getLogger(__name__)

START_SECONDS = 5.0
"""The first look waits until a server that starts has started."""

LOOK_SECONDS = 5.0
"""How often to look for what is due, and for what a dead process left."""

BUSY_SECONDS = 60.0
"""How long to leave a database alone that cannot be written."""

RETRY_MS = 600_000
"""A job that failed is due again after this, at the latest."""

HOUR_MS = 3_600_000


class Job(NamedTuple):
    name: str
    hours: int
    """From its end to the next time it is due."""
    work: Callable[[], Awaitable[dict[str, int]]]
    """Does it, and counts what it did. May be cancelled, and is begun anew then."""


class Scheduler:
    """`run()` is a server's, for as long as it lives; `do()` is done by hand."""

    def __init__(self, database: Database, worker_id: str, jobs: Sequence[Job]) -> None:
        self._database = database
        self._worker = worker_id
        self._jobs = jobs

    async def run(self) -> None:
        await asyncio.sleep(START_SECONDS)
        while True:
            pause = LOOK_SECONDS
            try:
                await self.look()
            except DatabaseError as error:
                log.warning("upkeep is put off: %s", error)
                pause = BUSY_SECONDS
            except Exception:
                log.exception("upkeep failed")
                pause = BUSY_SECONDS
            await asyncio.sleep(pause)

    async def look(self) -> None:
        """Do what is due. Raises DatabaseError."""
        for job in self._jobs:
            state = await self._state(job)
            if state.worker is None and state.due_at > now():
                continue
            if await self._claim(state):
                await self._do(job)

    async def do(self, job: Job) -> dict[str, int]:
        """Do it now, due or not; returns what it did. Raises Conflict where another
        process does it just now, and whatever stood in the way."""
        if not await self._claim(await self._state(job), early=True):
            raise Conflict(
                f"Another process does the upkeep of this database just now ({job.name}).",
                hint="Wait until it is through, and try again.",
            )
        outcome, failed = await self._do(job, told=False)
        if failed is not None:
            raise failed
        return outcome

    async def _state(self, job: Job) -> JobState:
        found = {state.name: state for state in await self._database.read(upkeep.last)}
        state, interval = found.get(job.name), job.hours * HOUR_MS
        if state is None or state.due_at > now() + interval:
            await self._database.write(upkeep.settle, {job.name: interval}, now())
            return await self._state(job)
        return state

    async def _claim(self, state: JobState, *, early: bool = False) -> bool:
        # What this process has not finished, it could not note the end of.
        if state.worker not in (None, self._worker) and await asyncio.to_thread(
            worker.alive, self._database.path, str(state.worker)
        ):
            return False
        return await self._database.write(
            upkeep.claim, state.name, self._worker, now(), of=state.worker, early=early
        )

    async def _do(self, job: Job, *, told: bool = True) -> tuple[dict[str, int], Exception | None]:
        began, outcome, failed = time.monotonic(), dict[str, int](), None
        try:
            outcome = await job.work()
        except Exception as error:
            failed = error
        if told:
            _tell(job, outcome, failed, round(time.monotonic() - began, 3))
        pause = job.hours * HOUR_MS
        if failed is not None:
            pause = min(pause, RETRY_MS)
        await self._database.write(
            upkeep.finish,
            job.name,
            self._worker,
            at=now(),
            due_at=now() + pause,
            outcome=None if failed else outcome,
            error=None if failed is None else str(failed) or type(failed).__name__,
        )
        return outcome, failed


def _tell(job: Job, outcome: dict[str, int], failed: Exception | None, seconds: float) -> None:
    fields = {"job": job.name, "outcome": outcome, "seconds": seconds}
    if failed is not None:
        unexpected = failed if not isinstance(failed, SquidError) else None
        log.warning("upkeep: %s failed: %s", job.name, failed, extra=fields, exc_info=unexpected)
    elif any(outcome.values()):
        did = ", ".join(f"{name.replace('_', ' ')} {n:,}" for name, n in outcome.items() if n)
        log.info("upkeep: %s: %s", job.name, did, extra=fields)
