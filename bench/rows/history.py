"""A long conversation opens and goes on like a short one."""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench import asking, processes, seed
from bench.http import Client
from bench.report import Figure, rate

LONG, SHORT, TRIES = 10_000, 20, 50


def measure() -> Iterator[Figure]:
    def fill(db: sqlite3.Connection) -> None:
        seed.session(db, LONG, id="long")
        for number in range(TRIES):
            seed.session(db, SHORT, id=f"short-{number}")

    with tempfile.TemporaryDirectory() as folder, processes.upstream() as up:
        seed.database(Path(folder), fill)
        with processes.squid(Path(folder), up) as squid:
            client = Client(squid)
            client.ms("GET", "/api/server")
            page = {"long": [], "short": []}
            for number in range(TRIES):
                for key, id in (("long", "long"), ("short", f"short-{number}")):
                    # By another limit, so that it comes from the database and not the cache.
                    path = f"/api/sessions/{id}/messages?limit=49"
                    page[key].append(client.ms("GET", path))
            yield Figure(
                row="history",
                name=f"newest page of a session of {LONG:,} messages",
                unit="ms",
                values=tuple(page["long"]),
                beside=f"of {SHORT}: {rate(statistics.median(page['short']))} ms",
                bar="5 ms",
                reached=statistics.median(page["long"]) <= 5,
            )
            name = asking.model(deltas=5)
            asking.squid(squid, 1, name)
            first = {"long": [], "short": []}
            for number in range(20):
                for key, id in (("long", "long"), ("short", f"short-{number}")):
                    load = asking.squid(squid, 1, name, session_id=id)
                    first[key].append(load.first[0] * 1000)
            base = statistics.median(first["short"])
            times = statistics.median(first["long"]) / base
            yield Figure(
                row="history",
                name=f"first delta of a follow-up in a session of {LONG:,} messages",
                unit="ms",
                values=tuple(first["long"]),
                beside=f"in one of {SHORT}: {rate(base)} ms ({times:.2f} ×)",
                bar="1.5 ×",
                reached=times <= 1.5,
            )
