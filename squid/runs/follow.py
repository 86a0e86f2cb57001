"""Reading a run: everything behind an event id, then what comes, each event once (P3).

It makes no difference where the run is: live here, live in another process, ended, or
ended so long ago that its log was removed. A slow reader reads on from the table, so
that it never holds anything back but itself.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from typing import NamedTuple

import msgspec

from squid.models import Message, Run, ToolCall
from squid.providers import base as parts
from squid.runs import events, recover
from squid.runs.engine import Engine
from squid.runs.finish import Ending, last_event
from squid.runs.log import RunLog
from squid.store import history, messages, runs, turns
from squid.store.cache import Entry, SessionCache
from squid.store.database import Database

Frames = list[tuple[int, bytes]]


async def follow(
    engine: Engine,
    database: Database,
    user_id: str,
    run_id: str,
    after: int = 0,
    *,
    theirs: bool = False,
) -> AsyncIterator[Frames]:
    """Batches of (event id, SSE frame), to the end of the run. Raises NotFound.

    `after` is the id of the last event that the reader has; 0 for none. `theirs` says that
    it is known to be the user's, who has just begun it.
    """
    log = engine.log(run_id)  # taken first: a short answer is over by the time we are sure
    if not theirs:
        await database.read(runs.get, user_id, run_id)
    engine.figures.readers += 1
    try:
        while True:
            news = engine.foreign_news
            log = log or engine.log(run_id)
            if log is not None:
                async for frames in _live(log, database, after):
                    after = frames[-1][0]
                    yield frames
                if after >= log.shown_event:
                    return
                log = None
            seen = await database.read(_look, user_id, run_id, after)
            if seen.frames:
                after = seen.frames[-1][0]
                yield seen.frames
            elif seen.run.status != "running":
                if after < seen.run.last_event:  # its events were removed
                    yield _from_messages(seen, after)
                return
            else:  # another process writes it, or this one is about to
                await news.wait()
    finally:
        engine.figures.readers -= 1


async def _live(log: RunLog, database: Database, after: int) -> AsyncIterator[Frames]:
    """To the end of the run; or, for a reader so slow that the events were removed
    meanwhile, as far as they go."""
    while True:
        news, ended = log.news, log.ended
        frames = log.since(after)
        if frames is None:
            frames = await database.read(_rest, log.run_id, log.number, after)
        if frames:
            after = frames[-1][0]
            yield frames
        elif ended:
            return
        else:
            await news.wait()


class _Seen(NamedTuple):
    run: Run
    message: Message
    calls: list[ToolCall]
    frames: Frames


def _look(db: sqlite3.Connection, user_id: str, run_id: str, after: int) -> _Seen:
    run = runs.get(db, user_id, run_id)
    frames = _page(db, runs.number(db, run_id), after)
    calls = turns.calls_of(db, run.id, run.message_id)
    return _Seen(run, messages.load(db, [run.message_id])[0], calls, frames)


def _rest(db: sqlite3.Connection, run_id: str, number: int, after: int) -> Frames:
    """None of them where the run was removed: its number may be another one's by now."""
    return _page(db, number, after) if runs.has_number(db, run_id, number) else []


def _page(db: sqlite3.Connection, number: int, after: int) -> Frames:
    return [(seq, events.frame(seq, data)) for seq, data in runs.events(db, number, after)]


def _from_messages(seen: _Seen, after: int) -> Frames:
    """What a reader is told of a run whose events were removed: what it wrote, whole.

    One that had a part of it gets the message to put in that part's place, as nobody
    knows any more where the part ended. Only the last event bears an id, the run's
    last: a reader that is cut off before it begins anew.
    """
    run, message = seen.run, seen.message
    assert run.status != "running"
    log = RunLog(run.id, 0, message.id, 0)
    log.answer.usage = run.usage
    if after > 0:
        log.announce(events.Custom(name="squid.message", value=msgspec.to_builtins(message)))
    else:
        log.announce(
            events.RunStarted(
                thread_id=run.session_id, run_id=run.id, protocol_version=events.PROTOCOL_VERSION
            )
        )
        for part in _parts(seen):
            log.add(part)
    log.end(
        last_event(
            Ending(run.status, message.stop_reason, run.error),
            session_id=run.session_id,
            run_id=run.id,
            provider=run.provider,
            model=run.model,
            answer=log.answer,
        )
    )
    *before, last = [data for _, _, data in log.take()]
    frames = [b"data: %s\n\n" % data.encode() for data in before]
    frames.append(events.frame(run.last_event, last))
    return [(run.last_event, b"".join(frames))]


def _parts(seen: _Seen) -> Iterator[parts.Part]:
    run, message = seen.run, seen.message
    if message.reasoning and run.kind == "answer":
        yield parts.Reasoning(message.reasoning)
    if text := message.content[run.text_start : run.text_end]:
        yield parts.Text(text)
    for source in message.sources:
        if run.text_start <= (source.position or 0) <= (run.text_end or 0):
            place = None if source.position is None else source.position - run.text_start
            yield parts.Citation(msgspec.structs.replace(source, position=place))
    for call in seen.calls:
        yield parts.ToolCallStart(call.id, call.name)
        yield parts.ToolCallInput(call.id, call.input)
        yield parts.ToolCallEnd(call.id)


# -- messages in the middle of their run -------------------------------------------


async def up_to_date(engine: Engine, database: Database, found: list[Message]) -> list[Message]:
    """The messages with what their live runs have shown so far."""
    return [
        message
        if message.status not in ("pending", "streaming")
        else await _up_to_date(engine, database, message)
        for message in found
    ]


async def newest(
    engine: Engine, database: Database, cache: SessionCache, user_id: str, session_id: str
) -> Entry:
    """A session with its newest messages, a live answer as far as it has come."""
    entry = await history.newest(database, cache, user_id, session_id)
    if entry.session.live_run_id is None:
        return entry
    tail = await up_to_date(engine, database, list(entry.tail))
    return entry._replace(tail=tuple(tail))


async def _up_to_date(engine: Engine, database: Database, message: Message) -> Message:
    log = engine.log(message.run_id) if message.run_id else None
    if log is None:
        return await database.read(replayed, message.id)
    return _with(message, log)


def replayed(db: sqlite3.Connection, message_id: str) -> Message:
    """A message with what its live run has shown so far, as the table tells it: the run
    is another process's, or ended just now."""
    message = messages.load(db, [message_id])[0]
    run = runs.of_message(db, message_id)
    if run is None or run.status != "running":
        return message
    return _with(message, recover.replay(db, run))


def _with(message: Message, log: RunLog) -> Message:
    return msgspec.structs.replace(
        log.answer.onto(message),
        status="streaming" if log.begun else "pending",
        run_event=log.shown_event,
        calls=tuple(log.answer.tools()),
    )
