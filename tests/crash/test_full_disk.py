"""A disk that is full for a while, as a real server meets it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from tests.conftest import until
from tests.crash.reader import Reader, http, read_message, send
from tests.server import Server, anthropic_at
from tests.upstream import Upstream

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="prlimit is Linux's"),
]


def limit(server: Server, size: int) -> None:
    """No file of the server's may grow beyond `size` bytes: to SQLite, a full disk."""
    import resource

    _, hard = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (size, hard))


async def test_full_disk_holds_answers_back_and_loses_none(
    tmp_path: Path, upstream: Upstream
) -> None:
    import resource

    with Server(tmp_path / "data", env=anthropic_at(upstream.url)) as server:
        accepted = await send(server.url, "Hello", "deltas=120,delay_ms=10,size=500")
        reader = Reader(server.url, accepted["run"]["id"])
        reading = asyncio.create_task(reader.read())
        await reader.until_text(2000)
        limit(server, (server.data / "squid.db-wal").stat().st_size)
        await until(lambda: "cannot write" in server.stderr)
        async with http(server.url) as client:
            refused = await client.post("/api/sessions", json={})
            assert refused.status_code == 507, refused.text
            assert refused.json()["type"] == "urn:squid:error:disk-full"
            message = await read_message(server.url, accepted["run"]["message_id"])
        shown = reader.text
        assert len(shown) < 120 * 500
        assert message["content"].startswith(shown)
        limit(server, resource.RLIM_INFINITY)
        await reading
        reader.check()
        assert reader.ended
        assert len(reader.text) == 120 * 500
        message = await read_message(server.url, accepted["run"]["message_id"])
        assert (message["status"], message["content"]) == ("complete", reader.text)
