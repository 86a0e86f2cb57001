"""POST /api/batch: each request as it would be alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import msgspec
import pytest

from squid.config import Config
from squid.http import batch
from squid.http.endpoint import Endpoint
from squid.http.routes import ROUTES
from tests.conftest import serving, until_async
from tests.http.addresses import Served, Talked
from tests.http.talk import ended, everything, problem

Answers = list[dict[str, Any]]


async def send(client: httpx2.AsyncClient, *requests: dict[str, Any]) -> Answers:
    response = await client.post("/api/batch", json={"requests": requests})
    assert response.status_code == 200, response.text
    answers: Answers = response.json()["responses"]
    assert len(answers) == len(requests)
    return answers


def get(path: str, **fields: Any) -> dict[str, Any]:
    return {"method": "GET", "path": path, **fields}


def post(path: str, body: Any = None, **fields: Any) -> dict[str, Any]:
    return {"method": "POST", "path": path, "body": {} if body is None else body, **fields}


@pytest.fixture
async def second(
    configure: Callable[..., Config], tmp_path: Path
) -> AsyncIterator[httpx2.AsyncClient]:
    async with serving(configure(data=str(tmp_path / "second"))) as (client, _):
        yield client


async def test_later_ones_see_what_earlier_ones_did(client: httpx2.AsyncClient) -> None:
    answers = await send(
        client,
        post("/api/sessions", {"id": "trip", "title": "One"}, id="make"),
        {"method": "PATCH", "path": "/api/sessions/trip", "body": {"title": "Two"}},
        get("/api/sessions/trip", id="read"),
        {"method": "DELETE", "path": "/api/sessions/trip"},
        get("/api/sessions/trip"),
        post("/api/sessions/trip/restore"),
        get("/api/sessions?limit=1"),
    )
    assert [one["status"] for one in answers] == [201, 200, 200, 200, 404, 200, 200]
    assert [one["id"] for one in answers] == ["make", None, "read", None, None, None, None]
    assert answers[0]["headers"] == {"Location": "/api/sessions/trip"}
    assert answers[2]["body"]["session"]["title"] == "Two"
    assert answers[4]["body"]["type"] == "urn:squid:error:not-found"
    assert answers[6]["body"]["sessions"][0]["id"] == "trip"


SAME: list[tuple[str, str, Any, dict[str, str]]] = [
    ("POST", "/api/sessions", {"id": "a", "title": "Ä \U0001f991 \0"}, {}),
    ("POST", "/api/sessions", {"id": "a"}, {}),
    ("POST", "/api/sessions", {"id": "a", "nonsense": 1}, {}),
    ("POST", "/api/sessions", None, {}),
    ("POST", "/api/sessions", [1, {"deep": [None]}], {}),
    ("POST", "/api/sessions", {"title": "k"}, {"Idempotency-Key": "k"}),
    ("POST", "/api/sessions", {"title": "k"}, {"Idempotency-Key": "k"}),
    ("POST", "/api/sessions", {}, {"Idempotency-Key": "x" * 256}),
    ("POST", "/api/sessions", {}, {"Idempotency-Key": ""}),
    ("PATCH", "/api/sessions/a", {"title": 5}, {}),
    ("PATCH", "/api/sessions/a", {"head": "nothing"}, {}),
    ("GET", "/api/sessions/a", None, {"If-None-Match": "*"}),
    ("GET", "/api/sessions?limit=0", None, {}),
    ("GET", "/api/sessions?text=%C3%84&sort=title", None, {}),
    ("GET", "/api/sessions/%61", None, {}),
    ("GET", "/api/sessions/", None, {}),
    ("GET", "/api/sessions//a", None, {}),
    ("GET", "/api/sessions/a%2Fb", None, {}),
    ("GET", "/api/sessions/%2e%2e/x", None, {}),
    ("GET", "/api/sessions/%FF%00%0d%0aX:%20y", None, {}),
    ("GET", "/api/nowhere", None, {}),
    ("GET", "/api/", None, {}),
    ("GET", "/api/sessions?cursor=http://evil/?&a=//b", None, {}),
    ("DELETE", "/api/sessions", None, {}),
    ("DELETE", "/api/files/none", None, {}),
    ("POST", "/api/runs/none/stop", {}, {}),
    ("POST", "/api/sessions/none/messages", {"message": {"content": "x"}}, {}),
    ("GET", "/api/models", None, {}),
    ("GET", "/api/server", None, {}),
    ("GET", "/api/" + "x" * 8000, None, {}),
]


async def test_each_is_answered_as_it_would_be_alone(
    client: httpx2.AsyncClient, second: httpx2.AsyncClient
) -> None:
    answers = await send(
        client,
        *(
            {"method": method, "path": path, "body": body, "headers": headers}
            for method, path, body, headers in SAME
        ),
    )
    for (method, path, body, headers), answer in zip(SAME, answers, strict=True):
        content = msgspec.json.encode(body)
        alone = await second.request(
            method, str(second.base_url).rstrip("/") + path, content=content, headers=headers
        )
        assert answer["status"] == alone.status_code, (path, answer, alone.text)
        for name, value in answer["headers"].items():
            if name == "Location":
                assert urlsplit(value).path == urlsplit(alone.headers[name]).path
            elif name != "ETag":
                assert alone.headers[name] == value
        assert ("ETag" in answer["headers"]) == ("etag" in alone.headers)
        if alone.content:
            assert timeless(answer["body"]) == timeless(alone.json())
        else:
            assert answer["body"] is None
    assert len({one["body"]["id"] for one in answers[5:7]}) == 1


def timeless(value: Any) -> Any:
    """Without what differs from one server to the next."""
    if isinstance(value, dict):
        return {
            name: timeless(one)
            for name, one in value.items()
            if name not in ("created_at", "active_at", "next")
            and (name != "id" or len(str(one)) < 30)
        }
    return [timeless(one) for one in value] if isinstance(value, list) else value


async def test_key_is_the_same_in_a_batch_and_alone(client: httpx2.AsyncClient) -> None:
    headers = {"Idempotency-Key": "k"}
    alone = await client.post("/api/sessions", json={}, headers=headers)
    [answer] = await send(client, post("/api/sessions", {}, headers=headers))
    assert answer["body"]["id"] == alone.json()["id"]
    # The batch's own key is nobody else's.
    requests = [post("/api/sessions"), post("/api/sessions")]
    made = await client.post("/api/batch", json={"requests": requests}, headers=headers)
    ids = {one["body"]["id"] for one in made.json()["responses"]}
    assert len(ids | {alone.json()["id"]}) == 3


async def test_what_a_client_has_is_not_sent_again(client: httpx2.AsyncClient) -> None:
    await client.post("/api/sessions", json={"id": "trip"})
    tag = (await client.get("/api/sessions/trip")).headers["etag"]
    [answer] = await send(client, get("/api/sessions/trip", headers={"If-None-Match": tag}))
    assert (answer["status"], answer["body"]) == (304, None)
    assert answer["headers"] == {"ETag": tag}


async def test_a_run_begins_and_goes_on_by_itself(client: httpx2.AsyncClient) -> None:
    message = {"message": {"content": "Hello"}, "model": "script:deltas=2"}
    answers = await send(
        client,
        post("/api/sessions", {"id": "trip"}),
        post("/api/sessions/trip/messages", message),
        post("/api/sessions/trip/messages", message),
    )
    assert [one["status"] for one in answers][:2] == [201, 202]
    assert answers[2]["status"] in (202, 409)
    run_id = answers[1]["body"]["run"]["id"]
    assert answers[1]["headers"]["Location"] == f"/api/runs/{run_id}/events"
    await ended(client, run_id)


NOT_PLAIN = [route for route in ROUTES if route.path.startswith("/api/") and not route.is_plain]


async def test_what_is_not_plain_json_is_refused_and_the_others_go_on(talked: Talked) -> None:
    client, squid, ids = talked
    assert {route.id for route in NOT_PLAIN} == {
        *("batch.run", "messages.chat", "ag_ui.run", "sse.changes", "transfer.export"),
        *("transfer.import", "runs.events", "files.upload", "files.download"),
    }
    before = await squid.database.read(everything)
    requests = [
        {"method": route.method, "path": route.path.format(**ids), "body": {"requests": []}}
        for route in NOT_PLAIN
    ]
    async with asyncio.timeout(10):
        answers = await send(client, *requests, get("/api/server"))
    for answer in answers[:-1]:
        assert answer["status"] == 422
        assert answer["body"]["type"] == "urn:squid:error:invalid-request"
        assert answer["body"]["hint"]
    assert answers[-1]["status"] == 200
    assert await squid.database.read(everything) == before


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.id)
def test_what_a_batch_carries_is_json(route: Endpoint) -> None:
    if route.is_plain:
        assert route.gives in (None, "application/json")
        assert route.takes == "application/json"


FORMS: list[tuple[Any, str]] = [
    ({}, ""),
    ({"requests": []}, "/requests"),
    ({"requests": [get("/api/server")] * 51}, "/requests"),
    ({"requests": [{}]}, "/requests/0"),
    ({"requests": [get("/api/server", headers={"Host": "x"})]}, "/requests/0/headers"),
    ({"requests": [get("/api/server", headers={"If-None-Match": "a\r\nb: c"})]}, None),
    ({"requests": [get("/api/server", headers={"If-None-Match": "é"})]}, None),
    ({"requests": [get("/api/server", id="x" * 129)]}, "/requests/0/id"),
    ({"requests": [get("/api/server", more=1)]}, "/requests/0"),
    *(
        ({"requests": [{"method": method, "path": "/api/server"}]}, "/requests/0/method")
        for method in ("get", "PUT", "HEAD", "OPTIONS", "CONNECT", "", None, 5)
    ),
    *(
        ({"requests": [post("/api/sessions"), get(path)]}, "/requests/1/path")
        for path in (
            *("", "/", "/api", "api/server", "/healthz", "//evil/api/x", "http://evil/api/x"),
            *("/api/../../etc#x", "/api/x#y", "/api/x y", "/api/é", "/api/x\n", "/api/x\0"),
            *("/api/%", "/api/%2", "/api/%zz", "\\api\\x", "/api/" + "x" * 10_000, None, 5),
        )
    ),
]


async def test_wrong_form_is_refused_whole_and_before_anything_is_done(served: Served) -> None:
    client, squid = served
    before = await squid.database.read(everything)
    for body, pointer in FORMS:
        response = await client.post("/api/batch", json=body)
        found = problem(response, 422, "invalid-request")
        assert pointer is None or found["pointer"] == pointer, (body, found)
    assert await squid.database.read(everything) == before


async def test_fifty_are_carried(client: httpx2.AsyncClient) -> None:
    answers = await send(client, *(post("/api/sessions", {"id": f"s{n}"}) for n in range(50)))
    assert [one["body"]["id"] for one in answers] == [f"s{n}" for n in range(50)]


async def test_batch_of_a_client_that_hangs_up_is_carried_out(served: Served) -> None:
    client, squid = served
    requests = [post("/api/sessions", {"id": f"s{n:02}"}) for n in range(50)]
    body = msgspec.json.encode({"requests": requests})
    host, port = client.base_url.host, client.base_url.port
    _, writer = await asyncio.open_connection(host, port)
    head = f"POST /api/batch HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()
    writer.transport.abort()

    async def all_there() -> bool:
        return (await squid.database.read(everything))["sessions"] == 50

    await until_async(all_there)


async def test_bug_of_ours_in_one_stops_none_of_the_others(
    served: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client, squid = served

    def broken() -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr(squid, "provider", broken)
    answers = await send(
        client, post("/api/sessions", {"id": "a"}), get("/api/models"), get("/api/sessions/a")
    )
    assert [one["status"] for one in answers] == [201, 500, 200]
    assert "secret" not in str(answers)
    assert "the secret of the house" in caplog.text


async def test_answers_are_bounded(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    client, _ = served
    monkeypatch.setattr(batch, "MAX_ANSWERS", 1000)
    await client.post("/api/sessions", json={"id": "long", "system": "x" * 2000})
    answers = await send(client, get("/api/sessions/long"), post("/api/sessions", {"id": "late"}))
    assert answers[0]["status"] == 200
    assert answers[1]["body"]["type"] == "urn:squid:error:too-large"
    assert (await client.get("/api/sessions/late")).status_code == 404


async def test_batch_has_no_rights_of_its_own(client: httpx2.AsyncClient) -> None:
    body = {"requests": [get("/api/server")]}
    response = await client.post("/api/batch", json=body, headers={"Origin": "http://evil"})
    problem(response, 403, "forbidden")
