"""A hundred questions in the same instant: none is turned away, none is cut short."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from bench import asking, processes
from bench.report import Figure

AT_ONCE, TIMES, DELTAS = 100, 10, 50


def measure() -> Iterator[Figure]:
    with (
        tempfile.TemporaryDirectory() as folder,
        processes.upstream() as up,
        processes.squid(Path(folder), up) as squid,
    ):
        accepted, walls = 0, []
        for _ in range(TIMES):
            load = asking.squid(squid, AT_ONCE, asking.model(deltas=DELTAS))
            accepted += load.statuses.count(200)
            walls.append(load.wall)
        with closing(sqlite3.connect(Path(folder) / "squid.db")) as db:
            whole = db.execute(
                "SELECT count(*) FROM messages WHERE role = 'assistant' AND status = 'complete'"
                " AND length(content) = ?",
                (DELTAS * 8,),
            ).fetchone()[0]
    asked = AT_ONCE * TIMES
    yield Figure(
        row="instant",
        name="100 questions in the same instant, 10 times",
        unit="s until all 100 are answered",
        values=tuple(walls),
        beside=f"{accepted} of {asked} accepted, {whole} stored whole",
        bar="every one",
        reached=accepted == whole == asked,
    )
