"""The official AG-UI client, @ag-ui/client from npm, against a real server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from squid.config import Config
from squid.core import Squid
from squid.models import Message
from squid.store import messages, runs
from tests.ag_ui.conftest import Client
from tests.ag_ui.rules import check
from tests.ag_ui.streams import STREAMS, stopped_in_a_tool_call
from tests.conftest import ME, serving, until_async

HELLO = {"id": "q1", "role": "user", "content": "Hello"}
AGAIN = {"id": "q2", "role": "user", "content": "And again"}
WEATHER = {
    "name": "weather",
    "description": "The weather of a city",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}


def agent(client: httpx2.AsyncClient, thread: str = "thread-1") -> dict[str, Any]:
    return {"url": str(client.base_url.join("/api/ag-ui")), "threadId": thread}


def scripted(script: str, **parameters: Any) -> dict[str, Any]:
    return {"forwardedProps": {"model": f"script:{script}"}, **parameters}


async def stored(squid: Squid, thread: str = "thread-1") -> list[Message]:
    return (await squid.database.read(messages.page, ME, thread)).messages


async def test_a_conversation(configure: Callable[..., Config], run_client: Client) -> None:
    async with serving(configure()) as (client, squid):
        first, second = await run_client(
            agent(client),
            {"add": [HELLO], "parameters": scripted("deltas=20,thinking=2")},
            {"add": [AGAIN], "parameters": scripted("text=echo")},
        )
        kept = await stored(squid)
    assert first["error"] is None
    assert second["error"] is None
    check(first["events"])
    check(second["events"])
    assert [m.role for m in kept] == ["user", "assistant", "user", "assistant"]
    assert [m.content for m in kept] == [
        m["content"] for m in second["messages"] if m["role"] != "reasoning"
    ]
    thought = next(m for m in second["messages"] if m["role"] == "reasoning")
    assert thought["content"] == kept[1].reasoning
    assert second["messages"][-1]["id"] == kept[-1].id


async def test_a_tool_of_the_client(configure: Callable[..., Config], run_client: Client) -> None:
    async with serving(configure()) as (client, squid):
        asked, told = await run_client(
            agent(client),
            {"add": [HELLO], "parameters": scripted("deltas=2,tools=1", tools=[WEATHER])},
            {"answerTools": "sunny", "parameters": scripted("deltas=3", tools=[WEATHER])},
        )
        kept = await stored(squid)
    assert asked["error"] is None
    assert told["error"] is None
    calls = asked["messages"][-1]["toolCalls"]
    assert calls[0]["function"] == {"name": "weather", "arguments": '{"city": "Paris", "days": 3}'}
    assert [m.role for m in kept] == ["user", "assistant", "tool", "assistant"]
    assert kept[2].tool is not None
    assert kept[2].tool.result == "sunny"
    assert kept[3].content == told["messages"][-1]["content"] == "w0 w1 w2 "


async def test_an_answer_goes_on_when_its_client_aborts(
    configure: Callable[..., Config], run_client: Client
) -> None:
    async with serving(configure()) as (client, squid):
        slow = scripted("deltas=100,delay_ms=5", runId="run-1")
        (aborted,) = await run_client(
            agent(client), {"add": [HELLO], "parameters": slow, "abortAfter": 20}
        )

        async def over() -> bool:
            return (await squid.database.read(runs.get, ME, "run-1")).status == "complete"

        await until_async(over)
        kept = await stored(squid)
        seen = aborted["messages"][-1]["content"]
        assert len(seen) < len(kept[-1].content)
        assert kept[-1].content.startswith(seen)
        # The same request again finds the same run, and now all of it.
        (again,) = await run_client(agent(client), {"add": [HELLO], "parameters": slow})
        assert again["messages"][-1]["content"] == kept[-1].content
        assert len(await stored(squid)) == 2


async def test_an_answer_that_fails(configure: Callable[..., Config], run_client: Client) -> None:
    async with serving(configure()) as (client, squid):
        failed, tried = await run_client(
            agent(client),
            {"add": [HELLO], "parameters": scripted("error_after=2,error=api_error")},
            {"dropLast": 1, "parameters": scripted("deltas=4")},
        )
        kept = await stored(squid)
    assert failed["events"][-1]["type"] == "RUN_ERROR"
    assert failed["messages"][-1]["content"] == "w0 w1 "
    assert tried["messages"][-1]["content"] == "w0 w1 w2 w3 "
    assert [m.content for m in kept] == ["Hello", "w0 w1 w2 w3 "]
    assert len(kept[-1].siblings) == 2


async def test_an_answer_that_ended_early_is_continued(
    configure: Callable[..., Config], run_client: Client
) -> None:
    async with serving(configure()) as (client, squid):
        failed, went_on = await run_client(
            agent(client),
            {"add": [HELLO], "parameters": scripted("error_after=2,error=api_error")},
            {"parameters": scripted("deltas=1")},
        )
        kept = await stored(squid)
    assert went_on["error"] is None
    assert len(went_on["messages"]) == len(failed["messages"]) == len(kept) == 2
    assert went_on["messages"][-1]["content"] == kept[-1].content


async def test_a_second_client_is_told_that_one_is_answering(
    configure: Callable[..., Config], run_client: Client
) -> None:
    async with serving(configure()) as (client, squid):
        slow = scripted("deltas=1000,delay_ms=20", runId="run-1")
        _, second = await run_client(
            agent(client),
            {"add": [HELLO], "parameters": slow, "abortAfter": 3},
            {"add": [AGAIN], "parameters": scripted("deltas=2")},
        )
        await squid.engine.stop(ME, "run-1")
    assert second["error"]["status"] == 409
    assert "run-in-progress" in second["error"]["message"]


@pytest.mark.parametrize("name", [name for name in STREAMS if name != "log removed in the middle"])
async def test_the_client_takes_every_stream(
    name: str, configure: Callable[..., Config], run_client: Client
) -> None:
    """Also the ones that POST /api/ag-ui cannot give: its own verification runs on all."""
    streamed = await STREAMS[name](configure())
    known = [HELLO]
    if streamed.before:
        known.append({"id": streamed.answer.id, "role": "assistant", "content": streamed.before})
    (read,) = await run_client(
        {"url": "http://unused.invalid", "threadId": "t", "initialMessages": known},
        {"sse": streamed.sse.decode()},
    )
    assert read["error"] is None
    texts = [m.get("content") for m in read["messages"] if m["id"] == streamed.answer.id]
    assert "".join(text or "" for text in texts) == streamed.answer.content


async def test_the_client_takes_a_stop_in_a_tool_call(run_client: Client) -> None:
    (read,) = await run_client(
        {"url": "http://unused.invalid", "threadId": "t", "initialMessages": [HELLO]},
        {"sse": stopped_in_a_tool_call().decode()},
    )
    assert read["error"] is None
