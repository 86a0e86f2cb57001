"""How fast answers can be written, committed and shown."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench import asking, processes
from bench.figure import Figure, short
from bench.options import Options, in_turn

DELTAS = 500
TRIES = 7
TIMES = {1: 40, 20: 5, 100: 1}
"""Answers at once, and how often in a try, one behind the other: one alone is over in no
time, and would be over before the processor is awake."""
BARS = {1: 4.0, 20: 6.0, 100: 6.0}
"""How many times the relay's rate they have to reach."""


def measure(options: Options) -> Iterator[Figure]:
    name = asking.model(deltas=DELTAS)
    with (
        tempfile.TemporaryDirectory() as folder,
        processes.upstream() as up,
        processes.relay(up) as relay,
        processes.both(Path(folder), up) as squids,
    ):
        servers = {**squids, "relay": relay}
        asks = asking.all_of(**servers)
        for ask in asks.values():
            ask(options.tries(20), name)  # what is loaded by the first question
        for at_once, bar in BARS.items():
            rates: dict[str, list[float]] = {key: [] for key in asks}
            used: dict[str, dict[str, float]] = {key: {} for key in asks}
            walls = dict.fromkeys(asks, 0.0)
            for key in in_turn(tuple(asks), options.tries(TRIES)):
                spent: dict[str, float] = {}
                with processes.cpu_of({"server": servers[key], "upstream": up}, spent):
                    load = asks[key](at_once, name, TIMES[at_once])
                rates[key].append(load.deltas / load.wall)
                for who, cpu in {**spent, "client": load.cpu}.items():
                    used[key][who] = used[key].get(who, 0.0) + cpu
                walls[key] += load.wall
            base = statistics.median(rates["relay"])
            for way in processes.SYNCHRONOUS:
                times = statistics.median(rates[way]) / base
                shares = (f"{who} {cpu / walls[way]:.0%}" for who, cpu in used[way].items())
                barred = way == "full"
                yield Figure(
                    row="deltas",
                    name=f"durable deltas, {at_once} at once, synchronous={way}",
                    unit="/s",
                    values=tuple(rates[way]),
                    beside=f"relay {short(base)} /s: {times:.1f} ×",
                    bar=f"{bar:g} × the relay" if barred else "",
                    reached=times >= bar if barred else None,
                    note=f"of a core: {', '.join(shares)}",
                )
