"""POST /api/chat: a message in, the answer's events out."""

from __future__ import annotations

import asyncio

import httpx2
import pytest

from squid.core import Squid
from squid.ids import new_id
from tests.http.talk import ended, events, problem, question, shown, text

FIVE = "w0 w1 w2 w3 w4 "
Served = tuple[httpx2.AsyncClient, Squid]


async def test_stream_is_a_whole_run(client: httpx2.AsyncClient) -> None:
    found = await events(client, "/api/chat", method="POST", json=question())
    assert [event.id for event in found] == list(range(1, len(found) + 1))
    types = [event.type for event in found if event.type != "TEXT_MESSAGE_CONTENT"]
    assert types[:2] == ["RUN_STARTED", "CUSTOM"]
    assert types[-1] == "RUN_FINISHED"
    assert types.index("TEXT_MESSAGE_START") < types.index("TEXT_MESSAGE_END")
    about = found[1].data
    assert about["name"] == "squid.run"
    assert found[0].data["threadId"] == about["value"]["session_id"]
    assert text(found) == FIVE
    assert await shown(client, about["value"]["session_id"]) == ["Hello", FIVE]


async def test_headers_say_where_it_goes_on(client: httpx2.AsyncClient) -> None:
    async with client.stream("POST", "/api/chat", json=question()) as response:
        assert response.status_code == 200
        run_id = response.headers["x-squid-run"]
        session_id = response.headers["x-squid-session"]
        assert response.headers["content-location"] == f"/api/runs/{run_id}/events"
        assert response.headers["cache-control"] == "no-store"
    assert text(await ended(client, run_id)) == FIVE
    assert await shown(client, session_id) == ["Hello", FIVE]


async def test_new_session_takes_the_system_prompt(client: httpx2.AsyncClient) -> None:
    found = await events(
        client, "/api/chat", method="POST", json=question(system="Be brief.", script="deltas=1")
    )
    opened = await client.get(f"/api/sessions/{found[0].data['threadId']}")
    assert opened.json()["session"]["system"] == "Be brief."


async def test_named_session_is_gone_on_with(client: httpx2.AsyncClient) -> None:
    await client.post("/api/sessions", json={"id": "s"})
    for content in ("One", "Two"):
        body = question(content, "deltas=1", session_id="s")
        await events(client, "/api/chat", method="POST", json=body)
    assert await shown(client, "s") == ["One", "w0 ", "Two", "w0 "]


async def test_dropped_stream_goes_on_behind_its_last_event(client: httpx2.AsyncClient) -> None:
    """P3"""
    body = question(script="deltas=40,delay_ms=2")
    seen = await events(client, "/api/chat", method="POST", json=body, count=4)
    run_id = seen[0].data["runId"]
    rest = await events(
        client, f"/api/runs/{run_id}/events", headers={"Last-Event-ID": str(seen[-1].id)}
    )
    assert seen + rest == await ended(client, run_id)
    assert text(seen + rest) == "".join(f"w{i} " for i in range(40))


async def test_resent_at_once_is_one_question_with_the_same_stream(served: Served) -> None:
    """P5: without a session named, so that ten sessions could come of it."""
    client, _ = served
    body = question("Once", "deltas=10,delay_ms=2", id=f"local.assistant.{new_id()}")
    streams = await asyncio.gather(
        *(events(client, "/api/chat", method="POST", json=body) for _ in range(10))
    )
    assert all(stream == streams[0] for stream in streams)
    assert len((await client.get("/api/sessions")).json()["sessions"]) == 1
    late = await events(client, "/api/chat", method="POST", json=body)
    assert late == streams[0]


async def test_resent_with_other_content_is_a_conflict(client: httpx2.AsyncClient) -> None:
    id_ = f"local.assistant.{new_id()}"
    await events(client, "/api/chat", method="POST", json=question("Once", id=id_))
    problem(await client.post("/api/chat", json=question("Twice", id=id_)), 409, "id-taken")
    assert len((await client.get("/api/sessions")).json()["sessions"]) == 1


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("status=401", "provider-auth"),
        ("deltas=9,cut_after=3", "provider-cut"),
        ("deltas=9,malformed=html", "provider-confused"),
    ],
)
async def test_failing_model_ends_the_stream_with_a_sentence(
    client: httpx2.AsyncClient, script: str, code: str
) -> None:
    found = await events(client, "/api/chat", method="POST", json=question(script=script))
    assert found[-1].type == "RUN_ERROR"
    assert found[-1].data["code"] == code
    assert found[-1].data["message"]


async def test_thinking_and_tools_are_told_in_order(client: httpx2.AsyncClient) -> None:
    body = question(script="deltas=2,thinking=2,tools=1")
    found = await events(client, "/api/chat", method="POST", json=body)
    types = [event.type for event in found]
    for before, after in (
        ("REASONING_START", "REASONING_MESSAGE_START"),
        ("REASONING_MESSAGE_START", "REASONING_MESSAGE_CONTENT"),
        ("REASONING_MESSAGE_CONTENT", "REASONING_MESSAGE_END"),
        ("REASONING_MESSAGE_END", "REASONING_END"),
        ("REASONING_END", "TEXT_MESSAGE_START"),
        ("TEXT_MESSAGE_START", "TOOL_CALL_START"),
        ("TOOL_CALL_START", "TOOL_CALL_ARGS"),
        ("TOOL_CALL_ARGS", "TOOL_CALL_END"),
        ("TOOL_CALL_END", "RUN_FINISHED"),
    ):
        assert types.index(before) < types.index(after), (before, after)
