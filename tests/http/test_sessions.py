"""Sessions over HTTP."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest

from squid.core import Squid
from tests.conftest import until_async
from tests.http.talk import asked, ended, events, problem, question, shown, started

Served = tuple[httpx2.AsyncClient, Squid]


async def test_session_is_made_read_changed_and_listed(client: httpx2.AsyncClient) -> None:
    made = await client.post(
        "/api/sessions", json={"id": "s", "title": "T", "system": "S", "model": "M"}
    )
    assert made.status_code == 201
    assert made.headers["location"] == "/api/sessions/s"
    session = made.json()
    opened = (await client.get("/api/sessions/s")).json()
    assert opened == {"session": session, "messages": [], "older": False}
    changed = await client.patch("/api/sessions/s", json={"title": "U", "system": None})
    assert changed.status_code == 200
    body = changed.json()
    assert (body["title"], body["system"], body["model"]) == ("U", None, "M")
    assert body["version"] == session["version"] + 1
    assert (await client.get("/api/sessions")).json() == {"sessions": [body], "next": None}


async def test_session_needs_nothing_at_all(client: httpx2.AsyncClient) -> None:
    for body in (b"", b"{}"):
        made = await client.post("/api/sessions", content=body)
        assert made.status_code == 201
        assert made.json()["title"] == ""


async def test_making_it_again_finds_the_first(served: Served) -> None:
    """P5"""
    client, _ = served
    made = await asyncio.gather(
        *(client.post("/api/sessions", json={"id": "s", "title": "T"}) for _ in range(10))
    )
    assert {one.status_code for one in made} == {201}
    assert len({one.text for one in made}) == 1
    assert len((await client.get("/api/sessions")).json()["sessions"]) == 1


async def test_pages_list_every_session_once(client: httpx2.AsyncClient) -> None:
    for number in range(7):
        await client.post("/api/sessions", json={"id": f"s{number}"})
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        params: dict[str, Any] = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = (await client.get("/api/sessions", params=params)).json()
        seen += [session["id"] for session in page["sessions"]]
        cursor = page["next"]
    assert seen == [f"s{number}" for number in reversed(range(7))]


async def test_list_is_filtered_and_sorted(client: httpx2.AsyncClient) -> None:
    for id_, title in (("a", "100% sure"), ("b", "100 times"), ("c", "null")):
        await client.post("/api/sessions", json={"id": id_, "title": title, "model": f"m{id_}"})
    made = (await client.get("/api/sessions/c")).json()["session"]["created_at"]
    for query, found in (
        ("sort=title", "bac"),
        ("sort=title&order=desc", "cab"),
        ("sort=date&order=asc", "abc"),
        ("text=100", "ba"),
        ("text=100%25", "a"),
        ("text=%25", "a"),
        ("text=_", ""),
        ("text=null", "c"),
        ("text=", "cba"),
        ('text="&sort=date', ""),
        ("model=ma", "a"),
        (f"active_before={made + 1000}&active_after=0", "cba"),
        (f"active_after={made + 60_000}", ""),
    ):
        listed = (await client.get(f"/api/sessions?{query}")).json()["sessions"]
        assert "".join(session["id"] for session in listed) == found, query


async def test_deleted_session_is_gone_until_restored(client: httpx2.AsyncClient) -> None:
    run = await asked(client)
    session_id = run["session"]["id"]
    messages = [message["id"] for message in run["messages"]]
    deleted = await client.delete(f"/api/sessions/{session_id}")
    assert deleted.json()["deleted_at"] is not None
    gone = [
        ("GET", f"/api/sessions/{session_id}"),
        ("PATCH", f"/api/sessions/{session_id}"),
        ("GET", f"/api/sessions/{session_id}/messages"),
        ("GET", f"/api/messages/{messages[0]}"),
        ("DELETE", f"/api/messages/{messages[1]}"),
        ("POST", f"/api/messages/{messages[1]}/retry"),
        ("GET", f"/api/runs/{run['run']['id']}"),
        ("GET", f"/api/runs/{run['run']['id']}/events"),
    ]
    for method, url in gone:
        problem(await client.request(method, url, json={}), 404, "not-found")
    send = await client.post(f"/api/sessions/{session_id}/messages", json=question())
    problem(send, 404, "not-found")
    assert (await client.get("/api/sessions")).json()["sessions"] == []
    trash = (await client.get("/api/sessions?deleted=true")).json()["sessions"]
    assert [session["id"] for session in trash] == [session_id]
    assert (await client.delete(f"/api/sessions/{session_id}")).json() == deleted.json()
    restored = await client.post(f"/api/sessions/{session_id}/restore")
    assert restored.json()["deleted_at"] is None
    assert await shown(client, session_id) == ["Hello", "w0 w1 w2 w3 w4 "]


async def test_archived_session_is_out_of_the_list_until_somebody_speaks(served: Served) -> None:
    client, _ = served
    session = (await asked(client))["session"]
    url = f"/api/sessions/{session['id']}"
    before = (await client.get(url)).json()["session"]
    archived = (await client.patch(url, json={"archived": True})).json()
    assert archived["archived_at"] is not None
    assert (archived["version"], archived["active_at"]) == (
        before["version"] + 1,
        before["active_at"],
    )
    assert (await client.get("/api/sessions")).json()["sessions"] == []
    listed = await client.get("/api/sessions?archived=true")
    assert listed.json()["sessions"] == [archived]
    assert (await client.get(url)).json()["session"] == archived, "opened as ever"
    await asked(client, "And?", session_id=session["id"])
    [back] = (await client.get("/api/sessions")).json()["sessions"]
    assert (back["id"], back["archived_at"]) == (session["id"], None)
    assert (await client.get("/api/sessions?archived=true")).json()["sessions"] == []
    for value in (None, 1, "true"):
        problem(await client.patch(url, json={"archived": value}), 422, "invalid-request")


async def test_deleting_stops_a_live_answer(served: Served) -> None:
    client, squid = served
    session_id = (await client.post("/api/sessions", json={})).json()["id"]
    body = question(script="stall_after=2")
    run = await started(await client.post(f"/api/sessions/{session_id}/messages", json=body))
    await events(client, f"/api/runs/{run['run']['id']}/events", count=3)
    assert (await client.delete(f"/api/sessions/{session_id}")).status_code == 200
    assert squid.engine.live_runs == 0
    await client.post(f"/api/sessions/{session_id}/restore")
    message = (await client.get(f"/api/messages/{run['run']['message_id']}")).json()
    assert message["status"] == "stopped"


async def test_opening_in_the_middle_of_an_answer_shows_it_so_far(served: Served) -> None:
    client, _ = served
    session_id = (await client.post("/api/sessions", json={})).json()["id"]
    body = question(script="stall_after=3")
    run = await started(await client.post(f"/api/sessions/{session_id}/messages", json=body))

    async def three_words() -> bool:
        opened = (await client.get(f"/api/sessions/{session_id}")).json()
        answer = opened["messages"][-1]
        assert "w0 w1 w2 ".startswith(answer["content"])
        assert opened["session"]["live_run_id"] == run["run"]["id"]
        return bool(answer["content"] == "w0 w1 w2 ")

    await until_async(three_words)
    await client.post(f"/api/runs/{run['run']['id']}/stop")


@pytest.mark.parametrize("title", ["", "a\0b", "🦑" * 500, "<script>", "x\ny", "\u2028"])
async def test_any_text_is_a_title(client: httpx2.AsyncClient, title: str) -> None:
    made = await client.post("/api/sessions", json={"id": "s", "title": title, "system": title})
    assert made.status_code == 201
    session = (await client.get("/api/sessions/s")).json()["session"]
    assert (session["title"], session["system"]) == (title, title)


async def test_opened_session_is_the_same_from_the_cache(served: Served) -> None:
    client, squid = served
    session_id = (await asked(client))["session"]["id"]
    first = (await client.get(f"/api/sessions/{session_id}")).json()
    hits = squid.cache.hits
    assert (await client.get(f"/api/sessions/{session_id}")).json() == first
    assert squid.cache.hits == hits + 1
    await asked(client, "And?", session_id=session_id)
    opened = (await client.get(f"/api/sessions/{session_id}")).json()
    page = (await client.get(f"/api/sessions/{session_id}/messages")).json()
    assert opened["messages"] == page["messages"]
    assert len(opened["messages"]) == 4


async def test_answer_deleted_while_it_is_written_stays_deleted(served: Served) -> None:
    client, _ = served
    session_id = (await asked(client))["session"]["id"]
    body = question(script="deltas=30,delay_ms=10")
    run = await started(await client.post(f"/api/sessions/{session_id}/messages", json=body))
    await client.delete(f"/api/messages/{run['run']['message_id']}")
    before = (await client.get(f"/api/sessions/{session_id}")).json()["messages"]
    await ended(client, run["run"]["id"])
    after = (await client.get(f"/api/sessions/{session_id}")).json()["messages"]
    assert [m["id"] for m in after] == [m["id"] for m in before]


async def test_a_wrong_choice_says_the_right_ones(client: httpx2.AsyncClient) -> None:
    told = problem(await client.get("/api/sessions?sort=foo"), 422, "invalid-request")
    assert told["detail"] == "Expected one of `activity`, `date`, `title`, got 'foo'."
    assert told["parameter"] == "sort"


async def test_a_change_of_nothing_is_none(client: httpx2.AsyncClient) -> None:
    made = (await client.post("/api/sessions", json={})).json()
    changed = await client.patch(f"/api/sessions/{made['id']}", json={})
    assert changed.json() == made
