"""Whether the server is up, and whether it can take a question."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from squid import __version__
from squid.config import Config
from squid.core import Squid
from squid.http import health
from squid.store.database import Sizes
from tests.conftest import serving
from tests.http.talk import problem

Served = tuple[httpx2.AsyncClient, Squid]
WELL = {"database": "ok", "migrations": "ok", "writer": "ok", "disk": "ok", "model": "ok"}


async def not_ready(client: httpx2.AsyncClient) -> dict[str, Any]:
    response = await client.get("/readyz")
    assert response.headers["retry-after"]
    return problem(response, 503, "unavailable")


async def test_it_is_up_and_tells_nothing_else(served: Served) -> None:
    client, squid = served
    squid.database.read = squid.database.write = None  # type: ignore[assignment,method-assign]
    response = await client.get("/healthz")
    assert response.json() == {"status": "ok", "version": __version__}


async def test_it_is_ready(client: httpx2.AsyncClient) -> None:
    response = await client.get("/readyz")
    assert (response.status_code, response.json()) == (200, {"status": "ready", "checks": WELL})


async def test_without_a_model_it_is_ready_and_says_so(configure: Callable[..., Config]) -> None:
    config = configure(provider__anthropic__api_key="", provider__anthropic__base_url="")
    async with serving(config) as (client, _):
        response = await client.get("/readyz")
    assert response.status_code == 200
    assert response.json()["checks"] == WELL | {"model": "There is no key for Anthropic."}


async def test_a_database_that_another_program_holds(
    configure: Callable[..., Config], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "CHECK_SECONDS", 0.2)
    async with serving(configure()) as (client, squid):
        held = sqlite3.connect(squid.database.path, isolation_level=None)
        held.execute("BEGIN IMMEDIATE")
        async with asyncio.timeout(3):
            found = await not_ready(client)
        assert found["checks"] == WELL | {"writer": "It did not answer within 0.2 seconds."}
        held.execute("ROLLBACK")
        held.close()
        while (await client.get("/readyz")).status_code != 200:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_database_whose_readers_are_all_taken(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, squid = served
    monkeypatch.setattr(health, "CHECK_SECONDS", 0.1)
    taken = [squid.database._free.get_nowait() for _ in range(squid.database._free.qsize())]
    found = await not_ready(client)
    assert found["checks"]["database"] == "It did not answer within 0.1 seconds."
    for reader in taken:
        squid.database._free.put_nowait(reader)
    assert (await client.get("/readyz")).status_code == 200


async def test_a_database_that_a_newer_program_migrated(served: Served) -> None:
    client, squid = served
    other = sqlite3.connect(squid.database.path)
    other.execute("INSERT INTO migrations VALUES (99, 'new', 'x', 0)")
    other.commit()
    other.close()
    found = await not_ready(client)
    assert found["checks"]["migrations"].startswith("The database is of version 99 now")
    assert "restart it" in found["detail"]


async def test_a_disk_that_is_nearly_full(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    client, squid = served
    monkeypatch.setattr(squid.database, "sizes", lambda: Sizes(1, 1, 1024))
    found = await not_ready(client)
    assert found["checks"]["disk"] == "The disk has 0 MB left: make room on it."


async def test_a_disk_that_had_no_room_is_tried_again(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, squid = served
    real = health.probe

    def refused(db: sqlite3.Connection) -> None:
        db.execute("PRAGMA max_page_count = 1")  # the least it takes is what there is
        db.execute("CREATE TABLE more AS SELECT zeroblob(10000000)")

    with pytest.raises(Exception, match="full"):
        await squid.database.write(refused)
    assert squid.database.full
    monkeypatch.setattr(health, "probe", refused)
    found = await not_ready(client)
    assert "disk is full" in found["checks"]["writer"]
    monkeypatch.setattr(health, "probe", real)
    assert (await client.get("/readyz")).status_code == 200
    assert not squid.database.full


async def test_a_probe_writes_and_changes_nothing(squid: Squid) -> None:
    path = squid.database.path
    wal = path.with_name(path.name + "-wal")
    before = (wal.stat().st_size, await squid.database.read(dump))
    await squid.database.write(lambda db: None)
    assert wal.stat().st_size == before[0]
    await squid.database.write(health.probe)
    assert wal.stat().st_size > before[0]
    assert await squid.database.read(dump) == before[1]


def dump(db: sqlite3.Connection) -> list[str]:
    return [*db.iterdump(), str(db.execute("PRAGMA user_version").fetchone())]


async def test_while_it_is_being_stopped(served: Served) -> None:
    client, squid = served
    squid.closing = True
    assert (await not_ready(client))["detail"] == "The server is being stopped."
    assert (await client.get("/healthz")).status_code == 200
