"""How soon the first piece of an answer is shown."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench import asking, processes
from bench.figure import Figure, at_most, short
from bench.options import Options, in_turn

ALONE, CROWD, TRIES = 40, 100, 5
LIMIT_MS = 8.0


def measure(options: Options) -> Iterator[Figure]:
    with (
        tempfile.TemporaryDirectory() as folder,
        processes.upstream() as up,
        processes.relay(up) as relay,
        processes.both(Path(folder), up) as squids,
    ):
        asks = asking.all_of(**squids, relay=relay, upstream=up)
        for ask in asks.values():
            ask(20, asking.model())
        yield from _alone(asks, options)
        yield from _crowded(asks, options)


def _alone(asks: dict[str, asking.Ask], options: Options) -> Iterator[Figure]:
    name = asking.model(deltas=20, delay_ms=1)
    first: dict[str, list[float]] = {key: [] for key in asks}
    for key in in_turn(tuple(asks), options.tries(ALONE)):
        first[key].append(asks[key](1, name).first[0] * 1000)
    own = first["upstream"]
    # Each is held against the upstream's of the same moment.
    after = {
        key: tuple(one - its for one, its in zip(first[key], own, strict=True))
        for key in (*processes.SYNCHRONOUS, "relay")
    }
    beside = (
        f"upstream {short(statistics.median(own))} ms;"
        f" relay {short(statistics.median(after['relay']))} ms after it"
    )
    for way in processes.SYNCHRONOUS:
        said = f"first delta after the upstream's own, 1 answer, synchronous={way}"
        if way == "full":
            yield at_most(
                LIMIT_MS, row="first", name=said, unit="ms", values=after[way], beside=beside
            )
        else:
            yield Figure(row="first", name=said, unit="ms", values=after[way], beside=beside)


def _crowded(asks: dict[str, asking.Ask], options: Options) -> Iterator[Figure]:
    name = asking.model(deltas=500)
    late: dict[str, list[float]] = {key: [] for key in asks}
    for key in in_turn(tuple(asks), options.tries(TRIES)):
        first = asks[key](CROWD, name).first
        late[key].append(statistics.quantiles(first, n=20)[-1] * 1000)
    theirs, own = (statistics.median(late[key]) for key in ("relay", "upstream"))
    for way in processes.SYNCHRONOUS:
        median = statistics.median(late[way])
        barred = way == "full"
        yield Figure(
            row="first",
            name=f"first delta, {CROWD} at once, p95, synchronous={way}",
            unit="ms",
            values=tuple(late[way]),
            beside=f"relay {short(theirs)} ms: {median / theirs:.2f} ×; upstream {short(own)} ms",
            bar="0.1 × the relay" if barred else "",
            reached=median <= theirs / 10 if barred else None,
        )
