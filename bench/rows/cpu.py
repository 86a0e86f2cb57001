"""What a delta costs of the processor when answers come as fast as models write."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench import asking, processes
from bench.figure import Figure, short
from bench.options import Options, in_turn

AT_ONCE, DELTAS, DELAY_MS, TRIES = 100, 500, 10, 3
REST_SECONDS = 0.3
"""For what is done behind the end of an answer, which belongs to it."""


def measure(options: Options) -> Iterator[Figure]:
    deltas = 50 if options.quick else DELTAS
    name = asking.model(deltas=deltas, delay_ms=DELAY_MS)
    with (
        tempfile.TemporaryDirectory() as folder,
        processes.upstream() as up,
        processes.relay(up) as relay,
        processes.both(Path(folder), up) as squids,
    ):
        servers = {**squids, "relay": relay}
        asks = asking.all_of(**servers)
        for ask in asks.values():
            ask(20, asking.model())
        costs: dict[str, list[float]] = {key: [] for key in asks}
        rates: dict[str, list[float]] = {key: [] for key in asks}
        for key in in_turn(tuple(asks), options.tries(TRIES)):
            spent: dict[str, float] = {}
            with processes.cpu_of({key: servers[key]}, spent):
                load = asks[key](AT_ONCE, name)
                time.sleep(REST_SECONDS)
            costs[key].append(spent[key] / load.deltas * 1e6)
            rates[key].append(load.deltas / load.wall)
        theirs = statistics.median(costs["relay"])
        for way in processes.SYNCHRONOUS:
            came, relayed = (short(statistics.median(rates[key])) for key in (way, "relay"))
            barred = way == "full"
            yield Figure(
                row="cpu",
                name=f"CPU per delta, {AT_ONCE} answers at 100 deltas/s, synchronous={way}",
                unit="µs",
                values=tuple(costs[way]),
                beside=f"relay {short(theirs)} µs",
                bar="the relay's" if barred else "",
                reached=statistics.median(costs[way]) <= theirs if barred else None,
                note=f"deltas/s that came: {came}, through the relay {relayed}",
            )
