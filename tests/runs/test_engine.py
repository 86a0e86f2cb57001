"""P1, P2, P4 and the ends of a run, in one process with the real upstream."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import suppress

import pytest

from squid.config import Config
from squid.core import Squid, open_squid
from squid.errors import DiskFull, RunInProgress
from squid.models import ToolCall
from squid.runs import events, start
from squid.runs.follow import follow, newest, replayed
from squid.store import messages, runs, sessions
from tests.conftest import ME, answered, parse, read_all, say, stalled, text_of, until

WORDS_20 = "".join(f"w{i} " for i in range(20))


async def test_answer_is_streamed_and_stored(squid: Squid) -> None:
    started = await say(squid, script="deltas=20")
    seen = await read_all(squid, started.run.id)
    assert [seq for seq, _ in seen] == list(range(1, len(seen) + 1))
    assert isinstance(seen[0][1], events.RunStarted)
    assert isinstance(seen[-1][1], events.RunFinished)
    assert text_of(seen) == WORDS_20
    message = await answered(squid, started)
    assert (message.status, message.content) == ("complete", WORDS_20)
    assert message.usage is not None
    run = await squid.database.read(runs.get, ME, started.run.id)
    assert run.status == "complete"
    assert run.last_event == seen[-1][0]


async def test_nothing_is_shown_before_it_is_committed(squid: Squid) -> None:
    """P1, seen by a second connection that shares nothing with the server's."""
    witness = sqlite3.connect(squid.database.path)
    started = await say(squid, script="deltas=300")
    shown = 0
    async for frames in follow(squid.engine, squid.database, ME, started.run.id):
        last = witness.execute(
            "SELECT max(seq) FROM run_events WHERE run = ?", (started.number,)
        ).fetchone()[0]
        assert last >= frames[-1][0]
        shown += len(frames)
    witness.close()
    assert shown > 3


async def test_run_goes_on_without_readers(squid: Squid) -> None:
    """P2"""
    started = await say(squid, script="deltas=30,delay_ms=2")
    reader = follow(squid.engine, squid.database, ME, started.run.id)
    await anext(reader)
    await reader.aclose()
    await until(lambda: squid.engine.log(started.run.id) is None)
    message = await squid.database.read(messages.get, ME, started.run.message_id)
    assert message.status == "complete"
    assert message.content.endswith("w29 ")


async def test_one_live_run_a_session(squid: Squid) -> None:
    started = await say(squid, script="stall_after=1")
    with pytest.raises(RunInProgress) as refused:
        await say(squid, session_id=started.session.id)
    assert refused.value.members == {"run_id": started.run.id}
    page = await squid.database.read(messages.page, ME, started.session.id)
    assert len(page.messages) == 2, "the refused question must not be stored"
    await squid.engine.stop(ME, started.run.id)


async def test_stop_keeps_the_text(squid: Squid) -> None:
    started = await stalled(squid)
    run = await squid.engine.stop(ME, started.run.id)
    assert run.status == "stopped"
    assert run.stop_requested_at is not None
    seen = await read_all(squid, started.run.id)
    end = seen[-1][1]
    assert isinstance(end, events.RunFinished)
    assert end.outcome == {"type": "cancelled"}
    message = await answered(squid, started)
    assert (message.status, message.content) == ("stopped", text_of(seen))
    assert message.content.startswith("w0 ")
    again = await squid.engine.stop(ME, started.run.id)
    assert again.status == "stopped"


async def test_stopping_twice_at_once_is_one_stop(squid: Squid) -> None:
    started = await say(squid, script="stall_after=3")
    first, second = await asyncio.gather(
        squid.engine.stop(ME, started.run.id), squid.engine.stop(ME, started.run.id)
    )
    assert (first.status, second.status) == ("stopped", "stopped")


