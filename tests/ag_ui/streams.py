"""Every way that a run's stream can go, as bytes of a real server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

import httpx2

from squid.config import Config
from squid.core import Squid, open_squid
from squid.ids import now
from squid.models import Message
from squid.providers.base import Reasoning, Text, ToolCallInput, ToolCallStart
from squid.runs import events, start
from squid.runs.log import RunLog
from squid.runs.start import Asked
from squid.store import files, messages, runs
from tests.conftest import ME, answered, say, serving, until


class Streamed(NamedTuple):
    sse: bytes
    answer: Message
    """As it is stored in the end."""
    before: str = ""
    """Its text before this run, which a client has already."""
    whole: bool = True


async def scripted(config: Config, script: str) -> Streamed:
    """A question to a model that does as it is told."""
    async with serving(config) as (client, squid):
        started = await say(squid, script=script)
        return await _read(client, squid, started.run.id)


async def cited(config: Config) -> Streamed:
    async with serving(config) as (client, squid):
        stored = files.pack(b"Squids have three hearts.")
        file = await squid.database.write(
            files.add, ME, files.New(stored, "squid.txt", "text/plain")
        )
        started = await say(squid, script="citations=1", file_ids=[file.id])
        return await _read(client, squid, started.run.id)


async def stopped(config: Config) -> Streamed:
    async with serving(config) as (client, squid):
        started = await say(squid, script="thinking=3,deltas=1000,delay_ms=5")
        log = squid.engine.log(started.run.id)
        assert log is not None
        await until(lambda: log.answer.text)
        await squid.engine.stop(ME, started.run.id)
        return await _read(client, squid, started.run.id)


async def interrupted(config: Config) -> Streamed:
    """Killed in mid-answer and recovered."""
    run_id = await _killed(config)
    async with serving(config) as (client, squid):
        return await _read(client, squid, run_id)


async def interrupted_in_a_tool_call(config: Config) -> Streamed:
    run_id = await _killed(config, in_tool_call=True)
    async with serving(config) as (client, squid):
        return await _read(client, squid, run_id)


async def continued(config: Config) -> Streamed:
    """The message of an earlier run, opened again."""
    run_id = await _killed(config)
    async with serving(config) as (client, squid):
        answer = await _answer_of(squid, run_id)
        started = await squid.ask(ME, start.resume, answer.id)
        read = await _read(client, squid, started.run.id)
        return read._replace(before=answer.content)


async def removed(config: Config) -> Streamed:
    """Read so late that only the message is left."""
    return await _removed(config, 0)


async def half_removed(config: Config) -> Streamed:
    """Come back so late that only the message is left."""
    return await _removed(config, 4)


async def _removed(config: Config, after: int) -> Streamed:
    async with serving(config) as (client, squid):
        started = await say(squid, script="thinking=2,deltas=50,delay_ms=1")
        await answered(squid, started)
        assert await squid.database.write(runs.remove_logs, now() + 1000) == 1
        return await _read(client, squid, started.run.id, after)


async def _killed(config: Config, *, in_tool_call: bool = False) -> str:
    """What a process leaves that was killed: committed events, and nobody to go on."""
    async with open_squid(config) as squid:
        asked = Asked("anthropic", "script:", "a worker that is gone")
        started = await squid.database.write(start.send, ME, asked, content="Hello")
        log = RunLog(started.run.id, started.number, started.run.message_id, 2)
        for part in (Reasoning("Hm."), Text("Once "), Text("upon ")):
            log.add(part)
        if in_tool_call:
            log.add(ToolCallStart("call-1", "weather"))
            log.add(ToolCallInput("call-1", '{"city'))
        rows = [runs.EventRow(log.number, seq, data) for seq, _, data in log.take()]
        await squid.database.write(runs.append, rows)
        return started.run.id


async def _read(client: httpx2.AsyncClient, squid: Squid, run_id: str, after: int = 0) -> Streamed:
    answer = await client.get(f"/api/runs/{run_id}/events", params={"after": after})
    assert answer.status_code == 200, answer.text
    await until(lambda: squid.engine.log(run_id) is None)
    return Streamed(answer.content, await _answer_of(squid, run_id), whole=after == 0)


async def _answer_of(squid: Squid, run_id: str) -> Message:
    run = await squid.database.read(runs.get, ME, run_id)
    return await squid.database.read(messages.get, ME, run.message_id)


def of(script: str) -> Callable[[Config], Awaitable[Streamed]]:
    return lambda config: scripted(config, script)


STREAMS: dict[str, Callable[[Config], Awaitable[Streamed]]] = {
    "text": of("deltas=30"),
    "unicode": of("text=unicode,split=1"),
    "reasoning": of("thinking=4,deltas=4"),
    "tool call": of("thinking=2,deltas=3,tools=1"),
    "tool call alone": of("deltas=0,tools=1"),
    "nothing": of("deltas=0"),
    "cut off at max_tokens": of("stop=max_tokens"),
    "refused": of("deltas=2,stop=refusal"),
    "error at once": of("status=400"),
    "error in the middle": of("error_after=3,error=api_error"),
    "connection cut": of("thinking=1,cut_after=3"),
    "cited": cited,
    "stopped": stopped,
    "interrupted": interrupted,
    "interrupted in a tool call": interrupted_in_a_tool_call,
    "continued": continued,
    "log removed": removed,
    "log removed in the middle": half_removed,
}


def stopped_in_a_tool_call() -> bytes:
    """No upstream can be caught between two pieces of a tool call, so by hand."""
    log = RunLog("run-1", 1, "assistant.local.1", 0)
    first = events.RunStarted(thread_id="t", run_id="run-1", protocol_version="1.0")
    log.add(Text("Let me see. "))
    log.add(ToolCallStart("call-1", "weather"))
    log.add(ToolCallInput("call-1", '{"city'))
    log.end(events.RunFinished(thread_id="t", run_id="run-1", outcome={"type": "cancelled"}))
    frames = [events.frame(seq, data) for seq, _, data in log.take()]
    return events.frame(0, events.encode(first)) + b"".join(frames)
