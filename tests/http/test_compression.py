"""gzip: for what is not a stream, and never for a live answer."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import httpx2
import pytest

from squid.config import Config
from tests.conftest import serving
from tests.http.addresses import Served, Talked
from tests.http.talk import question, sse

GZIP = {"Accept-Encoding": "gzip"}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(5000)


async def raw(client: httpx2.AsyncClient, url: str, accept: str) -> tuple[bytes, httpx2.Headers]:
    async with client.stream("GET", url, headers={"Accept-Encoding": accept}) as response:
        assert response.status_code == 200
        return b"".join([piece async for piece in response.aiter_raw()]), response.headers


async def test_what_is_large_is_compressed_and_the_same(talked: Talked) -> None:
    client, _, ids = talked
    urls = ("/api/openapi.json", "/docs", f"/api/sessions/{ids['session_id']}/export")
    for url in urls:
        plain, headers = await raw(client, url, "identity")
        assert "content-encoding" not in headers
        packed, headers = await raw(client, url, "gzip, br")
        assert headers["content-encoding"] == "gzip"
        assert headers.get_list("vary", split_commas=True) == ["Accept-Encoding"]
        assert len(packed) < len(plain)
        assert gzip.decompress(packed) == plain


async def test_what_is_small_is_sent_as_it_is(client: httpx2.AsyncClient) -> None:
    assert "content-encoding" not in (await raw(client, "/api/server", "gzip"))[1]


@pytest.mark.parametrize("accept", ["identity", "br", "gzip;q=0", "gzip; q=0.000, br", ""])
async def test_who_does_not_take_it_does_not_get_it(
    client: httpx2.AsyncClient, accept: str
) -> None:
    _, headers = await raw(client, "/api/openapi.json", accept)
    assert "content-encoding" not in headers
    assert headers["vary"] == "Accept-Encoding"


async def test_what_is_packed_already_is_not_packed_again(client: httpx2.AsyncClient) -> None:
    for name, content in (("a.png", PNG), ("a.pdf", b"%PDF-1.7\n" + bytes(5000))):
        uploaded = await client.post("/api/files", files={"file": (name, content)})
        url = f"/api/files/{uploaded.json()['files'][0]['id']}/content"
        got, headers = await raw(client, url, "gzip")
        assert (got, headers.get("content-encoding")) == (content, None)


async def test_it_can_be_switched_off(configure: Callable[..., Config]) -> None:
    async with serving(configure(performance__enable_compression=False)) as (client, _):
        assert "content-encoding" not in (await raw(client, "/api/openapi.json", "gzip"))[1]


AG_UI = {
    "threadId": "t",
    "runId": "r",
    "messages": [{"id": "m", "role": "user", "content": "Hello"}],
    "forwardedProps": {"model": "script:stall_after=3"},
}


@pytest.mark.parametrize(
    ("url", "body"),
    [("/api/chat", question(script="stall_after=3")), ("/api/ag-ui", AG_UI)],
)
async def test_live_delta_arrives_while_the_stream_is_open(
    served: Served, url: str, body: Any
) -> None:
    client, squid = served
    async with client.stream("POST", url, json=body, headers=GZIP) as response:
        assert "content-encoding" not in response.headers
        assert response.headers["content-type"].startswith("text/event-stream")
        async with asyncio.timeout(10), aclosing(sse(response)) as stream:
            async for event in stream:
                if event.type == "TEXT_MESSAGE_CONTENT":
                    break
        assert squid.engine.live_runs == 1  # it came before the end


async def test_change_arrives_while_the_feed_is_open(served: Served) -> None:
    client, _ = served
    async with client.stream("GET", "/api/events", headers=GZIP) as response:
        assert "content-encoding" not in response.headers
        async with asyncio.timeout(10), aclosing(sse(response)) as stream:
            assert (await anext(stream)).name == "ready"
            await client.post("/api/sessions", json={"id": "s"})
            assert (await anext(stream)).data["session_id"] == "s"
