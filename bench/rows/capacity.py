"""How many answers a server keeps up with, at 50 deltas a second each."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from bench import asking, processes
from bench.figure import Figure, short
from bench.load import Load
from bench.options import Options

STEPS = (25, 50, 100, 150, 200, 250, 300, 400, 500, 700, 1000)
DELTAS, DELAY_MS = 150, 20
LAG_SECONDS = 0.25
"""An answer has fallen behind where one delta of a hundred comes later than this after it
was sent,"""
RATE = 0.95
"""or where they come slower than this beside the upstream asked directly."""
WARM_SECONDS = 1.0
"""All of them begin in the same instant, which is the row `first`."""


class Pace(NamedTuple):
    p99: float
    """How old a delta was when it came, in seconds."""
    seconds: float
    """From an answer's first delta to its end."""

    @classmethod
    def of(cls, load: Load) -> Pace:
        late = [lag for at, lag in load.lags if at >= WARM_SECONDS]
        took = [end - first for first, end in zip(load.first, load.ended, strict=True)]
        return cls(statistics.quantiles(late, n=100)[-1], statistics.fmean(took))


def measure(options: Options) -> Iterator[Figure]:
    name = asking.model(text="clock", size=24, deltas=DELTAS, delay_ms=DELAY_MS)
    with (
        tempfile.TemporaryDirectory() as folder,
        processes.upstream() as up,
        processes.relay(up) as relay,
        processes.both(Path(folder), up) as squids,
    ):
        asks = asking.all_of(**squids, relay=relay, upstream=up)
        for ask in asks.values():
            ask(20, asking.model())
        own = asks.pop("upstream")
        most = dict.fromkeys(asks, 0)
        said = dict.fromkeys(asks, "more were not tried")
        still = list(asks)
        for step in STEPS[:2] if options.quick else STEPS:
            its = Pace.of(own(step, name))
            for key in tuple(still):
                pace = Pace.of(asks[key](step, name))
                rate = its.seconds / pace.seconds
                if pace.p99 <= LAG_SECONDS and rate >= RATE:
                    most[key] = step
                else:
                    still.remove(key)
                    said[key] = (
                        f"at {step}, p99 {short(pace.p99 * 1000)} ms behind and at {rate:.0%} of"
                        f" the upstream's rate ({short(DELTAS / its.seconds)} deltas/s each)"
                    )
            if not still:
                break
    for key in asks:
        who = "the relay" if key == "relay" else f"synchronous={key}"
        yield Figure(
            row="capacity",
            name=f"answers in flight at 50 deltas/s until the first falls behind, {who}",
            unit="at once",
            values=(most[key],),
            beside=said[key],
        )
