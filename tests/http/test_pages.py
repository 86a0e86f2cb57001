"""Pages never skip or repeat while others write, through the API itself."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest

from squid.core import Squid
from tests.conftest import until
from tests.http.talk import asked, ended, question

COUNT = 24
Write = Callable[[random.Random, int], Awaitable[Any]]


class Writers:
    """Three that write without a pause, while `async with`."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._numbers = itertools.count()
        self._done = 0

    async def __aenter__(self) -> Writers:
        self._tasks = [asyncio.create_task(self._run(random.Random(n))) for n in range(3)]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        for end in await asyncio.gather(*self._tasks, return_exceptions=True):
            assert isinstance(end, asyncio.CancelledError), end

    async def _run(self, chance: random.Random) -> None:
        while True:
            await self._write(chance, next(self._numbers))
            self._done += 1

    async def some(self) -> None:
        """Returns when they have written a few times more."""
        wanted = self._done + 3
        await until(lambda: self._done >= wanted or any(task.done() for task in self._tasks))


@pytest.mark.parametrize("sort", ["activity", "date", "title"])
@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_sessions_while_others_write(
    served: tuple[httpx2.AsyncClient, Squid], sort: str, order: str
) -> None:
    client, _ = served
    for number in range(COUNT):
        await client.post("/api/sessions", json={"id": f"s{number}", "title": f"{number % 5}"})
    deleted: set[str] = set()

    async def write(chance: random.Random, number: int) -> None:
        session = f"/api/sessions/s{chance.randrange(COUNT)}"
        match chance.randrange(5):
            case 0:
                await client.post("/api/sessions", json={"id": f"new{number}", "title": "2"})
            case 1:
                await client.patch(session, json={"title": f"{chance.randrange(9)}"})
            case 2:
                body = question(script="deltas=1")
                await client.post(f"{session}/messages", json=body)
            case 3:
                deleted.add(session.rpartition("/")[2])
                await client.delete(session)
            case _:
                await client.post(f"{session}/restore")

    url = f"/api/sessions?sort={sort}&order={order}&limit="
    first = [one["id"] for one in (await client.get(f"{url}{COUNT}")).json()["sessions"]]
    assert len(first) == COUNT
    seen: list[str] = []
    async with Writers(write) as writers:
        page = (await client.get(f"{url}3")).json()
        seen += [one["id"] for one in page["sessions"]]
        while page["next"] is not None:
            await writers.some()
            page = (await client.get(f"{url}3&cursor={page['next']}")).json()
            seen += [one["id"] for one in page["sessions"]]
            assert len(seen) < 1000
    assert len(seen) == len(set(seen)), "repeated"
    assert set(first) - deleted <= set(seen), "skipped"
    known = [one for one in seen if one in first]
    assert known == [one for one in first if one in known], "out of order"


@pytest.mark.parametrize("towards", ["before", "after"])
async def test_messages_while_others_write(
    served: tuple[httpx2.AsyncClient, Squid], towards: str
) -> None:
    """Of the branch that is shown: while it grows, and its messages come and go."""
    client, _ = served
    run = await asked(client, script="deltas=1")
    session = f"/api/sessions/{run['session']['id']}"
    for number in range(COUNT // 2 - 1):
        await asked(client, f"q{number}", "deltas=1", session_id=run["session"]["id"])
    url = f"{session}/messages?limit="
    first = [one["id"] for one in (await client.get(f"{url}{COUNT}")).json()["messages"]]
    assert len(first) == COUNT
    deleted: set[str] = set()
    fixed = {first[0], first[-1]}  # where the reader begins
    said: list[str] = []

    async def write(chance: random.Random, number: int) -> None:
        message = chance.choice([one for one in first if one not in fixed])
        match chance.randrange(4):
            case 0 if len(said) < 20:
                sent = await client.post(f"{session}/messages", json=question("x", "deltas=1"))
                if sent.status_code == 202:  # or another one is being answered
                    said.extend(one["id"] for one in sent.json()["messages"])
                    await ended(client, sent.json()["run"]["id"])
            case 1:
                deleted.add(message)
                await client.delete(f"/api/messages/{message}")
            case 2:
                await client.post(f"/api/messages/{message}/restore")
            case _ if towards == "before":
                # Another branch beside what the reader has passed already.
                await client.post(f"/api/messages/{first[-1]}/retry", json={})
            case _:
                await client.patch(session, json={"title": f"{number}"})

    backwards = towards == "before"
    seen = [first[-1] if backwards else first[0]]
    more = True
    async with Writers(write) as writers:
        while more:
            await writers.some()
            at = seen[0] if backwards else seen[-1]
            page = (await client.get(f"{url}3&{towards}={at}")).json()
            found = [one["id"] for one in page["messages"]]
            seen = [*found, *seen] if backwards else [*seen, *found]
            more = page["older"] if backwards else page["newer"]
            assert len(seen) < 500
    assert len(seen) == len(set(seen)), "repeated"
    assert set(first) - deleted <= set(seen), "skipped"
    known = [one for one in seen if one in first]
    assert known == [one for one in first if one in known], "out of order"
    assert set(seen) <= {*first, *said}
