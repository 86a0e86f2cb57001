"""What a command costs before it does anything, and what a short question costs."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench import asking, processes
from bench.report import Figure, rate

TRIES = 15


def seconds(command: Sequence[str], env: Mapping[str, str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, env=env, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    return time.perf_counter() - begun


def measure() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder, processes.upstream() as up:
        env = processes.environment()
        squid_command = [sys.executable, "-m", "squid"]
        help_, bare = [], []
        for _ in range(TRIES):
            bare.append(seconds([sys.executable, "-c", "pass"], env) * 1000)
            help_.append(seconds([*squid_command, "--help"], env) * 1000)
        yield Figure(
            row="commands",
            name="squid --help",
            unit="ms",
            values=tuple(help_),
            beside=f"python -c pass: {rate(statistics.median(bare))} ms",
            bar="150 ms",
            reached=statistics.median(help_) <= 150,
        )
        llm = _llm(Path(folder) / "llm", up)
        with processes.squid(Path(folder) / "data", up) as squid:
            name = asking.model(deltas=1)
            asks = {
                "squid": (
                    [*squid_command, "ask", "--model", name, "Go"],
                    processes.environment(SQUID_DATA=str(Path(folder) / "data")),
                ),
                **({"llm": llm(name)} if llm else {}),
            }
            asking.squid(squid, 1, name)
            took: dict[str, list[float]] = {key: [] for key in asks}
            for _ in range(TRIES):
                for key, (command, its) in asks.items():
                    took[key].append(seconds(command, its) * 1000)
        theirs = statistics.median(took["llm"]) if llm else None
        yield Figure(
            row="commands",
            name="squid ask, through a running server, 1 delta",
            unit="ms",
            values=tuple(took["squid"]),
            beside=f"llm {rate(theirs)} ms" if theirs else "llm: not measured (no package index)",
            bar="a quarter of llm's",
            reached=statistics.median(took["squid"]) <= theirs / 4 if theirs else None,
        )


def _llm(home: Path, upstream: processes.Running):  # type: ignore[no-untyped-def]
    """How to ask with `llm`, installed into an environment of its own; None without an index."""
    venv.create(home, with_pip=True)
    pip = [str(home / "bin/python"), "-m", "pip", "install", "--quiet", "llm", "llm-anthropic"]
    if subprocess.run(pip, capture_output=True).returncode:
        return None
    env = {
        **processes.environment(),
        "LLM_USER_PATH": str(home / "user"),
        "ANTHROPIC_API_KEY": "bench",
        "ANTHROPIC_BASE_URL": upstream.url,
        "PATH": os.environ.get("PATH", ""),
    }
    return lambda name: ([str(home / "bin/llm"), "-m", "claude-sonnet-4.5", "Go"], env)
