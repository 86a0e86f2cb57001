"""How soon a server is ready, also a beaten one."""

from __future__ import annotations

import http.client
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench import processes, seed
from bench.figure import Figure, at_most
from bench.options import Options, in_turn

RUNS, EVENTS, TRIES = 1000, 100, 5
EMPTY, CUT, CUT_NORMAL = (
    "from nothing to ready",
    f"to ready with {RUNS:,} runs cut by kill -9, synchronous=full",
    f"to ready with {RUNS:,} runs cut by kill -9, synchronous=normal",
)


def ready_seconds(data: Path, upstream: processes.Running, synchronous: str) -> float:
    begun = time.perf_counter()
    with processes.squid(data, upstream, synchronous=synchronous) as squid:
        connection = http.client.HTTPConnection("127.0.0.1", squid.port)
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        answer.read()
        took = time.perf_counter() - begun
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"it says where it is and is not ready: {answer.status}")
        return took


def measure(options: Options) -> Iterator[Figure]:
    def fill(db: sqlite3.Connection) -> None:
        for _ in range(RUNS):
            seed.cut_run(db, EVENTS)

    took: dict[str, list[float]] = {EMPTY: [], CUT: [], CUT_NORMAL: []}
    with tempfile.TemporaryDirectory() as folder, processes.upstream() as up:
        beaten = Path(folder) / "beaten"
        seed.database(beaten, fill)
        ready_seconds(Path(folder) / "warm", up, "full")  # what the disk is read for once
        for number, name in enumerate(in_turn(tuple(took), options.tries(TRIES))):
            data = Path(folder) / str(number)
            if name != EMPTY:
                shutil.copytree(beaten, data)
            way = "normal" if name == CUT_NORMAL else "full"
            took[name].append(ready_seconds(data, up, way))
            shutil.rmtree(data)
    for name, limit in ((EMPTY, 0.6), (CUT, 1.0)):
        yield at_most(limit, row="start", name=name, unit="s", values=tuple(took[name]))
    yield Figure(row="start", name=CUT_NORMAL, unit="s", values=tuple(took[CUT_NORMAL]))
