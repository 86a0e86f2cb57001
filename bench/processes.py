"""The processes that are measured, and the ones that they are measured beside.

The model's server is the loopback double that the tests use (tests/upstream): it sends as
fast as it is read, or as slowly as the model's name says.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
TICKS = os.sysconf("SC_CLK_TCK")
START_SECONDS = 60.0
SYNCHRONOUS = ("full", "normal")
"""What `[database] synchronous` may be. The first is the default, and what the bars are for."""


class Running(NamedTuple):
    url: str
    pid: int

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])


def environment(**more: str) -> dict[str, str]:
    """Nothing of the machine's own settings."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SQUID_", "ANTHROPIC_"))
    }
    path = os.pathsep.join(filter(None, [str(ROOT), clean.get("PYTHONPATH")]))
    return {**clean, "PYTHONPATH": path, "XDG_CONFIG_HOME": "/nonexistent", **more}


@contextlib.contextmanager
def started(command: Sequence[str], env: Mapping[str, str], cwd: Path = ROOT) -> Iterator[Running]:
    """A server that says its URL as the last word of its first line."""
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command, env=env, cwd=cwd, stdout=subprocess.PIPE, stderr=errors, text=True
        )
        late = threading.Timer(START_SECONDS, process.kill)
        late.start()
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            late.cancel()
            if "http://" not in line:
                errors.seek(0)
                raise RuntimeError(f"{command} did not start: {line}{errors.read().decode()}")
            yield Running(line.split()[-1], process.pid)
        finally:
            late.cancel()
            process.send_signal(signal.SIGKILL)
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


@contextlib.contextmanager
def upstream() -> Iterator[Running]:
    """The model's server. It does not look at what it is asked: that would be its time."""
    command = [sys.executable, "-m", "tests.upstream", "--careless"]
    with started(command, environment()) as running:
        yield running


@contextlib.contextmanager
def squid(data: Path, upstream: Running, *, synchronous: str = "full") -> Iterator[Running]:
    """`squid serve`, as a user starts it."""
    env = environment(
        SQUID_DATA=str(data),
        SQUID_PROVIDER_NAME="anthropic",
        SQUID_PROVIDER_ANTHROPIC_API_KEY="bench",
        SQUID_PROVIDER_ANTHROPIC_BASE_URL=upstream.url,
        SQUID_DATABASE_SYNCHRONOUS=synchronous,
    )
    data.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "squid", "serve", "--port", "0"]
    with started(command, env, cwd=data) as running:
        yield running


@contextlib.contextmanager
def both(folder: Path, upstream: Running) -> Iterator[dict[str, Running]]:
    """A Squid for each way to be synchronous, on `full` and `normal` in the folder."""
    with contextlib.ExitStack() as stack:
        yield {
            way: stack.enter_context(squid(folder / way, upstream, synchronous=way))
            for way in SYNCHRONOUS
        }


@contextlib.contextmanager
def relay(upstream: Running) -> Iterator[Running]:
    """A bare Starlette relay that uses the SDK's typed stream and stores nothing."""
    env = environment(ANTHROPIC_API_KEY="bench", ANTHROPIC_BASE_URL=upstream.url)
    with started([sys.executable, "-m", "bench.relay"], env) as running:
        yield running


def cpu_seconds(pid: int) -> float:
    """What a process has taken of the processors, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


@contextlib.contextmanager
def cpu_of(servers: Mapping[str, Running], spent: dict[str, float]) -> Iterator[None]:
    """Put what each takes meanwhile, in seconds, into `spent`."""
    before = {name: cpu_seconds(server.pid) for name, server in servers.items()}
    yield
    for name, server in servers.items():
        spent[name] = cpu_seconds(server.pid) - before[name]


def memory_mb(pid: int) -> float:
    """A process's resident set: also the pages of libraries that others share."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError(f"no such process: {pid}")
