"""What happens when two things meet in the same instant."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from squid.app import create_app
from squid.config import Config
from squid.core import Squid, open_squid
from squid.ids import new_id
from squid.models import ToolCall
from squid.providers import base
from squid.runs import engine, events, finish, log, produce, start
from squid.store import messages, runs, sessions, worker
from tests.conftest import ME, answered, read_all, say, stalled, text_of, until, until_async


async def status(squid: Squid, run_id: str) -> str:
    return (await squid.database.read(runs.get, ME, run_id)).status


@pytest.mark.parametrize("turns", range(6))
async def test_stop_right_behind_the_question(squid: Squid, turns: int) -> None:
    """However soon it comes, the run ends and the session is free again."""
    run_id = new_id()
    asking = asyncio.create_task(say(squid, script="deltas=50,delay_ms=5", run_id=run_id))

    async def asked() -> bool:
        return await squid.database.read(runs.exists, run_id)

    if turns:
        await until_async(asked)
        for _ in range(turns):
            await asyncio.sleep(0)
        stopped = await squid.engine.stop(ME, run_id)
        assert stopped.status == "stopped"
    else:
        started = await asking
        assert (await squid.engine.stop(ME, started.run.id)).status == "stopped"
    started = await asking
    await answered(squid, await say(squid, session_id=started.session.id))


async def test_reader_that_comes_before_the_run_is_live(squid: Squid) -> None:
    for _ in range(20):
        run_id = new_id()
        asking = asyncio.create_task(say(squid, script="deltas=3", run_id=run_id))

        async def asked(run_id: str = run_id) -> bool:
            return await squid.database.read(runs.exists, run_id)

        await until_async(asked)
        seen = await asyncio.wait_for(read_all(squid, run_id), 10)
        assert text_of(seen) == "w0 w1 w2 "
        await asking


async def test_whoever_asks_may_leave_at_any_moment(squid: Squid) -> None:
    for turns in range(12):
        run_id = new_id()
        asking = asyncio.create_task(say(squid, script="deltas=3", run_id=run_id))
        for _ in range(turns):
            await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait([asking])
        if turns:  # it had begun to ask

            async def over(run_id: str = run_id) -> bool:
                if not await squid.database.read(runs.exists, run_id):
                    return False
                return await status(squid, run_id) == "complete"

            await until_async(over)


async def test_stop_while_the_end_is_written(squid: Squid, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is over stays what it was, and is written."""
    started = await say(squid, script="deltas=3")
    live = squid.engine._live[started.run.id]
    await until(lambda: live.ending)
    stopped = await squid.engine.stop(ME, started.run.id)
    assert stopped.status == "complete"


async def test_deleting_the_session_ends_its_run(squid: Squid) -> None:
    started = await stalled(squid)
    await squid.database.write(sessions.delete, ME, started.session.id)
    ended = await squid.engine.stop(ME, started.run.id)
    assert ended.status == "stopped"


