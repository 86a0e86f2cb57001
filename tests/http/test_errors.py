"""P7: whatever is sent, one clear answer, and nothing stored."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import pytest

from squid.config import Config
from tests.conftest import serving
from tests.http.addresses import ADDRESSES, READ_A_BODY, Address, Served, Talked, any_problem
from tests.http.talk import everything, problem, question


def test_table_of_routes_is_the_one_that_is_tested() -> None:
    assert set(READ_A_BODY) <= set(ADDRESSES)
    without = {a for a in ADDRESSES if a.method in ("POST", "PATCH")} - set(READ_A_BODY)
    assert {a.path.rpartition("/")[2] for a in without} == {"restore", "stop", "files"}


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
