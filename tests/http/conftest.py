from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import httpx2
import pytest

from squid.config import Config
from squid.core import Squid
from tests.conftest import serving
from tests.http.talk import asked


@pytest.fixture
async def served(
    configure: Callable[..., Config],
) -> AsyncIterator[tuple[httpx2.AsyncClient, Squid]]:
    """A client of a real server, and that server's inside."""
    async with serving(configure()) as (client, squid):
        yield client, squid


@pytest.fixture
async def talked(
    served: tuple[httpx2.AsyncClient, Squid],
) -> tuple[httpx2.AsyncClient, Squid, dict[str, str]]:
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
