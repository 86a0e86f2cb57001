"""What a delta costs when answers come as fast as people are answered."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench import asking, processes
from bench.report import Figure, rate

AT_ONCE, DELTAS = 100, 500


def measure() -> Iterator[Figure]:
    name = asking.model(deltas=DELTAS, delay_ms=10)
    with (
        tempfile.TemporaryDirectory() as folder,
        processes.upstream() as up,
        processes.relay(up) as relay,
        processes.squid(Path(folder) / "full", up) as full,
        processes.squid(Path(folder) / "normal", up, synchronous="normal") as normal,
    ):
        asks = {
            "full": (full, asking.squid),
            "normal": (normal, asking.squid),
            "relay": (relay, asking.relay),
        }
        costs: dict[str, list[float]] = {key: [] for key in asks}
        for server, ask in asks.values():
            ask(server, 1, asking.model(deltas=1))
        for _ in range(2):
            for key, (server, ask) in asks.items():
                before = processes.cpu_seconds(server.pid)
                load = ask(server, AT_ONCE, name)
                assert load.deltas == AT_ONCE * DELTAS, (key, load)
                spent = processes.cpu_seconds(server.pid) - before
                costs[key].append(spent / load.deltas * 1e6)
        theirs = sum(costs["relay"]) / len(costs["relay"])
        for key in ("full", "normal"):
            yield Figure(
                row="cpu",
                name=f"CPU per delta, 100 answers at 100 deltas/s, synchronous={key}",
                unit="µs",
                values=tuple(costs[key]),
                beside=f"relay {rate(theirs)} µs",
                bar="the relay's",
                reached=sum(costs[key]) / len(costs[key]) <= theirs,
            )
