"""P3: each event once, in order, none missing, however readers come and go."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from squid.config import Config
from squid.core import Squid, open_squid
from squid.errors import NotFound
from squid.runs import start
from squid.runs.follow import follow, newest
from squid.store import messages, runs, worker
from tests.conftest import ME, answered, parse, read_all, say, stalled, text_of, until


async def read_in_visits(squid: Squid, run_id: str, visits: list[int]) -> str:
    """Read some batches, drop the connection, come back; then read to the end."""
    after, found = 0, []
    for batches in [*visits, 1 << 30]:
        reader = follow(squid.engine, squid.database, ME, run_id, after)
        async for frames in reader:
            found += [(seq, parse(frame)) for seq, frame in frames]
            after = frames[-1][0]
            batches -= 1
            if batches <= 0:
                break
        await reader.aclose()
    assert [seq for seq, _ in found] == list(range(1, len(found) + 1))
    return text_of(found)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    readers=st.lists(st.lists(st.integers(1, 4), max_size=5), min_size=1, max_size=5),
    deltas=st.integers(1, 120),
    delay=st.sampled_from([0, 0, 1]),
)
def test_readers_that_drop_and_return_at_random(
    configure: Callable[..., Config], readers: list[list[int]], deltas: int, delay: int
) -> None:
    async def check() -> None:
        async with open_squid(configure()) as squid:
            started = await say(squid, script=f"deltas={deltas},delay_ms={delay}")
            texts = await asyncio.gather(
                *(read_in_visits(squid, started.run.id, visits) for visits in readers)
            )
            expected = "".join(f"w{i} " for i in range(deltas))
            assert set(texts) == {expected}
            late = await read_in_visits(squid, started.run.id, [2])
            assert late == expected

    asyncio.run(check())


@asynccontextmanager
async def two(configure: Callable[..., Config]) -> AsyncIterator[tuple[Squid, Squid]]:
    """Two Squids on one file: what two processes are to each other."""
    async with open_squid(configure()) as one, open_squid(configure()) as other:
        yield one, other


async def test_run_of_another_process_is_followed_live(configure: Callable[..., Config]) -> None:
    """P8"""
    async with two(configure) as (one, other):
        started = await say(one, script="deltas=40,delay_ms=20")
        seen = await read_all(other, started.run.id)
        assert text_of(seen) == "".join(f"w{i} " for i in range(40))
        assert [seq for seq, _ in seen] == list(range(1, len(seen) + 1))
        await until(lambda: one.engine.log(started.run.id) is None)


async def test_run_of_another_process_is_not_recovered_but_can_be_stopped(
    configure: Callable[..., Config],
) -> None:
    async with open_squid(configure()) as one:
        started = await stalled(one)
        async with open_squid(configure()) as other:
            run = await other.database.read(runs.get, ME, started.run.id)
            assert run.status == "running"
            await other.engine.stop(ME, started.run.id)
            await until(lambda: one.engine.log(started.run.id) is None)
            message = await other.database.read(messages.get, ME, started.run.message_id)
            assert message.status == "stopped"


async def test_what_another_process_wrote_is_seen_at_once(
    configure: Callable[..., Config],
) -> None:
    """The cache of one never hides what the other committed."""
    async with two(configure) as (one, other):
        started = await say(one, "first")
        await answered(one, started)
        id_ = started.session.id
        for squid in (one, other):
            entry = await newest(squid.engine, squid.database, squid.cache, ME, id_)
            assert len(entry.tail) == 2
        await answered(other, await say(other, "second", session_id=id_))
        entry = await newest(one.engine, one.database, one.cache, ME, id_)
        assert len(entry.tail) == 4


async def test_change_feed_tells_of_another_process(configure: Callable[..., Config]) -> None:
    async with two(configure) as (one, other):
        reader = one.engine.feed.follow(ME, None)
        assert (await anext(reader)).changes == []
        waiting = asyncio.create_task(anext(reader))
        started = await say(other)
        batch = await asyncio.wait_for(waiting, 5)
        assert batch.changes[0].session_id == started.session.id
        await reader.aclose()
        await answered(other, started)


async def test_a_dead_process_is_told_from_a_living_one(tmp_path: Path) -> None:
    path = tmp_path / "squid.db"
    mine = worker.Worker(path)
    mine.announce("http://127.0.0.1:1")
    assert worker.alive(path, mine.id)
    assert worker.servers(path) == ["http://127.0.0.1:1"]
    mine.close()
    assert not worker.alive(path, mine.id)
    assert worker.servers(path) == []


async def test_retry_of_an_answer_is_followed_too(squid: Squid) -> None:
    first = await answered(squid, await say(squid))
    again = await squid.ask(ME, start.retry, first.id)
    assert text_of(await read_all(squid, again.run.id)) == first.content


async def test_a_slow_reader_never_gets_another_runs_events(squid: Squid) -> None:
    """A run that was removed leaves its number to the next."""
    started = await say(squid, script="deltas=300,size=400")
    reader = follow(squid.engine, squid.database, ME, started.run.id)
    await anext(reader)
    await answered(squid, started)

    def reused(db: sqlite3.Connection) -> None:
        db.execute("UPDATE runs SET id = 'another' WHERE number = ?", (started.number,))

    await squid.database.write(reused)
    with pytest.raises(NotFound):
        await anext(reader)  # and nothing from the table, by a number that is another's
