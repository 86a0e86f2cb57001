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
from typing import NamedTuple

from bench import asking, processes
from bench.figure import Figure, at_most, short
from bench.options import Options, in_turn

TRIES = 15
LLMS = "claude-sonnet-4.5"
"""`llm` knows models by their names, so it cannot ask for one delta: the upstream gives it
its twenty words at once, which cost nothing beside the start of a program."""


class Command(NamedTuple):
    words: Sequence[str]
    env: Mapping[str, str]

    def ms(self) -> float:
        begun = time.perf_counter()
        done = subprocess.run(
            self.words, env=self.env, capture_output=True, stdin=subprocess.DEVNULL
        )
        took = (time.perf_counter() - begun) * 1000
        if done.returncode:
            raise RuntimeError(f"{self.words}: {done.stderr.decode()[-500:]}")
        return took


def measure(options: Options) -> Iterator[Figure]:
    tries = options.tries(TRIES)
    squid = [sys.executable, "-m", "squid"]
    env = processes.environment()
    took = _timed(
        {
            "bare": Command([sys.executable, "-c", "pass"], env),
            "help": Command([*squid, "--help"], env),
        },
        tries,
    )
    yield at_most(
        150,
        row="commands",
        name="squid --help",
        unit="ms",
        values=took["help"],
        beside=f"python -c pass: {short(statistics.median(took['bare']))} ms",
    )
    with (
        tempfile.TemporaryDirectory() as folder,
        processes.upstream() as up,
        processes.squid(Path(folder) / "data", up),
    ):
        name = asking.model(deltas=1)
        its = processes.environment(SQUID_DATA=str(Path(folder) / "data"))
        asks = {"squid": Command([*squid, "ask", "--model", name, "Go"], its)}
        version = ""
        if not options.quick:
            theirs = _llm(Path(folder) / "llm", up)
            if theirs is not None:
                asks["llm"], version = theirs
        took = _timed(asks, tries)
    said = "squid ask through a running server, an answer of 1 delta"
    if not version:
        yield Figure(row="commands", name=said, unit="ms", values=took["squid"])
        note = "a package index is wanted" if not options.quick else "it takes too long"
        yield Figure(row="commands", name="llm", unit="ms", note=note)
        return
    base = statistics.median(took["llm"])
    times = statistics.median(took["squid"]) / base
    yield Figure(
        row="commands",
        name=said,
        unit="ms",
        values=took["squid"],
        beside=f"llm {version} {short(base)} ms: {times:.2f} ×",
        bar="0.25 × llm",
        reached=times <= 0.25,
    )


def _timed(commands: Mapping[str, Command], tries: int) -> dict[str, tuple[float, ...]]:
    for command in commands.values():
        command.ms()  # what the disk is read for once
    took: dict[str, list[float]] = {name: [] for name in commands}
    for name in in_turn(tuple(commands), tries):
        took[name].append(commands[name].ms())
    return {name: tuple(its) for name, its in took.items()}


def _llm(home: Path, upstream: processes.Running) -> tuple[Command, str] | None:
    """How to ask with `llm`, installed into an environment of its own, and its version;
    None where it cannot be installed."""
    python = str(home / "bin/python")
    clean = {key: value for key, value in processes.environment().items() if key != "PYTHONPATH"}
    try:
        venv.create(home, with_pip=True)
        install = [python, "-m", "pip", "install", "--quiet", "llm", "llm-anthropic"]
        if subprocess.run(install, env=clean, capture_output=True, timeout=240).returncode:
            return None
        version = subprocess.run(
            [str(home / "bin/llm"), "--version"], env=clean, capture_output=True, text=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    env = {
        **clean,
        "LLM_USER_PATH": str(home / "user"),
        "ANTHROPIC_API_KEY": "bench",
        "ANTHROPIC_BASE_URL": upstream.url,
        "PATH": os.environ.get("PATH", ""),
    }
    return Command([str(home / "bin/llm"), "-m", LLMS, "Go"], env), version.stdout.split()[-1]
