"""Exports and imports over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import httpx2
import pytest

from squid.config import Config
from squid.core import Squid
from squid.http import transfer
from tests.conftest import serving
from tests.http.talk import anns, asked, ended, everything, problem, question, shown, started

Served = tuple[httpx2.AsyncClient, Squid]


@pytest.fixture
async def other(configure: Callable[..., Config]) -> AsyncIterator[Served]:
    """A second server, with an empty database."""
    config = configure(database__path="other.db")
    async with serving(config) as (client, squid):
        yield client, squid


async def trip(client: httpx2.AsyncClient, **fields: str) -> str:
    await client.post("/api/sessions", json={"id": "trip", **fields})
    upload = await client.post("/api/files", files={"file": ("notes.txt", b"words")})
    await asked(client, "Hello", session_id="trip", files=[upload.json()["files"][0]["id"]])
    return "trip"


async def test_what_one_server_exports_another_imports(
    client: httpx2.AsyncClient, other: Served
) -> None:
    there, _ = other
    url = f"/api/sessions/{await trip(client)}/export"
    response = await client.get(url, headers={"Accept-Encoding": "identity"})
    assert response.headers["content-type"] == "application/json"
    assert int(response.headers["content-length"]) == len(response.content)
    done = await there.post("/api/import", content=response.content)
    assert done.status_code == 200, done.text
    one = {"sessions": 1, "messages": 2, "files": 1}
    none = dict.fromkeys(one, 0)
    assert done.json() == {"added": one, "known": none, "session_ids": ["trip"]}
    assert (await there.get(url)).content == response.content
    assert await shown(there, "trip") == await shown(client, "trip")
    again = await there.post("/api/import", content=response.content)
    assert again.json() == {"added": none, "known": one, "session_ids": ["trip"]}


async def test_an_imported_conversation_goes_on(client: httpx2.AsyncClient, other: Served) -> None:
    there, _ = other
    text = (await client.get(f"/api/sessions/{await trip(client)}/export")).content
    assert (await there.post("/api/import", content=text)).status_code == 200
    await asked(there, "And then?", session_id="trip")
    assert len(await shown(there, "trip")) == 4
    answer = (await there.get("/api/sessions/trip/messages")).json()["messages"][1]
    again = await started(await there.post(f"/api/messages/{answer['id']}/retry"))
    await ended(there, again["run"]["id"])
    problem(await there.post("/api/import", content=text), 409, "conflict")


async def test_markdown(client: httpx2.AsyncClient) -> None:
    session_id = await trip(client, title="To Rome/now")
    response = await client.get(f"/api/sessions/{session_id}/export?format=markdown")
    assert response.headers["content-type"] == "text/markdown; charset=utf-8"
    attachment = "attachment; filename*=UTF-8''To%20Rome-now.md"
    assert response.headers["content-disposition"] == attachment
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.text.startswith("# To Rome/now\n")
    assert "`notes.txt` (text/plain, 5 bytes)" in response.text


async def test_one_from_the_trash_can_be_exported(client: httpx2.AsyncClient) -> None:
    session_id = await trip(client)
    await client.delete(f"/api/sessions/{session_id}")
    response = await client.get(f"/api/sessions/{session_id}/export")
    assert response.json()["sessions"][0]["deleted_at"]


async def test_a_live_answer_is_exported_as_far_as_it_was_shown(
    client: httpx2.AsyncClient, other: Served
) -> None:
    there, _ = other
    body = question("Hello", "deltas=1000,delay_ms=10")
    await client.post("/api/sessions", json={"id": "trip"})
    run = await started(await client.post("/api/sessions/trip/messages", json=body))
    while not (await shown(client, "trip"))[-1]:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    response = await client.get("/api/sessions/trip/export")
    await client.post(f"/api/runs/{run['run']['id']}/stop")
    answer = response.json()["messages"][-1]
    assert answer["status"] == "interrupted"
    assert (await shown(client, "trip"))[-1].startswith(answer["content"])
    assert (await there.post("/api/import", content=response.content)).status_code == 200
    run = await started(await there.post(f"/api/messages/{answer['id']}/continue"))
    await ended(there, run["run"]["id"])
    assert (await shown(there, "trip"))[-1].startswith(answer["content"])


async def test_what_cannot_be_exported(served: Served) -> None:
    client, squid = served
    hers = (await squid.database.write(anns))["session_id"]
    await client.post("/api/sessions", json={"id": "trip"})
    problem(await client.get("/api/sessions/nope/export"), 404, "not-found")
    problem(await client.get(f"/api/sessions/{hers}/export"), 404, "not-found")
    problem(await client.get("/api/sessions/trip/export?format=exe"), 422, "invalid-request")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "malformed-body"),
        (b"{", 400, "malformed-body"),
        (b'{"format":"squid","version":1,"messages":' + b"[" * 100_000, 400, "malformed-body"),
        (b'{"format":"squid","version":9}', 422, "invalid-request"),
        (b'{"format":"squid","version":1,"sessions":[{}]}', 422, "invalid-request"),
    ],
)
async def test_what_is_no_export_changes_nothing(
    served: Served, body: bytes, status: int, code: str
) -> None:
    client, squid = served
    before = await squid.database.read(everything)
    told = problem(await client.post("/api/import", content=body), status, code)
    assert status == 400 or "pointer" in told
    assert await squid.database.read(everything) == before


async def test_somebody_elses_session_is_not_overwritten(served: Served) -> None:
    client, squid = served
    await squid.database.write(anns)
    session = {"id": "hers", "created_at": 0, "active_at": 0}
    body = {"format": "squid", "version": 1, "sessions": [session]}
    told = problem(await client.post("/api/import", json=body), 409, "id-taken")
    assert "Secret" not in str(told)


async def test_a_body_without_end(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "MAX_IMPORT", 1000)
    problem(await client.post("/api/import", content=b"x" * 1001), 413, "too-large")

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100

    problem(await client.post("/api/import", content=pieces()), 413, "too-large")


async def test_answers_go_on_while_something_is_imported(
    client: httpx2.AsyncClient, other: Served
) -> None:
    """Not held up: both are there in the end, and the answer is whole."""
    there, _ = other
    text = (await client.get(f"/api/sessions/{await trip(client)}/export")).content
    run, done = await asyncio.gather(
        asked(there, "Hello", "deltas=50,delay_ms=2"), there.post("/api/import", content=text)
    )
    assert done.status_code == 200
    assert len(await shown(there, run["session"]["id"])) == 2
