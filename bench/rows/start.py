"""How soon a server is ready, also a beaten one."""

from __future__ import annotations

import http.client
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench import processes, seed
from bench.report import Figure

RUNS, EVENTS, TRIES = 1000, 100, 5


def ready_seconds(data: Path, upstream: processes.Running) -> float:
    begun = time.perf_counter()
    with processes.squid(data, upstream) as squid:
        connection = http.client.HTTPConnection("127.0.0.1", squid.port)
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
        return time.perf_counter() - begun


def measure() -> Iterator[Figure]:
    def fill(db: sqlite3.Connection) -> None:
        for _ in range(RUNS):
            seed.cut_run(db, EVENTS)

    with tempfile.TemporaryDirectory() as folder, processes.upstream() as up:
        ready_seconds(Path(folder) / "warm", up)  # what the system reads from the disk once
        empty, beaten = [], []
        for number in range(TRIES):
            empty.append(ready_seconds(Path(folder) / f"empty-{number}", up))
            data = Path(folder) / f"cut-{number}"
            seed.database(data, fill)
            beaten.append(ready_seconds(data, up))
        for name, took, bar in (
            ("from nothing to ready", empty, 0.6),
            (f"to ready with {RUNS:,} runs cut by kill -9", beaten, 1.0),
        ):
            yield Figure(
                row="start",
                name=name,
                unit="s",
                values=tuple(took),
                bar=f"{bar} s",
                reached=statistics.median(took) <= bar,
            )
