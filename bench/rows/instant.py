"""A hundred questions in the same instant: none is turned away, none is cut short."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from bench import asking, processes
from bench.figure import Figure
from bench.options import Options, in_turn

AT_ONCE, TIMES, DELTAS = 100, 10, 50


def measure(options: Options) -> Iterator[Figure]:
    name = asking.model(deltas=DELTAS)
    with (
        tempfile.TemporaryDirectory() as folder,
        processes.upstream() as up,
        processes.both(Path(folder), up) as squids,
    ):
        asks = asking.all_of(**squids)
        accepted = dict.fromkeys(asks, 0)
        walls: dict[str, list[float]] = {key: [] for key in asks}
        for key in in_turn(tuple(asks), options.tries(TIMES)):
            load = asks[key](AT_ONCE, name)
            accepted[key] += load.statuses.count(200)
            walls[key].append(load.wall)
        for way in processes.SYNCHRONOUS:
            whole = _stored(Path(folder) / way / "squid.db", asking.answer(name))
            asked = AT_ONCE * len(walls[way])
            barred = way == "full"
            yield Figure(
                row="instant",
                name=f"{AT_ONCE} questions in the same instant until all are answered,"
                f" synchronous={way}",
                unit="s",
                values=tuple(walls[way]),
                beside=f"{accepted[way]:,} of {asked:,} accepted, {whole:,} stored whole",
                bar="every one" if barred else "",
                reached=accepted[way] == whole == asked if barred else None,
            )


def _stored(path: Path, answer: str) -> int:
    """How many answers are there, to the letter."""
    with closing(sqlite3.connect(path)) as db:
        rows = db.execute(
            "SELECT count(*) FROM messages"
            " WHERE role = 'assistant' AND status = 'complete' AND content = ?",
            (answer,),
        )
        return int(rows.fetchone()[0])
