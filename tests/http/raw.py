"""Requests as bytes, for what no client would send."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx2
import msgspec

Wire = tuple[asyncio.StreamReader, asyncio.StreamWriter]
CHUNKED = (
    b"POST %b HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Type: %b\r\n\r\n"
)


@asynccontextmanager
async def connected(client: httpx2.AsyncClient) -> AsyncIterator[Wire]:
    """A connection of its own to the client's server."""
    reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def send(client: httpx2.AsyncClient, data: bytes) -> bytes:
    """Send it; returns all that comes until the server closes."""
    async with connected(client) as (reader, writer):
        writer.write(data)
        return await rest(reader)


async def rest(reader: asyncio.StreamReader) -> bytes:
    found = b""
    with suppress(ConnectionError):
        while piece := await asyncio.wait_for(reader.read(65536), 10):
            found += piece
    return found


def told(answer: bytes, status: int, code: str) -> None:
    """It is one whole answer, a problem of this kind, and the last on its connection."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status), answer[:200]
    lines = head.lower().split(b"\r\n")
    assert b"connection: close" in lines
    assert b"content-type: application/problem+json" in lines
    assert b"x-content-type-options: nosniff" in lines
    assert b"content-length: %d" % len(body) in lines
    problem = msgspec.json.decode(body)
    assert problem["type"] == f"urn:squid:error:{code}"
    assert problem["status"] == status