async def test_process_that_dies_while_another_lives(
    configure: Callable[..., Config], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its runs are closed by the living one, not only at the next start."""
    monkeypatch.setattr(engine, "RECOVER_SECONDS", 0.1)
    async with open_squid(configure()) as squid:
        started = await stalled(squid)
        await squid.engine.stop(ME, started.run.id)

        def revive(db: sqlite3.Connection) -> None:
            db.execute(
                "UPDATE runs SET status = 'running', worker = 'dead' WHERE id = ?",
                (started.run.id,),
            )

        await squid.database.write(revive)

        async def closed() -> bool:
            return await status(squid, started.run.id) == "interrupted"

        await until_async(closed)


async def test_worker_is_never_seen_without_its_lock(tmp_path: Path) -> None:
    path = tmp_path / "squid.db"
    over = False

    def sweep() -> None:
        while not over:
            worker.sweep(path)

    sweeping = asyncio.create_task(asyncio.to_thread(sweep))
    try:
        for _ in range(300):
            mine = await asyncio.to_thread(worker.Worker, path)
            assert worker.alive(path, mine.id)
            mine.close()
    finally:
        over = True
        await sweeping


async def test_answer_without_end_is_cut(squid: Squid, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(produce, "MAX_CHARACTERS", 5000)
    message = await answered(squid, await say(squid, script="never_ending=1,size=100"))
    assert message.error is not None
    assert (message.status, message.error.code) == ("error", "provider-confused")
    assert len(message.content) > 5000


def test_memory_of_a_run_is_bounded() -> None:
    one = log.RunLog("run", 1, "message", 0)
    for _ in range(200):
        one.add(base.Text("x" * 2000))
        one.show(one.take())
    assert one._tail_bytes <= log.TAIL_BYTES + 5000
    assert one.since(0) is None


def test_tool_input_counts_and_joins() -> None:
    one = log.RunLog("run", 1, "message", 0)
    one.add(base.ToolCallStart("call", "tool"))
    for _ in range(10_000):
        one.add(base.ToolCallInput("call", '{"a"' * 100))
    assert one.crowded
    assert len(one.take()) == 2, "one event for the call's start, one for all of its input"


@pytest.mark.parametrize("wanted", ["full", "normal"])
async def test_synchronous_is_what_the_configuration_says(
    configure: Callable[..., Config], wanted: str
) -> None:
    def read(db: sqlite3.Connection) -> int:
        return int(db.execute("PRAGMA synchronous").fetchone()[0])

    async with open_squid(configure(database__synchronous=wanted)) as squid:
        assert await squid.database.write(read) == {"full": 2, "normal": 1}[wanted]


async def test_numbers_that_nothing_can_hold_do_not_block_a_session(
    configure: Callable[..., Config],
) -> None:
    """As an earlier version may have stored them: the words are kept, the rest is not."""
    async with open_squid(configure()) as squid:
        started = await stalled(squid)
        live = squid.engine.log(started.run.id)
        assert live is not None
        live.add(base.UsageReport(base.Usage(10**19, 1)))
        run = await squid.engine.stop(ME, started.run.id)
        assert run.status == "stopped"
        message = await squid.database.read(messages.get, ME, started.run.message_id)
        assert message.content.startswith("w0 ")
        assert message.usage is None


async def test_retry_after_is_waited_for(squid: Squid) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    script = "status=429,times=1,key=patience,retry_after=1,deltas=1"
    started = await say(squid, script=script)
    message = await answered(squid, started)
    assert message.status == "complete"
    assert loop.time() - began >= 1
    told = [
        event.value
        for _, event in await read_all(squid, started.run.id)
        if isinstance(event, events.Custom) and event.name == "squid.waiting"
    ]
    assert [(one["code"], one["seconds"]) for one in told] == [("provider-limited", 1.0)]


async def test_run_id_sent_again_is_the_same_run(squid: Squid) -> None:
    run_id = new_id()
    first = await say(squid, run_id=run_id)
    second = await say(squid, run_id=run_id)
    assert (second.created, second.run.id) == (False, run_id)
    await answered(squid, first)
    edited = new_id()
    for created in (True, False):
        again = await squid.ask(
            ME, start.edit, first.run.question_id, content="Else", run_id=edited
        )
        assert again.created is created
    await answered(squid, again)


def test_app_can_be_made_without_opening_anything(configure: Callable[..., Config]) -> None:
    config = configure()
    create_app(config)
    assert not config.database_path.exists()


async def test_an_end_that_cannot_be_written_costs_no_word(
    configure: Callable[..., Config], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug in it: what came is kept, and the next start ends the run."""
    config = configure()

    def broken(*args: object) -> None:
        raise RuntimeError("as a bug would")

    async with open_squid(config) as squid:
        with monkeypatch.context() as patched:
            patched.setattr(finish, "write", broken)
            started = await say(squid, script="deltas=50")
            await until(lambda: squid.engine.log(started.run.id) is None)
        assert await status(squid, started.run.id) == "running"
    async with open_squid(config) as squid:
        message = await answered(squid, started)
    assert message.status == "interrupted"
    assert message.content == "".join(f"w{n} " for n in range(50))


async def test_a_run_that_cannot_be_recovered_keeps_no_server_from_starting(
    configure: Callable[..., Config], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = configure()

    def broken(*args: object) -> None:
        raise RuntimeError("as a bug would")

    monkeypatch.setattr(finish, "write", broken)
    async with open_squid(config) as squid:
        first = await say(squid, script="deltas=5")
        await until(lambda: squid.engine.log(first.run.id) is None)
    async with open_squid(config) as squid:
        monkeypatch.undo()
        assert (await answered(squid, await say(squid))).status == "complete"


@pytest.mark.parametrize("input_", ['{"a": ', "[1]", '{"a": ' + "[" * 5_000 + "]" * 5_000 + "}"])
def test_a_call_that_nobody_can_read_is_none(input_: str) -> None:
    assert not finish._is_whole(ToolCall(id="c", name="n", input=input_))
