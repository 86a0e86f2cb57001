"""A list of sessions, and a word in all of them."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from bench import asking, processes, seed
from bench.figure import Figure, at_most
from bench.http import Client
from bench.options import Options, in_turn

SESSIONS, MESSAGES, TRIES = 1000, 20, 50
ASKED = {
    f"a page of the list of {SESSIONS:,} sessions": ("limit=50", 3.0),
    "filter by a word that nobody said": ("text=nowhere", 10.0),
    "filter by a word that everybody said": ("text=squid", 10.0),
    "filter by a word of one title": (f"text={quote('Session 0077')}", 10.0),
}


def measure(options: Options) -> Iterator[Figure]:
    def fill(db: sqlite3.Connection) -> None:
        for number in range(SESSIONS):
            seed.session(db, MESSAGES, title=f"Session {number:04}")

    with tempfile.TemporaryDirectory() as folder, processes.upstream() as up:
        seed.database(Path(folder), fill)
        with processes.squid(Path(folder), up) as squid:
            client = Client(squid)
            cold = [client.ms("GET", "/api/sessions?limit=50") for _ in range(options.tries(TRIES))]
            took: dict[str, list[float]] = {name: [] for name in ASKED}
            asking.warm(squid)
            for name in in_turn(tuple(ASKED), options.tries(TRIES)):
                took[name].append(client.ms("GET", f"/api/sessions?{ASKED[name][0]}"))
    for name, (_, limit) in ASKED.items():
        yield at_most(limit, row="lists", name=name, unit="ms", values=tuple(took[name]))
    yield Figure(
        row="lists",
        name="a page of the list, right after the start, while the SDK is loaded",
        unit="ms",
        values=tuple(cold),
    )
