"""A long conversation opens and goes on like a short one."""

from __future__ import annotations

import shutil
import sqlite3
import statistics
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bench import asking, processes, seed
from bench.figure import Figure, at_most, short
from bench.http import Client
from bench.options import Options, in_turn

LONG, SHORT, PAGES, FOLLOW_UPS = 10_000, 20, 50, 20
MOST = 1.5
"""Times a short one's first delta."""


def measure(options: Options) -> Iterator[Figure]:
    def fill(db: sqlite3.Connection) -> None:
        seed.session(db, LONG, id="long")
        for number in range(PAGES):
            seed.session(db, SHORT, id=f"short-{number}")

    with tempfile.TemporaryDirectory() as folder, processes.upstream() as up:
        full, normal = (Path(folder) / way for way in processes.SYNCHRONOUS)
        seed.database(full, fill)
        shutil.copytree(full, normal)
        with processes.both(Path(folder), up) as squids:
            yield _newest_page(squids["full"], options.tries(PAGES))
            for way, squid in squids.items():
                yield _follow_up(squid, way, options.tries(FOLLOW_UPS))


def _newest_page(squid: processes.Running, tries: int) -> Figure:
    client = Client(squid)
    asking.warm(squid)
    took: dict[str, list[float]] = {"long": [], "short": []}
    for key in in_turn(tuple(took), tries):
        number = len(took["short"])
        id = key if key == "long" else f"short-{number}"
        # By another limit, so that it comes from the database and not the cache.
        took[key].append(client.ms("GET", f"/api/sessions/{id}/messages?limit=49"))
    return at_most(
        5,
        row="history",
        name=f"newest page of a session of {LONG:,} messages",
        unit="ms",
        values=tuple(took["long"]),
        beside=f"of {SHORT}: {short(statistics.median(took['short']))} ms",
    )


def _follow_up(squid: processes.Running, way: str, tries: int) -> Figure:
    name = asking.model(deltas=5)
    ask = partial(asking.squid, squid, 1, name)
    ask()
    first: dict[str, list[float]] = {"long": [], "short": []}
    for key in in_turn(tuple(first), tries):
        number = len(first["short"])
        load = ask(session_id=key if key == "long" else f"short-{number}")
        first[key].append(load.first[0] * 1000)
    base = statistics.median(first["short"])
    times = statistics.median(first["long"]) / base
    barred = way == "full"
    return Figure(
        row="history",
        name=f"first delta of a follow-up in a session of {LONG:,} messages, synchronous={way}",
        unit="ms",
        values=tuple(first["long"]),
        beside=f"in one of {SHORT}: {short(base)} ms ({times:.2f} ×)",
        bar=f"{MOST:g} ×" if barred else "",
        reached=times <= MOST if barred else None,
    )
