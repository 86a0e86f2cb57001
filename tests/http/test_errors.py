"""P6 and P7: whatever is sent, one clear answer, nothing stored, nothing of others."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, NamedTuple

import httpx2
import msgspec
import pytest
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from squid import errors
from squid.app import create_app
from squid.config import Config, load
from squid.core import Squid
from squid.http.routes import ROUTES
from tests.conftest import serving
from tests.http.talk import anns, asked, everything, problem, question, shown
from tests.upstream import Upstream

Served = tuple[httpx2.AsyncClient, Squid]
KNOWN = {kind.code: kind.status for kind in vars(errors).values() if hasattr(kind, "code")}


class Address(NamedTuple):
    method: str
    path: str

    def fill(self, **ids: str) -> str:
        return self.path.format(**ids)


ADDRESSES = [
    Address(method, route.path)
    for route in ROUTES
    for method in sorted((route.methods or set()) - {"HEAD"})
]
READ_A_BODY = [
    Address("POST", "/api/chat"),
    Address("POST", "/api/ag-ui"),
    Address("POST", "/api/sessions"),
    Address("PATCH", "/api/sessions/{session_id}"),
    Address("POST", "/api/sessions/{session_id}/messages"),
    Address("PATCH", "/api/messages/{message_id}"),
    Address("POST", "/api/messages/{message_id}/retry"),
    Address("POST", "/api/messages/{message_id}/continue"),
    Address("POST", "/api/import"),
]


def test_table_of_routes_is_the_one_that_is_tested() -> None:
    assert set(READ_A_BODY) <= set(ADDRESSES)
    without = {a for a in ADDRESSES if a.method in ("POST", "PATCH")} - set(READ_A_BODY)
    assert {a.path.rpartition("/")[2] for a in without} == {"restore", "stop", "files"}


def any_problem(response: httpx2.Response) -> dict[str, Any]:
    assert response.status_code < 500, response.text
    code = response.json()["type"].rpartition(":")[2]
    assert KNOWN[code] == response.status_code
    return problem(response, response.status_code, code)


@pytest.fixture
async def talked(served: Served) -> tuple[httpx2.AsyncClient, Squid, dict[str, str]]:
    """A server that knows one session already, and its ids."""
    client, squid = served
    run = await asked(client)
    uploaded = await client.post("/api/files", files={"f": ("a.txt", b"words")})
    ids = {
        "session_id": run["session"]["id"],
        "message_id": run["messages"][0]["id"],
        "run_id": run["run"]["id"],
        "file_id": uploaded.json()["files"][0]["id"],
    }
    return client, squid, ids


Talked = tuple[httpx2.AsyncClient, Squid, dict[str, str]]


# -- hostile bodies -------------------------------------------------------------------------

HOSTILE = {
    "list": b"[]",
    "null": b"null",
    "text": b'"x"',
    "number": b"5",
    "true": b"true",
    "cut": b'{"model": "x',
    "no-quotes": b"{model: x}",
    "comma": b'{"model": "x",}',
    "twice": b"{}{}",
    "not-utf8": b'{"model": "\xff\xfe"}',
    "utf16": '{"model": "x"}'.encode("utf-16"),
    "bom": b'\xef\xbb\xbf{"model": "x"}',
    "raw-nul": b'{"model": "\0"}',
    "nan": b'{"model": NaN}',
    "unknown-field": b'{"nonsense": 1}',
    "wrong-type": b'{"model": 5, "messages": 5}',
    "object-for-text": b'{"model": {"$ne": null}}',
    "high-surrogate": b'{"model": "\\ud800"}',
    "high-surrogate-inside": b'{"model": "a\\ud800bcdefghijk"}',
    "low-surrogate": b'{"model": "\\udc00"}',
    "two-high": b'{"model": "\\ud800\\ud800"}',
    "raw-surrogate": b'{"model": "\xed\xa0\x80"}',
    "deep-list": b"[" * 200_000,
    "deep-object": b'{"a":' * 200_000,
    "deep-value": b'{"model":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "huge-number": b'{"model": 1e999}',
    "long-number": b'{"model": ' + b"9" * 100_000 + b"}",
    "form": b"message=hello&content=x",
    "xml": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>',
}


@pytest.mark.parametrize("address", READ_A_BODY, ids=lambda a: f"{a.method} {a.path}")
async def test_hostile_body_is_refused_and_nothing_is_stored(
    talked: Talked, address: Address
) -> None:
    client, squid, ids = talked
    before = await squid.database.read(everything)
    for name, body in HOSTILE.items():
        for content_type in ("application/json", "text/plain", "image/png"):
            response = await client.request(
                address.method,
                address.fill(**ids),
                content=body,
                headers={"Content-Type": content_type},
            )
            assert response.status_code in (400, 422), (name, response.text)
            any_problem(response)
    assert await squid.database.read(everything) == before


@pytest.mark.parametrize(
    "address",
    [a for a in READ_A_BODY if a.path != "/api/import"],
    ids=lambda a: f"{a.method} {a.path}",
)
async def test_body_of_nine_megabytes_is_refused(talked: Talked, address: Address) -> None:
    client, squid, ids = talked
    before = await squid.database.read(everything)
    body = b'{"model": "%s"}' % (b"x" * 9_000_000)
    response = await client.request(address.method, address.fill(**ids), content=body)
    if address.path == "/api/ag-ui":  # it takes files in its body
        any_problem(response)
    else:
        problem(response, 413, "too-large")

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 65536):
            yield body[start : start + 65536]

    unannounced = await client.request(address.method, address.fill(**ids), content=pieces())
    assert unannounced.status_code == response.status_code
    assert await squid.database.read(everything) == before


LONG = "x" * 1_000_000
FIELDS: list[tuple[Address, Any, str]] = [
    (Address("POST", "/api/sessions"), {"title": LONG}, "/title"),
    (Address("POST", "/api/sessions"), {"title": None}, "/title"),
    *(
        (Address("POST", "/api/sessions"), {"id": id_}, "/id")
        for id_ in ("", "a/b", "a'b", 'a"b', "a\n", "\n", "a\0", "é", "-a", ".a", "a b", LONG, 5)
    ),
    (Address("PATCH", "/api/sessions/{session_id}"), {"title": LONG}, "/title"),
    (Address("PATCH", "/api/sessions/{session_id}"), {"head": None}, "/head"),
    (Address("PATCH", "/api/sessions/{session_id}"), {"version": 5}, ""),
    (Address("POST", "/api/chat"), {}, ""),
    (Address("POST", "/api/chat"), {"message": None}, "/message"),
    (Address("POST", "/api/chat"), {"message": {"content": 5}}, "/message/content"),
    (Address("POST", "/api/chat"), {"message": {"files": "x"}}, "/message/files"),
    (Address("POST", "/api/chat"), {"message": {"files": [5]}}, "/message/files/0"),
    (Address("POST", "/api/chat"), {"message": {"files": ["x"] * 1001}}, "/message/files"),
    (Address("POST", "/api/chat"), {"message": {"files": ["x"] * 11}}, "/message/files"),
    (Address("POST", "/api/chat"), {"message": {"content": "x", "role": "system"}}, "/message"),
    *(
        (Address("POST", "/api/chat"), {"message": {"content": "x", "id": id_}}, "/message/id")
        for id_ in ("x", "ann.assistant.1", "assistant.local.1", "local.assistant.1\n", "")
    ),
    (Address("POST", "/api/chat"), {"message": {"content": "x"}, "run_id": "a/b"}, "/run_id"),
    (Address("PATCH", "/api/messages/{message_id}"), {}, ""),
    (Address("PATCH", "/api/messages/{message_id}"), {"content": "x", "id": "ann.a.1"}, "/id"),
    (Address("PATCH", "/api/messages/{message_id}"), {"content": "x", "files": ["x"] * 11}, None),
]


async def test_wrong_field_is_named_and_nothing_is_stored(talked: Talked) -> None:
    client, squid, ids = talked
    before = await squid.database.read(everything)
    for address, body, pointer in FIELDS:
        response = await client.request(address.method, address.fill(**ids), json=body)
        found = problem(response, 422, "invalid-request")
        if pointer is not None:
            assert found.get("pointer") == pointer, (address, body, found)
        assert len(found["detail"]) < 1000
    assert await squid.database.read(everything) == before


@pytest.mark.parametrize("content", ["", " ", "\n\t", "\u3000"])
async def test_empty_message_is_refused(talked: Talked, content: str) -> None:
    client, squid, ids = talked
    before = await squid.database.read(everything)
    for url in ("/api/chat", f"/api/sessions/{ids['session_id']}/messages"):
        problem(await client.post(url, json=question(content)), 422, "invalid-request")
    edit = await client.patch(f"/api/messages/{ids['message_id']}", json={"content": content})
    problem(edit, 422, "invalid-request")
    assert await squid.database.read(everything) == before


# -- hostile addresses ------------------------------------------------------------------------


LATER = ("", "-1", "1.5", "now", "9" * 18, "9" * 40, "%D9%A1", "2026-01-01")
QUERIES = [
    *(f"/api/sessions?limit={v}" for v in ("0", "-1", "201", "x", "1e1", "9" * 40, "1%0A", "%00")),
    *(f"/api/sessions?limit={v}" for v in ("", "1.0", "%D9%A1", "0x1", "null", "1;drop")),
    *(f"/api/sessions?deleted={v}" for v in ("", "1", "yes", "True", "%00")),
    *(f"/api/sessions?cursor={v}" for v in ("", "x", "%FF", "%00", "'", "a" * 5000)),
    "/api/sessions?cursor=OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OnM=",
    *(
        f"/api/sessions/{{session_id}}/messages?{end}={v}"
        for end in ("before", "after")
        for v in ("", "x", "%00", "'%20OR%201=1", "%ED%A0%80")
    ),
    "/api/sessions/{session_id}/messages?before={message_id}&after={message_id}",
    "/api/sessions/{session_id}/messages?limit=0",
    *(f"/api/sessions?text={v}" for v in ("%00", "a%00b", "x" * 501)),
    *(f"/api/sessions?{end}={v}" for end in ("active_after", "active_before") for v in LATER),
    *(f"/api/sessions?sort={v}" for v in ("", "id", "title;", "TITLE", "%00")),
    *(f"/api/sessions?order={v}" for v in ("", "ASC", "random()", "%00")),
]


@pytest.mark.parametrize("url", QUERIES)
async def test_bad_query_is_refused(talked: Talked, url: str) -> None:
    client, _, ids = talked
    problem(await client.get(url.format(**ids)), 422, "invalid-request")


STRANGE = (
    "'",
    '"',
    "x'%20OR%20'1'='1",
    "%00",
    "%0A",
    "%0D%0ASet-Cookie:%20a=b",
    "..%2F..%2Fetc%2Fpasswd",
    "%2e%2e",
    "a%2Fb",
    "%FF",
    "%ED%A0%80",
    "%F0%9F%A6%91",
    "{session_id}",
    "null",
    "-1",
    "x" * 5000,
)


@pytest.mark.parametrize(
    "address",
    [a for a in ADDRESSES if "{" in a.path],
    ids=lambda a: f"{a.method} {a.path}",
)
async def test_strange_id_is_not_found(talked: Talked, address: Address) -> None:
    client, squid, _ = talked
    before = await squid.database.read(everything)
    body = {"message": {"content": "x"}} if address.path.endswith("/messages") else None
    if address == Address("PATCH", "/api/messages/{message_id}"):
        body = {"content": "x"}
    for id_ in STRANGE:
        name = address.path[address.path.index("{") + 1 : address.path.index("}")]
        response = await client.request(address.method, address.fill(**{name: id_}), json=body)
        found = problem(response, 404, "not-found")
        assert "set-cookie" not in response.headers, found
    assert await squid.database.read(everything) == before


@pytest.mark.parametrize(
    ("method", "url", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not-found"),
        ("GET", "/api", 404, "not-found"),
        ("GET", "/api/sessions/", 404, "not-found"),
        ("GET", "//api/sessions", 404, "not-found"),
        ("PUT", "/api/sessions", 405, "method-not-allowed"),
        ("GET", "/api/chat", 405, "method-not-allowed"),
        ("DELETE", "/api/sessions", 405, "method-not-allowed"),
        ("POST", "/healthz", 405, "method-not-allowed"),
    ],
)
async def test_address_or_method_that_is_not_there(
    client: httpx2.AsyncClient, method: str, url: str, status: int, code: str
) -> None:
    response = await client.request(method, f"{str(client.base_url).rstrip('/')}{url}")
    if response.status_code == 307:  # Starlette's way to say that the slash is too much
        assert response.headers["location"].endswith("/api/sessions")
        return
    problem(response, status, code)
    if status == 405:
        assert response.headers["allow"]


# -- yours stay yours (P6) ------------------------------------------------------------------------


async def test_every_route_with_somebody_elses_id_says_not_found(talked: Talked) -> None:
    client, squid, mine = talked
    hers = await squid.database.write(anns)
    before = await squid.database.read(everything)
    tried = 0
    for address in ADDRESSES:
        if "{" not in address.path:
            continue
        body = {"message": {"content": "x"}} if address.path.endswith("/messages") else {}
        if address == Address("PATCH", "/api/messages/{message_id}"):
            body = {"content": "x"}
        for message_id in (hers["message_id"], hers["answer_id"]):
            url = address.fill(**(hers | {"message_id": message_id}))
            response = await client.request(address.method, url, json=body)
            problem(response, 404, "not-found")
            assert "Secret" not in response.text
            tried += 1
    assert tried >= 2 * 18
    assert await squid.database.read(everything) == before
    mine_still = await client.get(f"/api/sessions/{mine['session_id']}")
    assert mine_still.status_code == 200


async def test_somebody_elses_id_in_a_body_says_no(talked: Talked) -> None:
    client, squid, mine = talked
    hers = await squid.database.write(anns)
    before = await squid.database.read(everything)
    own, message = f"/api/sessions/{mine['session_id']}", f"/api/messages/{mine['message_id']}"
    attempts: list[tuple[str, str, Any, tuple[int, ...]]] = [
        ("POST", "/api/chat", question(session_id="hers"), (404,)),
        ("POST", "/api/chat", question(parent_id=hers["message_id"]), (404,)),
        ("POST", "/api/chat", question(files=[hers["file_id"]]), (404, 422)),
        ("POST", "/api/chat", question(id=hers["message_id"]), (422,)),
        ("POST", "/api/chat", question(run_id=hers["run_id"]), (404, 409)),
        ("POST", f"{own}/messages", question(parent_id=hers["message_id"]), (404,)),
        ("PATCH", own, {"head": hers["message_id"]}, (404,)),
        ("PATCH", message, {"content": "x", "files": [hers["file_id"]]}, (404, 422)),
        ("POST", f"{message}/retry", {"run_id": hers["run_id"]}, (404, 409)),
        ("POST", "/api/sessions", {"id": "hers"}, (404, 409)),
    ]
    for method, url, body, statuses in attempts:
        response = await client.request(method, url, json=body)
        assert response.status_code in statuses, (url, body, response.text)
        assert "Secret" not in any_problem(response)["detail"]
    page = await client.get(f"{own}/messages?before={hers['message_id']}")
    problem(page, 422, "invalid-request")
    assert await squid.database.read(everything) == before
    assert len(await shown(client, mine["session_id"])) == 2


async def test_lists_are_only_ones_own(talked: Talked) -> None:
    client, squid, mine = talked
    await squid.database.write(anns)
    listed = (await client.get("/api/sessions")).json()["sessions"]
    assert [session["id"] for session in listed] == [mine["session_id"]]
    await squid.database.write(lambda db: db.execute("UPDATE sessions SET deleted_at = 1"))
    trash = (await client.get("/api/sessions?deleted=true")).json()["sessions"]
    assert [session["id"] for session in trash] == [mine["session_id"]]


# -- what is the server's own fault -----------------------------------------------------------


async def test_locked_database_is_told_and_passes(configure: Callable[..., Config]) -> None:
    async with serving(configure(database__busy_timeout_seconds=1)) as (client, squid):
        other = sqlite3.connect(squid.database.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        response = await client.post("/api/sessions", json={})
        problem(response, 503, "database-busy")
        assert response.headers["retry-after"] == "1"
        other.execute("ROLLBACK")
        other.close()
        assert (await client.post("/api/sessions", json={})).status_code == 201


async def test_full_disk_is_told_and_passes(served: Served) -> None:
    client, squid = served

    def limit(db: sqlite3.Connection, more: int) -> None:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages + more}")

    await squid.database.write(limit, 0)
    response = await client.post("/api/sessions", json={"system": LONG})
    problem(response, 507, "disk-full")
    await squid.database.write(limit, 1000)
    assert (await client.post("/api/sessions", json={"system": LONG})).status_code == 201


async def test_no_model_to_ask_says_how_to_get_one(
    configure: Callable[..., Config], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    monkeypatch.delenv("ANTHROPIC_AUTH_TOKEN", raising=False)
    async with serving(
        configure(provider__anthropic__api_key="", provider__anthropic__base_url="")
    ) as (client, squid):
        before = await squid.database.read(everything)
        response = await client.post("/api/chat", json=question())
        assert problem(response, 503, "no-provider")["hint"]
        assert await squid.database.read(everything) == before


async def test_bug_of_ours_tells_nothing_to_the_client(
    served: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client, squid = served

    async def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr(squid.database, "read", broken)
    response = await client.get("/api/sessions")
    assert "secret" not in problem(response, 500, "error")["detail"]
    assert "the secret of the house" in caplog.text


# -- anything at all ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, upstream: Upstream
) -> Iterator[tuple[httpx2.Client, dict[str, str]]]:
    """A server in a thread, for tests that cannot be async, and a session in it."""
    config = load(
        environ={},
        flags={
            "data": str(tmp_path_factory.mktemp("fuzz")),
            "provider.name": "anthropic",
            "provider.anthropic.api_key": "test",
            "provider.anthropic.base_url": upstream.url,
            "provider.anthropic.model": "script:deltas=1",
        },
    )
    running = uvicorn.Server(uvicorn.Config(create_app(config), port=0, log_level="critical"))
    thread = threading.Thread(target=lambda: asyncio.run(running.serve()))
    thread.start()
    try:
        while not running.started:
            assert thread.is_alive()
        port = running.servers[0].sockets[0].getsockname()[1]
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            session_id = client.post("/api/sessions", json={}).json()["id"]
            sent = client.post(f"/api/sessions/{session_id}/messages", json=question()).json()
            ids = {
                "session_id": session_id,
                "message_id": sent["messages"][0]["id"],
                "run_id": sent["run"]["id"],
                "file_id": "none",
            }
            yield client, ids
    finally:
        running.should_exit = True
        thread.join()


TEXTS = st.text(max_size=20) | st.sampled_from(["", "\0", "'", "script:deltas=1", "\ud7ff", "null"])
OF_SQUID = ["id", "title", "system", "model", "head", "message", "content", "files", "run_id"]
OF_AG_UI = ["threadId", "runId", "messages", "tools", "context", "role", "forwardedProps"]
NAMES = st.sampled_from([*OF_SQUID, *OF_AG_UI, "parent_id", "session_id"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | TEXTS, inner, max_size=5),
    max_leaves=12,
)
STREAMS = ("/api/events", "/api/runs/{run_id}/events")


@settings(deadline=None, max_examples=250, suppress_health_check=list(HealthCheck))
@given(
    address=st.sampled_from([a for a in ADDRESSES if a.path not in STREAMS]),
    body=st.dictionaries(NAMES, JSON, max_size=5) | JSON,
    query=st.dictionaries(
        st.sampled_from(["limit", "cursor", "before", "after", "deleted"]), TEXTS, max_size=3
    ),
    headers=st.dictionaries(
        st.sampled_from(["Last-Event-ID", "Content-Type", "Accept", "Content-Length-X"]),
        st.sampled_from(["", "1", "x", "application/json", "text/html", "9" * 30]),
        max_size=2,
    ),
    known=st.booleans(),
    strange=st.text(st.characters(codec="utf-8"), min_size=1, max_size=10),
)
def test_nothing_that_is_sent_is_a_fault_of_ours(
    server: tuple[httpx2.Client, dict[str, str]],
    address: Address,
    body: Any,
    query: dict[str, str],
    headers: dict[str, str],
    known: bool,
    strange: str,
) -> None:
    client, ids = server
    if not known:
        ids = dict.fromkeys(ids, httpx2.URL("http://x").join(f"/{strange!r}").path.strip("/"))
    url = address.fill(**ids)
    content = None if address.method == "GET" else msgspec.json.encode(body)
    with client.stream(
        address.method, url, params=query, content=content, headers=headers
    ) as response:
        if response.status_code >= 400:
            response.read()
            any_problem(response)
        else:
            assert response.status_code in (200, 201, 202, 204, 307)
