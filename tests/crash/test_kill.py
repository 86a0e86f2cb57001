"""P1 to P5 against a real `squid serve` that is really killed."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from squid.ids import message_id
from tests.crash.reader import Reader, http, read_message, send
from tests.server import Server, anthropic_at
from tests.upstream import Upstream

pytestmark = pytest.mark.slow


@pytest.fixture
def server(tmp_path: Path, upstream: Upstream) -> Iterator[Server]:
    with Server(tmp_path / "data", env=anthropic_at(upstream.url)) as running:
        yield running


async def start_answers(server: Server, count: int, script: str) -> list[Reader]:
    accepted = await asyncio.gather(
        *(send(server.url, f"question {i}", script) for i in range(count))
    )
    return [Reader(server.url, one["run"]["id"]) for one in accepted]


async def stored(server: Server, reader: Reader) -> dict[str, object]:
    async with http(server.url) as client:
        run = (await client.get(f"/api/runs/{reader.run_id}")).json()
    return await read_message(server.url, run["message_id"])


@pytest.mark.parametrize("round_", range(6))
async def test_kill_at_a_random_moment_loses_nothing_shown(server: Server, round_: int) -> None:
    """Several live answers, two readers each; SIGKILL; restart; resume."""
    chance = random.Random(time.time_ns())
    first = await start_answers(server, 6, "deltas=400,delay_ms=3")
    readers = first + [Reader(server.url, one.run_id) for one in first]
    reading = [asyncio.create_task(reader.read()) for reader in readers]
    await readers[0].until_text(chance.randrange(1, 600))
    server.kill()
    await asyncio.gather(*reading)
    server.start()
    for reader in readers:
        shown = reader.text
        message = await stored(server, reader)
        content = str(message["content"])
        assert content.startswith(shown), "what was shown is a prefix of what is stored"
        assert message["status"] == "interrupted"
        await reader.read()
        reader.check()
        assert reader.ended
        assert reader.text == content, "a resumed reader gets no gap and no double"
        late = Reader(server.url, reader.run_id)
        await late.read()
        assert (late.ids, late.text) == (reader.ids, reader.text)


async def test_sigterm_keeps_everything_and_says_so(server: Server) -> None:
    readers = await start_answers(server, 4, "deltas=400,delay_ms=5")
    reading = [asyncio.create_task(reader.read()) for reader in readers]
    for reader in readers:
        await reader.until_text(30)
    assert await asyncio.to_thread(server.stop) == 0
    await asyncio.gather(*reading)
    server.start()
    for reader in readers:
        message = await stored(server, reader)
        assert message["status"] == "interrupted"
        await reader.read()
        reader.check()
        assert reader.text == message["content"]


async def test_killed_twice_and_continued_each_time(server: Server) -> None:
    (reader,) = await start_answers(server, 1, "deltas=300,delay_ms=4")
    run_id, text = reader.run_id, ""
    for _ in range(2):
        reader = Reader(server.url, run_id)
        reading = asyncio.create_task(reader.read())
        await reader.until_text(60)
        server.kill()
        await reading
        text += reader.text
        server.start()
        message = await stored(server, reader)
        content = str(message["content"])
        assert content.startswith(text)
        text = content
        async with http(server.url) as client:
            response = await client.post(
                f"/api/messages/{message['id']}/continue",
                json={"model": "script:deltas=300,delay_ms=4"},
            )
        assert response.status_code == 202, response.text
        run_id = response.json()["run"]["id"]
    async with http(server.url) as client:
        await client.post(f"/api/runs/{run_id}/stop")
    message = await read_message(server.url, str(message["id"]))
    assert message["status"] == "stopped"
    assert str(message["content"]).startswith(text)


async def test_accepted_questions_survive_a_kill_in_the_rush(server: Server) -> None:
    """Whatever was answered with 202 is there afterwards; nothing is there by halves."""
    accepted: list[str] = []

    async def ask(number: int) -> None:
        try:
            made = await send(server.url, f"question {number}", "deltas=50,delay_ms=2")
        except (httpx2.HTTPError, AssertionError):
            return
        accepted.append(made["run"]["question_id"])

    rush = [asyncio.create_task(ask(i)) for i in range(100)]
    async with asyncio.timeout(20):
        while len(accepted) < 20:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    server.kill()
    await asyncio.gather(*rush)
    server.start()
    for id_ in accepted:
        assert (await read_message(server.url, id_))["status"] == "complete"
    db = sqlite3.connect(server.data / "squid.db")
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    lonely = db.execute(
        "SELECT count(*) FROM messages q WHERE role = 'user' AND NOT EXISTS"
        " (SELECT 1 FROM messages a WHERE a.parent_id = q.id)"
    ).fetchone()
    assert lonely == (0,)
    assert db.execute("SELECT count(*) FROM runs WHERE status = 'running'").fetchone() == (0,)
    db.close()


async def test_resent_after_a_crash_is_the_same_message(server: Server) -> None:
    id_ = message_id("local", "assistant")
    body = {"message": {"id": id_, "content": "Hello"}, "model": "script:deltas=200,delay_ms=5"}
    async with (
        http() as client,
        client.stream("POST", f"{server.url}/api/chat", json=body) as response,
    ):
        run_id = response.headers["x-squid-run"]
        await anext(response.aiter_lines())
        server.kill()
    server.start()
    async with http() as client:
        again = await client.post(f"{server.url}/api/chat", json=body)
        assert again.status_code == 200
        assert again.headers["x-squid-run"] == run_id
        assert "RUN_ERROR" in again.text
        listed = (await client.get(f"{server.url}/api/sessions")).json()
    assert [session["message_count"] for session in listed["sessions"]] == [2]


async def test_hundred_questions_in_the_same_instant(server: Server) -> None:
    accepted = await asyncio.gather(
        *(send(server.url, f"question {i}", "deltas=50") for i in range(100))
    )
    readers = [Reader(server.url, one["run"]["id"]) for one in accepted]
    await asyncio.gather(*(reader.read() for reader in readers))
    expected = "".join(f"w{i} " for i in range(50))
    for reader in readers:
        reader.check()
        assert reader.text == expected
        assert (await stored(server, reader))["content"] == expected


async def test_database_locked_by_another_process_is_waited_for(server: Server) -> None:
    """Longer than SQLite's own patience: the answer pauses, and then goes on whole."""
    server.kill()
    server.env["SQUID_DATABASE_BUSY_TIMEOUT_SECONDS"] = "1"
    server.start()
    (reader,) = await start_answers(server, 1, "deltas=150,delay_ms=10")
    reading = asyncio.create_task(reader.read())
    await reader.until_text(20)
    other = sqlite3.connect(server.data / "squid.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    async with http(server.url) as client:
        refused = await client.post("/api/sessions", json={})
        assert refused.status_code == 503
        assert refused.headers["retry-after"]
        assert refused.json()["type"] == "urn:squid:error:database-busy"
        assert (await client.get("/api/sessions")).status_code == 200, "reading goes on"
    other.execute("ROLLBACK")
    other.close()
    await reading
    reader.check()
    assert reader.text == "".join(f"w{i} " for i in range(150))
    assert (await stored(server, reader))["content"] == reader.text
