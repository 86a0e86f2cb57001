"""What a server holds in memory."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench import asking, processes
from bench.figure import Figure, at_most
from bench.http import Client
from bench.options import Options

AT_ONCE, TRIES = 100, 3
SHOWN = (20, 500)
"""How many deltas of an answer there were before it stood still."""


def measure(options: Options) -> Iterator[Figure]:
    idle: list[float] = []
    loaded: list[float] = []
    each: dict[int, list[float]] = {deltas: [] for deltas in SHOWN}
    with processes.upstream() as up:
        for _ in range(options.tries(TRIES)):
            for deltas in SHOWN:
                # A server each, or what one has freed would hide what the next one takes.
                with (
                    tempfile.TemporaryDirectory() as folder,
                    processes.squid(Path(folder), up) as squid,
                ):
                    Client(squid).ms("GET", "/api/sessions")
                    idle.append(processes.memory_mb(squid.pid))
                    asking.squid(squid, 1, asking.model(deltas=deltas))
                    before = processes.memory_mb(squid.pid)
                    loaded.append(before)
                    more = _held(squid, deltas) - before
                    each[deltas].append(more / AT_ONCE * 1000)
    yield at_most(
        60,
        row="memory",
        name="idle, before the SDK is loaded",
        unit="MB",
        values=tuple(idle),
    )
    yield Figure(row="memory", name="idle, with the SDK loaded", unit="MB", values=tuple(loaded))
    for deltas in SHOWN:
        yield at_most(
            100,
            row="memory",
            name=f"an answer in flight, {deltas} deltas into it ({AT_ONCE} of them)",
            unit="KB",
            values=tuple(each[deltas]),
        )


def _held(squid: processes.Running, deltas: int) -> float:
    """The server's memory while answers stand still that many deltas into them."""
    command = [sys.executable, "-m", "bench.hold", squid.url, str(AT_ONCE), str(deltas)]
    with subprocess.Popen(
        command, env=processes.environment(), stdout=subprocess.PIPE, stdin=subprocess.PIPE
    ) as holding:
        try:
            assert holding.stdout is not None
            if holding.stdout.readline() != b"held\n":
                raise RuntimeError("the answers could not be held")
            time.sleep(0.5)  # what is freed late
            return processes.memory_mb(squid.pid)
        finally:
            holding.kill()