@pytest.mark.parametrize(
    ("script", "status", "code"),
    [
        ("status=401", "error", "provider-auth"),
        ("status=400", "error", "provider-rejected"),
        ("status=529,retry_after=0", "error", "provider-overloaded"),
        ("status=429,retry_after=0", "error", "provider-limited"),
        ("deltas=9,cut_after=3", "error", "provider-cut"),
        ("deltas=9,malformed=json,after=2", "error", "provider-confused"),
        ("deltas=9,error_after=2", "error", "provider-overloaded"),
        ("deltas=2,stop=refusal", "error", "refusal"),
        ("deltas=2,stop=max_tokens", "complete", "max-tokens"),
    ],
)
async def test_every_failure_ends_in_a_sentence(
    squid: Squid, script: str, status: str, code: str
) -> None:
    message = await answered(squid, await say(squid, script=script))
    assert message.status == status
    assert message.error is not None
    assert message.error.code == code
    assert message.error.detail.endswith((".", "!", "?"))
    session = await squid.database.read(sessions.get, ME, message.session_id)
    assert session.live_run_id is None


async def test_failures_before_the_first_word_are_tried_again(squid: Squid) -> None:
    script = "status=529,times=2,key=again,retry_after=0,deltas=3"
    message = await answered(squid, await say(squid, script=script))
    assert (message.status, message.content) == ("complete", "w0 w1 w2 ")


async def test_what_was_shown_is_not_asked_for_again(squid: Squid) -> None:
    message = await answered(squid, await say(squid, script="deltas=9,error_after=4"))
    assert (message.status, message.content) == ("error", "w0 w1 w2 w3 ")


async def test_closing_interrupts_and_opening_finds_it(
    configure: Callable[..., Config],
) -> None:
    async with open_squid(configure()) as squid:
        started = await stalled(squid)
    async with open_squid(configure()) as squid:
        message = await squid.database.read(messages.get, ME, started.run.message_id)
        assert message.status == "interrupted"
        assert message.content.startswith("w0 ")
        seen = await read_all(squid, started.run.id)
        assert isinstance(seen[-1][1], events.RunError)
        assert seen[-1][1].code == "interrupted"


async def test_continue_goes_on_in_the_same_message(squid: Squid) -> None:
    first = await answered(squid, await say(squid, script="deltas=9,cut_after=3"))
    assert first.status == "error"
    more = await squid.ask(ME, start.resume, first.id, model="script:deltas=2")
    assert more.run.message_id == first.id
    message = await answered(squid, more)
    assert (message.status, message.content) == ("complete", first.content + "w0 w1 ")
    assert message.error is None
    again = await squid.ask(ME, start.send, content="and?", session_id=first.session_id)
    await answered(squid, again)


async def test_middle_of_a_run_reads_as_far_as_it_was_shown(squid: Squid) -> None:
    started = await say(squid, script="stall_after=4")
    log = squid.engine.log(started.run.id)
    assert log is not None
    await until(lambda: "".join(log.answer.text) == "w0 w1 w2 w3 ")
    entry = await newest(squid.engine, squid.database, squid.cache, ME, started.session.id)
    message = entry.tail[-1]
    assert (message.status, message.content) == ("streaming", "w0 w1 w2 w3 ")
    assert message.run_id == started.run.id
    assert message.run_event == log.shown_event
    stop = asyncio.create_task(squid.engine.stop(ME, started.run.id))
    rest = await read_all(squid, started.run.id, after=message.run_event or 0)
    assert text_of(rest) == ""
    assert rest[0][0] == (message.run_event or 0) + 1
    await stop


async def test_middle_of_a_run_has_its_calls(squid: Squid) -> None:
    """As far as they were shown, however that is known; and not when they are messages."""
    started = await say(squid, script="tools=1,no_stop=1,last_ms=60000")
    log = squid.engine.log(started.run.id)
    assert log is not None
    whole = ToolCall(id="toolu_01Squid", name="weather", input='{"city": "Paris", "days": 3}')
    await until(lambda: log.answer.tools() == [whole])
    entry = await newest(squid.engine, squid.database, squid.cache, ME, started.session.id)
    assert entry.tail[-1].calls == (whole,)
    elsewhere = await squid.database.read(replayed, started.run.message_id)
    assert elsewhere.calls == (whole,), "as another process sees it"
    await squid.engine.stop(ME, started.run.id)
    assert (await answered(squid, started)).calls == ()


