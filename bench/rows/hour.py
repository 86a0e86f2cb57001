"""What a server holds in memory through an hour of steady load."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench import asking, processes
from bench.figure import Figure, short
from bench.options import Options

AT_ONCE, PER_SECOND, SECONDS = 20, 50, 60


def measure(options: Options) -> Iterator[Figure]:
    """20 answers at once, at 50 deltas a second each, and 20 more when they have ended."""
    minutes = min(options.minutes, 0.1) if options.quick else options.minutes
    seconds = min(SECONDS, minutes * 60 / 2)
    name = asking.model(deltas=int(PER_SECOND * seconds), delay_ms=1000 // PER_SECOND)
    values, deltas = [], 0
    with (
        tempfile.TemporaryDirectory() as folder,
        processes.upstream() as up,
        processes.squid(Path(folder), up) as squid,
    ):
        asking.squid(squid, AT_ONCE, asking.model())
        begun = time.monotonic()
        while time.monotonic() - begun < minutes * 60:
            deltas += asking.squid(squid, AT_ONCE, name).deltas
            values.append(processes.memory_mb(squid.pid))
        took = (time.monotonic() - begun) / 60
        size = sum(path.stat().st_size for path in Path(folder).glob("squid.db*") if path.is_file())
    half = values[len(values) // 2 :]
    yield Figure(
        row="hour",
        name=f"memory through {short(took)} minutes of {AT_ONCE} answers at {PER_SECOND} deltas/s",
        unit="MB",
        values=tuple(values),
        beside=f"first {short(values[0])} MB, last {short(values[-1])} MB;"
        f" in its second half {short(_slope(half))} MB more each minute",
        note=f"{deltas:,} deltas; {short(size / 1e6)} MB on the disk",
    )


def _slope(values: list[float]) -> float:
    if len(values) < 2:
        return 0.0
    return statistics.linear_regression(range(len(values)), values).slope
