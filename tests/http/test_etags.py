"""What a client has already is not sent again; parts of a file; and HEAD."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest
from starlette.requests import Request

from squid.http import etag
from squid.http.endpoint import STREAM
from squid.http.routes import ROUTES
from squid.store import files
from tests.http.addresses import Talked
from tests.http.talk import problem

TAGGED = [route for route in ROUTES if route.is_tagged]
TAG = 'W/"abc"'


@pytest.mark.parametrize(
    ("given", "known"),
    [
        (['W/"abc"'], True),
        (['"abc"'], True),  # weakly the same
        (["*"], True),
        ([" * "], True),
        (['"x", W/"abc"'], True),
        (['"x",W/"abc","y"'], True),
        (['"x"', 'W/"abc"'], True),  # two lines are one list
        (['"a,b", "abc"'], True),
        (['"ABC"'], False),
        (['"abcd"'], False),
        (['W/"x"'], False),
        (["abc"], False),
        ([""], False),
        (['"'], False),
        (['"*"'], False),
        (['w/"ab"'], False),
        ([], False),
        ([",,,"], False),
        (['"' * 1001], False),
    ],
)
def test_lists_and_weak_comparison(given: list[str], known: bool) -> None:
    headers = [(b"if-none-match", one.encode()) for one in given]
    request = Request({"type": "http", "headers": headers})
    assert etag.is_known(request, TAG) is known
    assert etag.is_known(request, TAG.removeprefix("W/")) is known


async def test_every_get_says_304_to_who_has_it(talked: Talked) -> None:
    client, _, ids = talked
    assert len(TAGGED) > 10
    for route in TAGGED:
        if route.path == "/metrics":  # what it counts is never the same
            continue
        url = route.path.format(**ids)
        first = await client.get(url)
        assert first.status_code == 200
        tag = first.headers["etag"]
        again = await client.get(url, headers={"If-None-Match": f'"x", {tag}'})
        assert (again.status_code, again.content) == (304, b""), url
        assert again.headers["etag"] == tag
        assert again.headers["cache-control"] == first.headers["cache-control"]
        assert again.headers["vary"] == first.headers["vary"] == "Accept-Encoding"
        assert "content-type" not in again.headers
        other = await client.get(url, headers={"If-None-Match": '"other"'})
        assert (other.status_code, other.content) == (200, first.content)


async def test_304_leaves_the_policy_as_it_was(talked: Talked) -> None:
    """A browser takes it from there: the same page, loaded again, would lose its style."""
    client, _, _ = talked
    for url in ("/docs", "/api/sessions"):
        first = await client.get(url)
        again = await client.get(url, headers={"If-None-Match": first.headers["etag"]})
        policies = [one.headers["content-security-policy"] for one in (first, again)]
        assert again.status_code == 304
        assert policies[0] == policies[1]


async def test_change_changes_it(talked: Talked) -> None:
    client, _, ids = talked
    url = f"/api/sessions/{ids['session_id']}"
    first = await client.get(url)
    assert first.headers["cache-control"] == "private, no-cache"
    await client.patch(url, json={"title": "Another"})
    second = await client.get(url, headers={"If-None-Match": first.headers["etag"]})
    assert second.status_code == 200
    assert second.headers["etag"] != first.headers["etag"]


async def test_only_what_is_there_has_a_tag(client: httpx2.AsyncClient) -> None:
    missing = await client.get("/api/sessions/none", headers={"If-None-Match": "*"})
    problem(missing, 404, "not-found")
    assert "etag" not in missing.headers
    made = await client.post("/api/sessions", json={}, headers={"If-None-Match": "*"})
    assert made.status_code == 201


async def test_tag_is_the_same_compressed_or_not(talked: Talked) -> None:
    client, _, _ = talked
    plain = await client.get("/api/openapi.json", headers={"Accept-Encoding": "identity"})
    packed = await client.get("/api/openapi.json", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["etag"] == plain.headers["etag"]
    assert plain.headers["etag"].startswith("W/")


# -- files ------------------------------------------------------------------------------------


async def upload(client: httpx2.AsyncClient, name: str, content: bytes) -> dict[str, Any]:
    response = await client.post("/api/files", files={"file": (name, content)})
    file: dict[str, Any] = response.json()["files"][0]
    return file


async def test_file_that_is_known_is_not_even_loaded(
    talked: Talked, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, _, _ = talked
    file = await upload(client, "a.txt", b"words " * 1000)
    url = f"/api/files/{file['id']}/content"
    plain = await client.get(url, headers={"Accept-Encoding": "identity"})
    assert plain.headers["etag"] == f'"{file["sha256"]}"'
    packed = await client.get(url)
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["etag"] == f'W/"{file["sha256"]}"'  # other bytes than the strong one's
    assert packed.content == plain.content

    def loaded(*args: object) -> bytes:
        raise AssertionError("it was loaded")

    monkeypatch.setattr(files, "content", loaded)
    for response in (plain, packed):
        headers = {"If-None-Match": response.headers["etag"]}
        assert (await client.get(url, headers=headers)).status_code == 304


CONTENT = bytes(range(256)) * 10
SIZE = len(CONTENT)


@pytest.mark.parametrize(
    ("range_", "part"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=0-1023", (0, 1024)),
        ("bytes=100-", (100, SIZE)),
        ("bytes=-100", (SIZE - 100, SIZE)),
        (f"bytes=-{SIZE * 2}", (0, SIZE)),
        (f"bytes=0-{SIZE * 2}", (0, SIZE)),
        (f"bytes={SIZE - 1}-", (SIZE - 1, SIZE)),
        ("Bytes=5-9", (5, 10)),
        *(
            (range_, None)
            for range_ in (
                "",
                "bytes=",
                "bytes=-",
                "bytes=5-4",
                "bytes=0-1,4-5",
                "bytes=a-b",
                "bytes = 5-9",
            )
        ),
        *((range_, None) for range_ in ("lines=0-1", "bytes=0-" + "9" * 30, "bytes=-1-2", "0-1")),
    ],
)
async def test_part_of_a_file(
    client: httpx2.AsyncClient, range_: str, part: tuple[int, int] | None
) -> None:
    file = await upload(client, "noise", CONTENT)
    url = f"/api/files/{file['id']}/content"
    response = await client.get(url, headers={"Range": range_})
    assert response.headers["accept-ranges"] == "bytes"
    if part is None:
        assert (response.status_code, response.content) == (200, CONTENT)
        return
    start, stop = part
    assert response.status_code == 206
    assert response.content == CONTENT[start:stop]
    assert response.headers["content-range"] == f"bytes {start}-{stop - 1}/{SIZE}"
    assert response.headers["content-length"] == str(stop - start)
    assert response.headers["etag"] == f'"{file["sha256"]}"'
    for tag, status in ((f'"{file["sha256"]}"', 206), (f'W/"{file["sha256"]}"', 200), ('"x"', 200)):
        again = await client.get(url, headers={"Range": range_, "If-Range": tag})
        assert again.status_code == status


@pytest.mark.parametrize("range_", [f"bytes={SIZE}-", "bytes=999999-9999999", "bytes=-0"])
async def test_part_that_is_not_there(client: httpx2.AsyncClient, range_: str) -> None:
    file = await upload(client, "noise", CONTENT)
    url = f"/api/files/{file['id']}/content"
    response = await client.get(url, headers={"Range": range_})
    problem(response, 416, "range-not-satisfiable")
    assert response.headers["content-range"] == f"bytes */{SIZE}"


# -- HEAD -------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
async def test_head_is_get_without_the_body(talked: Talked, encoding: str) -> None:
    client, _, ids = talked
    for route in ROUTES:
        if route.method != "GET" or route.path == "/metrics":
            continue
        url = route.path.format(**ids)
        asked = {"Accept-Encoding": encoding, "X-Request-Id": "the-same"}
        async with asyncio.timeout(10):
            head = await client.head(url, headers=asked)
        assert head.content == b""
        async with client.stream("GET", url, headers=asked) as get:
            assert head.status_code == get.status_code == 200, url
            told = dict(head.headers) | {"date": ""}
            given = dict(get.headers) | {"date": ""}
            if route.gives == STREAM or "content-length" not in given:
                given.pop("transfer-encoding")
            assert told == given, url


@pytest.mark.parametrize("url", ["/api/events", "/api/runs/{run_id}/events"])
async def test_head_of_a_stream_ends_at_once(talked: Talked, url: str) -> None:
    client, _, ids = talked
    reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
    head = f"HEAD {url.format(**ids)} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    writer.write(head.encode())
    async with asyncio.timeout(5):
        assert (await reader.read()).startswith(b"HTTP/1.1 200")
    writer.close()
