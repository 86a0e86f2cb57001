"""How fast answers can be written, committed and shown."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench import asking, processes
from bench.report import Figure, rate

DELTAS = 500
TRIES = 5
BARS = {1: 4.0, 20: 6.0, 100: 6.0}
"""Answers at once, and how many times the relay's rate they have to reach."""


def measure() -> Iterator[Figure]:
    name = asking.model(deltas=DELTAS)
    with (
        tempfile.TemporaryDirectory() as folder,
        processes.upstream() as up,
        processes.relay(up) as relay,
        processes.squid(Path(folder) / "full", up) as full,
        processes.squid(Path(folder) / "normal", up, synchronous="normal") as normal,
    ):
        asks = {
            "full": lambda at_once: asking.squid(full, at_once, name),
            "normal": lambda at_once: asking.squid(normal, at_once, name),
            "relay": lambda at_once: asking.relay(relay, at_once, name),
        }
        for ask in asks.values():
            ask(1)  # what is loaded by the first question
        for at_once, bar in BARS.items():
            rates: dict[str, list[float]] = {key: [] for key in asks}
            client = 0.0
            for _ in range(TRIES):  # side by side, so that a busy moment hits them all
                for key, ask in asks.items():
                    load = ask(at_once)
                    assert load.deltas == DELTAS * at_once, (key, load)
                    rates[key].append(load.deltas / load.wall)
                    client = max(client, load.cpu / load.wall)
            base = statistics.median(rates["relay"])
            for key in ("full", "normal"):
                times = statistics.median(rates[key]) / base
                yield Figure(
                    row="deltas",
                    name=f"durable, {at_once} at once, synchronous={key}",
                    unit="deltas/s",
                    values=tuple(rates[key]),
                    beside=f"relay {rate(base)}: {times:.1f} ×",
                    bar=f"{bar:g} × the relay",
                    reached=times >= bar,
                    note=f"The load client took {client:.0%} of a core at most.",
                )
