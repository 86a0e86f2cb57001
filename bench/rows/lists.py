"""A list of sessions, and a word in all of them."""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench import processes, seed
from bench.http import Client
from bench.report import Figure

SESSIONS, MESSAGES, TRIES = 1000, 20, 50


def measure() -> Iterator[Figure]:
    def fill(db: sqlite3.Connection) -> None:
        for number in range(SESSIONS):
            seed.session(db, MESSAGES, title=f"Session {number}")

    with tempfile.TemporaryDirectory() as folder, processes.upstream() as up:
        seed.database(Path(folder), fill)
        with processes.squid(Path(folder), up) as squid:
            client = Client(squid)
            client.ms("GET", "/api/server")
            for name, path, bar in (
                ("a page of the list of 1,000 sessions", "/api/sessions?limit=50", 3),
                ("a word that nobody said", "/api/sessions?text=nowhere", 10),
                ("a word that everybody said", "/api/sessions?text=squid", 10),
                ("a word that is in one title", "/api/sessions?text=Session 77", 10),
            ):
                took = [client.ms("GET", path.replace(" ", "%20")) for _ in range(TRIES)]
                yield Figure(
                    row="lists",
                    name=name,
                    unit="ms",
                    values=tuple(took),
                    bar=f"{bar} ms",
                    reached=statistics.median(took) <= bar,
                )
