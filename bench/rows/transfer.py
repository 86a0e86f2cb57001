"""Taking a long conversation out, and in."""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench import processes, seed
from bench.http import Client
from bench.report import Figure

MESSAGES, TRIES = 10_000, 5


def measure() -> Iterator[Figure]:
    def fill(db: sqlite3.Connection) -> None:
        seed.session(db, MESSAGES, id="long")

    with tempfile.TemporaryDirectory() as folder, processes.upstream() as up:
        seed.database(Path(folder) / "from", fill)
        out, into, size = [], [], 0
        with processes.squid(Path(folder) / "from", up) as squid:
            client = Client(squid)
            client.ms("GET", "/api/server")
            for _ in range(TRIES):
                took, document = client.timed("GET", "/api/sessions/long/export")
                out.append(took)
                size = len(document)
        for number in range(TRIES):
            with processes.squid(Path(folder) / f"to-{number}", up) as squid:
                client = Client(squid)
                client.ms("GET", "/api/server")
                into.append(client.ms("POST", "/api/import", document))
        for name, took_all, bar in (("export", out, 300), ("import", into, 1000)):
            middle = statistics.median(took_all)
            yield Figure(
                row="transfer",
                name=f"{name} of a session of {MESSAGES:,} messages",
                unit="ms",
                values=tuple(took_all),
                beside=f"{size / 1e6:.1f} MB: {size / middle / 1000:.0f} MB/s",
                bar=f"{bar} ms",
                reached=middle <= bar,
            )
