"""Runs over HTTP: every reader gets each event once, in order, wherever it begins (P3)."""

from __future__ import annotations

import asyncio
import random

import httpx2
import pytest

from squid.core import Squid
from squid.store import runs
from tests.conftest import until
from tests.http.talk import Event, asked, ended, events, problem, question, started, text

Served = tuple[httpx2.AsyncClient, Squid]


async def begin(client: httpx2.AsyncClient, script: str) -> str:
    session_id = (await client.post("/api/sessions", json={})).json()["id"]
    url = f"/api/sessions/{session_id}/messages"
    run = await started(await client.post(url, json=question(script=script)))
    return str(run["run"]["id"])


async def behind(client: httpx2.AsyncClient, run_id: str, after: int, by: str) -> list[Event]:
    url = f"/api/runs/{run_id}/events"
    if by == "query":
        return await events(client, f"{url}?after={after}")
    return await events(client, url, headers={"Last-Event-ID": str(after)})


@pytest.mark.parametrize("by", ["query", "header"])
async def test_ended_run_resumes_at_every_cut_point(client: httpx2.AsyncClient, by: str) -> None:
    run_id = await begin(client, "deltas=30,delay_ms=1,thinking=2,tools=1")
    whole = await ended(client, run_id)
    assert [event.id for event in whole] == list(range(1, len(whole) + 1))
    for cut in range(len(whole) + 1):
        assert await behind(client, run_id, cut, by) == whole[cut:]


@pytest.mark.parametrize("by", ["query", "header"])
async def test_live_run_resumes_at_every_cut_point(client: httpx2.AsyncClient, by: str) -> None:
    run_id = await begin(client, "deltas=40,delay_ms=5")
    readers = [asyncio.create_task(behind(client, run_id, cut, by)) for cut in range(25)]
    found = await asyncio.gather(*readers)
    whole = await ended(client, run_id)
    assert len(whole) > 5, "a busy machine makes neighbours one event"
    for cut, seen in enumerate(found):
        assert seen == whole[cut:], cut


async def test_query_goes_before_the_header(client: httpx2.AsyncClient) -> None:
    run_id = (await asked(client))["run"]["id"]
    whole = await ended(client, run_id)
    seen = await events(
        client, f"/api/runs/{run_id}/events?after=3", headers={"Last-Event-ID": "1"}
    )
    assert seen == whole[3:]


async def test_readers_that_drop_and_return_miss_nothing(client: httpx2.AsyncClient) -> None:
    run_id = await begin(client, "deltas=80,delay_ms=3,text=unicode")
    url = f"/api/runs/{run_id}/events"

    async def read(seed: int) -> list[Event]:
        chance = random.Random(seed)
        seen: list[Event] = []
        while not seen or not seen[-1].type.startswith("RUN_F"):
            last = str(seen[-1].id) if seen else "0"
            count = chance.choice([0, 1, 2, 5, 13, None])
            seen += await events(client, url, headers={"Last-Event-ID": last}, count=count)
        return seen

    found = await asyncio.gather(*(read(seed) for seed in range(8)))
    whole = await ended(client, run_id)
    assert all(seen == whole for seen in found)
    assert text(whole) == "".join(f"w{i}é汉🦑 " for i in range(80))


async def test_late_reader_of_a_removed_log_gets_the_same_text(served: Served) -> None:
    client, squid = served
    run = await asked(client, script="deltas=9")
    run_id = run["run"]["id"]
    whole = await ended(client, run_id)
    await squid.database.write(runs.remove_logs, 1 << 60)
    late = await events(client, f"/api/runs/{run_id}/events")
    assert (text(late), late[-1].type) == (text(whole), "RUN_FINISHED")
    assert {event.id for event in late} == {None, whole[-1].id}, "only the last bears an id"
    assert late[-1].id == whole[-1].id
    part = await events(client, f"/api/runs/{run_id}/events?after=4")
    assert (part[0].data["name"], part[0].data["value"]["content"]) == (
        "squid.message",
        text(whole),
    )
    assert await events(client, f"/api/runs/{run_id}/events?after={whole[-1].id}") == []


async def test_stop_ends_every_readers_stream(served: Served) -> None:
    client, squid = served
    run_id = await begin(client, "stall_after=3")
    readers = [asyncio.create_task(ended(client, run_id)) for _ in range(3)]
    log = squid.engine.log(run_id)
    assert log is not None
    await until(lambda: "".join(log.answer.text) == "w0 w1 w2 ")
    stopped = await client.post(f"/api/runs/{run_id}/stop")
    assert stopped.json()["status"] == "stopped"
    for seen in await asyncio.gather(*readers):
        assert text(seen) == "w0 w1 w2 "
        assert seen[-1].data["outcome"] == {"type": "cancelled"}
    assert (await client.post(f"/api/runs/{run_id}/stop")).json() == stopped.json()


async def test_run_tells_how_it_went(client: httpx2.AsyncClient) -> None:
    run = await asked(client, script="status=401")
    read = (await client.get(f"/api/runs/{run['run']['id']}")).json()
    assert (read["status"], read["kind"], read["provider"]) == ("error", "answer", "anthropic")
    assert read["error"]["code"] == "provider-auth"
    assert read["last_event"] == len(await ended(client, run["run"]["id"]))


@pytest.mark.parametrize("after", ["-1", "x", "1.5", "1" * 19, "0x1", "１", "1 2"])
async def test_bad_place_to_go_on_from_is_refused(client: httpx2.AsyncClient, after: str) -> None:
    run_id = (await asked(client))["run"]["id"]
    url = f"/api/runs/{run_id}/events"
    problem(await client.get(url, params={"after": after}), 422, "invalid-request")
    if after.isascii():
        response = await client.get(url, headers={"Last-Event-ID": after})
        problem(response, 422, "invalid-request")


async def test_behind_the_end_there_is_nothing(client: httpx2.AsyncClient) -> None:
    run_id = (await asked(client))["run"]["id"]
    assert await events(client, f"/api/runs/{run_id}/events?after={10**17}") == []
