"""What becomes of the usual requests as the history grows to a million messages."""

from __future__ import annotations

import random
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench import asking, processes, seed
from bench.figure import Figure
from bench.http import Client
from bench.options import Options

SIZES = (10_000, 100_000, 1_000_000)
TRIES, SEARCHES = 40, 10
LONGEST = 2_000
"""Messages of a session. Half of the sessions have 12 or fewer, and a few are very long."""


def measure(options: Options) -> Iterator[Figure]:
    chance = random.Random(5)
    sizes = SIZES[:1] if options.quick else SIZES
    ids: list[str] = []
    there = 0
    with tempfile.TemporaryDirectory() as folder, processes.upstream() as up:
        data = Path(folder)
        for size in sizes:

            def fill(db: sqlite3.Connection, room: int = size - there) -> None:
                while room > 0:
                    count = min(room, LONGEST, 2 * max(1, round(chance.lognormvariate(1.8, 1.2))))
                    title = f"Session {len(ids)}"
                    ids.append(seed.session(db, count, title=title, said=seed.prose(chance)))
                    room -= count

            seed.database(data, fill)
            there = size
            mb = (data / "squid.db").stat().st_size / 1e6
            note = f"{len(ids):,} sessions, {mb:,.0f} MB on the disk"
            with processes.squid(data, up) as squid:
                for curve, took in _requests(squid, chance, ids, options):
                    yield Figure(
                        row="growth",
                        name=f"{curve}, at {size:,} messages",
                        unit="ms",
                        values=tuple(took),
                        note=note,
                        curve=curve,
                        at=size,
                    )
                    note = ""


def _requests(
    squid: processes.Running, chance: random.Random, ids: list[str], options: Options
) -> Iterator[tuple[str, list[float]]]:
    client = Client(squid)
    asking.warm(squid)
    tries, searches = options.tries(TRIES), options.tries(SEARCHES)
    # Each in a session that was not looked at yet: nothing comes from the cache.
    looked = iter(chance.sample(ids, 2 * tries))
    yield (
        "open a session",
        [client.ms("GET", f"/api/sessions/{next(looked)}/messages") for _ in range(tries)],
    )
    yield "list sessions", [client.ms("GET", "/api/sessions?limit=50") for _ in range(tries)]
    for curve, word in (
        ("search a word of every session", "squid"),
        ("search a word that nobody said", "cuttlefish"),
    ):
        path = f"/api/sessions?text={word}"
        yield curve, [client.ms("GET", path) for _ in range(searches)]
    client.close()
    name = asking.model(deltas=5)
    asking.squid(squid, 1, name)
    yield (
        "first delta of a message sent",
        [
            asking.squid(squid, 1, name, session_id=next(looked)).first[0] * 1000
            for _ in range(tries)
        ],
    )
