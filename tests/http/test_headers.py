"""What every answer tells a browser not to do with it."""

from __future__ import annotations

from urllib.parse import unquote

import httpx2
import pytest

from squid.http.headers import HEADERS, attachment, policy
from tests.http.addresses import ADDRESSES, Served, Talked
from tests.http.talk import asked, problem


def safe(response: httpx2.Response) -> None:
    for name in HEADERS:
        assert len(response.headers.get_list(name)) == 1, (response.url, name)
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["x-frame-options"] == "DENY"
    told = response.headers["content-security-policy"]
    assert "default-src 'none'" in told
    assert "frame-ancestors 'none'" in told
    assert "unsafe" not in told
    assert "*" not in told
    kept = response.headers["cache-control"]
    assert kept.startswith("private") or kept == "no-store", (response.url, kept)
    assert "set-cookie" not in response.headers


async def test_every_answer_has_them(talked: Talked) -> None:
    client, _, ids = talked
    for address in ADDRESSES:
        async with client.stream(address.method, address.fill(**ids)) as response:
            safe(response)


async def test_errors_have_them(
    served: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client, squid = served
    for response in (
        await client.get("/nowhere"),
        await client.put("/api/sessions"),
        await client.get("/api/sessions", headers={"Host": "evil.example"}),
        await client.post("/api/sessions", content=b"{"),
    ):
        assert response.status_code >= 400
        safe(response)

    async def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(squid.database, "read", broken)
    response = await client.get("/api/sessions")
    problem(response, 500, "error")
    safe(response)


async def test_only_the_page_for_people_may_load_anything(talked: Talked) -> None:
    client, _, ids = talked
    for url in (f"/api/files/{ids['file_id']}/content", "/api/sessions", "/healthz"):
        told = (await client.get(url)).headers["content-security-policy"]
        assert told.startswith("sandbox; default-src 'none'; base-uri")
    told = (await client.get("/docs")).headers["content-security-policy"]
    assert told.startswith("default-src 'none'; style-src 'sha256-")


async def test_conversations_are_kept_by_no_proxy(served: Served) -> None:
    client, _ = served
    run = await asked(client)
    for url in (f"/api/sessions/{run['session']['id']}", "/api/sessions"):
        assert (await client.get(url)).headers["cache-control"] == "private, no-cache"


def test_policy() -> None:
    told = policy(script="'self'", img="'self' data:")
    assert told == (
        "default-src 'none'; script-src 'self'; img-src 'self' data:;"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("a.txt", "a.txt"),
        ('a"b;c.txt', 'a"b;c.txt'),
        ("a\r\nSet-Cookie: x=y", "aSet-Cookie: x=y"),
        ("é🦑'%.txt", "é🦑'%.txt"),
        ("a\u202egpj.exe", "agpj.exe"),
        ("../../x", "x"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("Com1.tar.gz", "_Com1.tar.gz"),
        ("lpt¹ .txt", "_lpt¹ .txt"),
        ("console.txt", "console.txt"),
        ("....", "file"),
        ("x" * 300 + ".json", "x" * 195 + ".json"),
    ],
)
def test_name_of_a_download(name: str, saved: str) -> None:
    told = attachment(name)
    assert told.isascii()
    assert told.isprintable()
    kind, _, value = told.partition("; filename*=UTF-8''")
    assert kind == "attachment"
    assert not set(value) & set("\"'; ,")
    assert unquote(value) == saved
