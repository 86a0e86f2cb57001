"""What a server holds in memory."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench import asking, processes
from bench.http import Client
from bench.report import Figure

AT_ONCE = 100


def measure() -> Iterator[Figure]:
    with (
        tempfile.TemporaryDirectory() as folder,
        processes.upstream() as up,
        processes.squid(Path(folder), up) as squid,
    ):
        client = Client(squid)
        client.ms("GET", "/api/sessions")
        idle = processes.memory_mb(squid.pid)
        yield Figure(
            row="memory",
            name="idle, before the SDK is loaded",
            unit="MB",
            values=(idle,),
            bar="60 MB",
            reached=idle <= 60,
        )
        asking.squid(squid, AT_ONCE, asking.model(deltas=50))
        loaded = processes.memory_mb(squid.pid)
        # Answers that have begun and do not end, held open by a client of their own.
        command = [sys.executable, "-m", "bench.hold", squid.url, str(AT_ONCE)]
        with subprocess.Popen(
            command, env=processes.environment(), stdout=subprocess.PIPE, stdin=subprocess.PIPE
        ) as holding:
            assert holding.stdout is not None
            holding.stdout.readline()
            time.sleep(0.5)  # what is freed late
            each = (processes.memory_mb(squid.pid) - loaded) / AT_ONCE * 1024
            holding.kill()
        yield Figure(
            row="memory",
            name=f"an answer in flight ({AT_ONCE} of them)",
            unit="KB",
            values=(each,),
            beside=f"{loaded:.0f} MB once the SDK is loaded and {AT_ONCE} were answered",
            bar="100 KB",
            reached=each <= 100,
        )
