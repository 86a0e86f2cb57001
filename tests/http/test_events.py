"""GET /api/events: two tabs and two devices agree."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager, closing

import httpx2
import pytest

from squid.core import Squid
from squid.store import changes, sessions
from tests.conftest import ME
from tests.http.talk import Event, anns, asked, events, problem, sse

Served = tuple[httpx2.AsyncClient, Squid]


@asynccontextmanager
async def reading(
    client: httpx2.AsyncClient, squid: Squid, query: str = ""
) -> AsyncIterator[AsyncIterator[Event]]:
    """A reader that is there: what happens from now on reaches it."""
    async with client.stream("GET", f"/api/events{query}") as response:
        assert response.status_code == 200
        async with asyncio.timeout(10), aclosing(sse(response)) as stream:
            if not query:
                assert (await anext(stream)).name == "ready"
            yield stream


async def take(stream: AsyncIterator[Event], count: int) -> list[Event]:
    return [await anext(stream) for _ in range(count)]


async def test_two_readers_see_the_same_changes(served: Served) -> None:
    client, squid = served
    async with reading(client, squid) as one, reading(client, squid) as other:
        await client.post("/api/sessions", json={"id": "s"})
        await client.patch("/api/sessions/s", json={"title": "T"})
        await client.delete("/api/sessions/s")
        seen = await take(one, 3)
        assert seen == await take(other, 3)
    assert [event.name for event in seen] == ["change"] * 3
    assert [event.data["version"] for event in seen] == [1, 2, 3]
    assert all(event.data["session_id"] == "s" for event in seen)
    assert [event.id for event in seen] == [event.data["id"] for event in seen]


async def test_answer_tells_that_it_begins_and_ends(served: Served) -> None:
    client, squid = served
    async with reading(client, squid) as stream:
        run = await asked(client)
        seen = await take(stream, 3)
    assert [event.data["kind"] for event in seen] == ["session", "message", "run"]
    assert {event.data.get("run_id") for event in seen[1:]} == {run["run"]["id"]}
    opened = await client.get(f"/api/sessions/{run['session']['id']}")
    assert opened.json()["session"]["version"] == seen[-1].data["version"]


@pytest.mark.parametrize("by", ["query", "header"])
async def test_feed_resumes_at_every_cut_point(served: Served, by: str) -> None:
    """P3"""
    client, _ = served
    for number in range(6):
        await client.post("/api/sessions", json={"id": f"s{number}"})
    whole = await events(client, "/api/events?after=0", count=6)
    for cut in range(6):
        if by == "query":
            seen = await events(client, f"/api/events?after={cut}", count=6 - cut)
        else:
            headers = {"Last-Event-ID": str(cut)}
            seen = await events(client, "/api/events", headers=headers, count=6 - cut)
        assert seen == whole[cut:]


async def test_reader_from_before_a_trim_is_told_to_start_over(served: Served) -> None:
    client, squid = served
    for number in range(9):
        await client.post("/api/sessions", json={"id": f"s{number}"})
    await squid.database.write(changes.trim, 3)
    async with reading(client, squid, "?after=2") as stream:
        assert (await anext(stream)).name == "reset"
        await client.post("/api/sessions", json={"id": "new"})
        assert (await anext(stream)).data["session_id"] == "new"
    kept = await events(client, "/api/events?after=6", count=4)
    assert [event.data["session_id"] for event in kept] == ["s6", "s7", "s8", "new"]


async def test_reader_of_another_database_is_told_to_start_over(served: Served) -> None:
    client, squid = served
    async with reading(client, squid, "?after=1000") as stream:
        assert (await anext(stream)).name == "reset"


async def test_change_by_another_process_is_told(served: Served) -> None:
    """P8"""
    client, squid = served
    async with reading(client, squid) as stream:
        with closing(sqlite3.connect(squid.database.path)) as other, other:
            sessions.create(other, ME, id="theirs")
        assert (await anext(stream)).data["session_id"] == "theirs"


async def test_somebody_elses_changes_are_not_told(served: Served) -> None:
    """P6"""
    client, squid = served
    await squid.database.write(anns)
    await client.post("/api/sessions", json={"id": "mine"})
    seen = await events(client, "/api/events?after=0", count=1)
    assert seen[0].data["session_id"] == "mine"


async def test_reader_that_joins_takes_nothing_from_the_others(served: Served) -> None:
    """A reader that comes right behind a commit must not hide it from those that wait."""
    client, squid = served
    async with reading(client, squid) as one:
        for number in range(5):
            await client.post("/api/sessions", json={"id": f"s{number}"})
            async with reading(client, squid):
                async with asyncio.timeout(2):
                    assert (await anext(one)).data["session_id"] == f"s{number}"


async def test_many_changes_come_in_order_and_once(served: Served) -> None:
    client, squid = served
    async with reading(client, squid) as one, reading(client, squid) as other:
        await asyncio.gather(
            *(client.post("/api/sessions", json={"id": f"s{number}"}) for number in range(100))
        )
        seen = await take(one, 100)
        assert seen == await take(other, 100)
    ids = [event.id for event in seen]
    assert ids == sorted(set(ids))  # type: ignore[type-var]


@pytest.mark.parametrize("after", ["-1", "x", "1" * 19])
async def test_bad_place_to_go_on_from_is_refused(client: httpx2.AsyncClient, after: str) -> None:
    problem(await client.get(f"/api/events?after={after}"), 422, "invalid-request")
    response = await client.get("/api/events", headers={"Last-Event-ID": after})
    problem(response, 422, "invalid-request")