async def test_hundred_questions_at_once(squid: Squid) -> None:
    begun = await asyncio.gather(*(say(squid, f"q{i}", script="deltas=20") for i in range(100)))
    answers = await asyncio.gather(*(answered(squid, one) for one in begun))
    assert {a.content for a in answers} == {WORDS_20}
    assert {a.status for a in answers} == {"complete"}


async def test_full_disk_shows_nothing_that_is_not_written(squid: Squid) -> None:
    """SQLite itself is made to say that there is no room: a page limit on the file."""

    def limit(db: sqlite3.Connection, pages: int | None) -> None:
        now = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {now if pages is None else pages}")

    started = await say(squid, script="deltas=400,size=4000,delay_ms=1")
    log = squid.engine.log(started.run.id)
    assert log is not None
    await until(lambda: log.answer.text)
    # What shares a commit with the answer fails with it; the limit holds all the same.
    with suppress(DiskFull):
        await squid.database.write(limit, None)
    await until(lambda: log.crowded or log.waiting)
    await asyncio.sleep(0.2)  # the time in which something could wrongly be shown
    witness = sqlite3.connect(squid.database.path)
    stored = witness.execute(
        "SELECT max(seq) FROM run_events WHERE run = ?", (started.number,)
    ).fetchone()[0]
    witness.close()
    assert log.shown_event <= stored
    with suppress(DiskFull):
        await squid.database.write(limit, 1_000_000)
    message = await answered(squid, started)
    assert message.status == "complete"
    assert len(message.content) == 400 * 4000


async def test_run_whose_rows_are_gone_harms_no_other(squid: Squid) -> None:
    """As if somebody had edited the database by hand while it was written."""

    def remove(db: sqlite3.Connection, number: int) -> None:
        db.execute("DELETE FROM runs WHERE number = ?", (number,))

    lost = await say(squid, script="deltas=60,delay_ms=5")
    kept = await say(squid, script="deltas=60,delay_ms=5")
    await squid.database.write(remove, lost.number)
    message = await answered(squid, kept)
    assert (message.status, message.content[-4:]) == ("complete", "w59 ")
    await until(lambda: squid.engine.log(lost.run.id) is None)


async def test_late_reader_of_a_removed_log_gets_the_same_text(squid: Squid) -> None:
    started = await say(squid, script="deltas=20")
    message = await answered(squid, started)
    before = await read_all(squid, started.run.id)
    assert await squid.database.write(runs.remove_logs, 1 << 60) == 1
    late = await read_all(squid, started.run.id)
    assert text_of(late) == message.content
    part = await read_all(squid, started.run.id, after=5)
    whole = part[0][1]
    assert isinstance(whole, events.Custom)
    assert (whole.name, whole.value["content"]) == ("squid.message", message.content)
    assert await read_all(squid, started.run.id, after=before[-1][0]) == []


async def test_removed_logs_of_a_continued_answer_tell_a_part_each(squid: Squid) -> None:
    first = await say(squid, script="deltas=9,cut_after=3,thinking=1")
    cut = await answered(squid, first)
    more = await squid.ask(ME, start.resume, cut.id, model="script:deltas=2")
    message = await answered(squid, more)
    assert await squid.database.write(runs.remove_logs, 1 << 60) == 2
    parts = [text_of(await read_all(squid, run.run.id)) for run in (first, more)]
    assert parts == [cut.content, message.content.removeprefix(cut.content)]


async def test_slow_reader_reads_on_from_the_table(squid: Squid) -> None:
    """More than memory keeps passes by while the reader rests after its first batch."""
    started = await say(squid, script="deltas=300,size=2000,delay_ms=1")
    reader = follow(squid.engine, squid.database, ME, started.run.id)
    found = [(seq, parse(frame)) for seq, frame in await anext(reader)]
    await until(lambda: squid.engine.log(started.run.id) is None, 20)
    async for frames in reader:
        found += [(seq, parse(frame)) for seq, frame in frames]
    assert [seq for seq, _ in found] == list(range(1, len(found) + 1))
    assert len(text_of(found)) == 300 * 2000
