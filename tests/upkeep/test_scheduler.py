"""The scheduler: nothing skipped, nothing twice, whoever dies."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from squid.errors import Conflict, DiskFull
from squid.ids import now
from squid.store import upkeep
from squid.store.database import Database
from squid.store.worker import Worker
from squid.upkeep import scheduler as module
from squid.upkeep.scheduler import HOUR_MS, RETRY_MS, Job, Scheduler
from tests.conftest import serving, until_async


class Counted:
    def __init__(self, fails: Exception | None = None) -> None:
        self.times = 0
        self.fails = fails
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.begun = asyncio.Event()

    async def __call__(self) -> dict[str, int]:
        self.times += 1
        self.begun.set()
        await self.go_on.wait()
        if self.fails:
            raise self.fails
        return {"things_removed": self.times}

    def job(self) -> Job:
        return Job("tidy", 2, self)


@pytest.fixture
async def worker(database: Database) -> AsyncIterator[Worker]:
    worker = Worker(database.path)
    yield worker
    worker.close()


async def state(database: Database) -> upkeep.JobState:
    [found] = await database.read(upkeep.last)
    return found


async def test_a_restart_does_nothing_twice_and_skips_nothing(
    database: Database, worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    work = Counted()
    await Scheduler(database, worker.id, [work.job()]).look()
    assert work.times == 1
    [record] = [record for record in caplog.records if record.name == module.__name__]
    assert record.getMessage() == "upkeep: tidy: things removed 1"
    assert (record.__dict__["job"], record.__dict__["outcome"]) == ("tidy", {"things_removed": 1})
    later = Scheduler(database, "another", [work.job()])
    await later.look()
    assert work.times == 1, "done before the restart"
    done = await state(database)
    assert 0 <= now() + 2 * HOUR_MS - done.due_at < 60_000
    await database.write(lambda db: db.execute("UPDATE upkeep_jobs SET due_at = 1") and None)
    await later.look()
    assert work.times == 2, "fell due while nothing ran"


async def test_two_servers_do_it_once(database: Database, worker: Worker) -> None:
    work, other = Counted(), Worker(database.path)
    work.go_on.clear()
    first = asyncio.create_task(Scheduler(database, worker.id, [work.job()]).look())
    await work.begun.wait()
    second = Scheduler(database, other.id, [work.job()])
    await second.look()
    with pytest.raises(Conflict, match="Another process"):
        await second.do(work.job())
    work.go_on.set()
    await first
    await second.look()
    assert work.times == 1
    other.close()


async def test_what_a_dead_process_left_is_taken_over(database: Database, worker: Worker) -> None:
    dead, work = Worker(database.path), Counted()
    await database.write(upkeep.settle, {"tidy": HOUR_MS}, 1)
    assert await database.write(upkeep.claim, "tidy", dead.id, 2)
    scheduler = Scheduler(database, worker.id, [work.job()])
    await scheduler.look()
    assert work.times == 0, "it is alive"
    dead.close()
    await scheduler.look()
    assert work.times == 1
    assert (await state(database)).worker is None


async def test_a_clock_that_was_wrong_is_mended(database: Database, worker: Worker) -> None:
    work = Counted()
    await database.write(upkeep.settle, {"tidy": 0}, now() + 10**12)
    await Scheduler(database, worker.id, [work.job()]).look()
    assert work.times == 0
    assert (await state(database)).due_at <= now() + 2 * HOUR_MS


@pytest.mark.parametrize("fails", [DiskFull("No room."), RuntimeError("a bug")])
async def test_what_fails_is_noted_and_tried_again_soon(
    database: Database, worker: Worker, fails: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    work, fine = Counted(fails), Counted()
    scheduler = Scheduler(database, worker.id, [work.job(), Job("last", 1, fine)])
    await scheduler.look()
    assert fine.times == 1, "the others are done all the same"
    states = {one.name: one for one in await database.read(upkeep.last)}
    assert (states["tidy"].error, states["tidy"].outcome) == (str(fails), None)
    assert states["tidy"].due_at <= now() + RETRY_MS
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    with pytest.raises(type(fails)):
        await scheduler.do(work.job())


async def test_one_that_is_cancelled_is_begun_anew(database: Database, worker: Worker) -> None:
    work = Counted()
    work.go_on.clear()
    task = asyncio.create_task(Scheduler(database, worker.id, [work.job()]).look())
    await work.begun.wait()
    task.cancel()
    await asyncio.wait([task], timeout=1)
    assert task.cancelled()
    work.go_on.set()
    await Scheduler(database, worker.id, [work.job()]).look()
    assert work.times == 2


async def test_a_server_does_all_of_it(
    configure: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module, "START_SECONDS", 0.0)
    async with serving(configure()) as (_, squid):  # type: ignore[operator]

        async def through() -> bool:
            found = await squid.database.read(upkeep.last)
            return len(found) == 5 and all(one.ended_at for one in found)

        await until_async(through)
        found = await squid.database.read(upkeep.last)
    assert [one.name for one in found] == ["changes", "files", "logs", "optimise", "retention"]
    assert all(one.error is None and one.worker is None for one in found)
