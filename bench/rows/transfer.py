"""Taking a long conversation out, and in."""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench import asking, processes, seed
from bench.figure import Figure, at_most, short
from bench.http import Client
from bench.options import Options, in_turn

MESSAGES, TRIES = 10_000, 5


def measure(options: Options) -> Iterator[Figure]:
    def fill(db: sqlite3.Connection) -> None:
        seed.session(db, MESSAGES, id="long")

    tries = options.tries(TRIES)
    with tempfile.TemporaryDirectory() as folder, processes.upstream() as up:
        seed.database(Path(folder) / "from", fill)
        out: list[float] = []
        with processes.squid(Path(folder) / "from", up) as squid:
            client = Client(squid)
            asking.warm(squid)
            for _ in range(tries):
                took, document = client.timed("GET", "/api/sessions/long/export")
                out.append(took)
        size = len(document)
        into: dict[str, list[float]] = {way: [] for way in processes.SYNCHRONOUS}
        for number, way in enumerate(in_turn(processes.SYNCHRONOUS, tries)):
            # A new server each: what is there already is not imported again.
            data = Path(folder) / f"to-{number}"
            with processes.squid(data, up, synchronous=way) as squid:
                client = Client(squid)
                asking.warm(squid)
                into[way].append(client.ms("POST", "/api/import", document))
    said = f"of a session of {MESSAGES:,} messages"
    yield at_most(
        300,
        row="transfer",
        name=f"export {said}",
        unit="ms",
        values=tuple(out),
        beside=_throughput(size, out),
    )
    yield at_most(
        1000,
        row="transfer",
        name=f"import {said}, synchronous=full",
        unit="ms",
        values=tuple(into["full"]),
        beside=_throughput(size, into["full"]),
    )
    yield Figure(
        row="transfer",
        name=f"import {said}, synchronous=normal",
        unit="ms",
        values=tuple(into["normal"]),
        beside=_throughput(size, into["normal"]),
    )


def _throughput(size: int, took: list[float]) -> str:
    return f"{size / 1e6:.1f} MB: {short(size / statistics.median(took) / 1000)} MB/s"
