"""How soon the first piece of an answer is shown."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench import asking, processes
from bench.report import Figure, rate

ALONE, CROWD, TRIES = 40, 100, 5


def measure() -> Iterator[Figure]:
    with (
        tempfile.TemporaryDirectory() as folder,
        processes.upstream() as up,
        processes.relay(up) as relay,
        processes.squid(Path(folder), up) as squid,
    ):
        asks = {
            "upstream": lambda at_once, name: asking.upstream(up, at_once, name),
            "relay": lambda at_once, name: asking.relay(relay, at_once, name),
            "squid": lambda at_once, name: asking.squid(squid, at_once, name),
        }
        alone: dict[str, list[float]] = {key: [] for key in asks}
        for _ in range(ALONE):
            for key, ask in asks.items():
                alone[key].append(ask(1, asking.model(deltas=20, delay_ms=1)).first[0] * 1000)
        own = statistics.median(alone["upstream"])
        after = [first - own for first in alone["squid"]]
        relayed = statistics.median(alone["relay"]) - own
        yield Figure(
            row="first",
            name="first delta after the upstream's own, 1 answer",
            unit="ms",
            values=tuple(after),
            beside=f"upstream {rate(own)} ms; relay {rate(relayed)} ms after it",
            bar="8 ms",
            reached=statistics.median(after) <= 8,
        )
        crowd: dict[str, list[float]] = {key: [] for key in asks}
        for _ in range(TRIES):
            for key, ask in asks.items():
                first = ask(CROWD, asking.model(deltas=500)).first
                crowd[key].append(statistics.quantiles(first, n=20)[-1] * 1000)
        theirs = statistics.median(crowd["relay"])
        yield Figure(
            row="first",
            name="first delta, 100 at once, p95",
            unit="ms",
            values=tuple(crowd["squid"]),
            beside=f"relay {rate(theirs)} ms; upstream {rate(statistics.median(crowd['upstream']))} ms",
            bar="a tenth of the relay's",
            reached=statistics.median(crowd["squid"]) <= theirs / 10,
        )
