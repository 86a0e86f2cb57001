"""A real `squid serve` process that a test may end in any way it likes.

with Server(tmp_path / "data", env=anthropic_at(upstream.url)) as server:
    ask(server.url)
    server.kill()      # SIGKILL, as a power cut would
    server.start()     # again on the same data and the same port
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

ROOT = Path(__file__).parents[1]
READY_SECONDS = 30.0
"""A machine that runs many tests at once is slow to start anything."""


def anthropic_at(url: str) -> dict[str, str]:
    """The variables that have Squid ask the model's server at `url`."""
    return {
        "SQUID_PROVIDER_NAME": "anthropic",
        "SQUID_PROVIDER_ANTHROPIC_API_KEY": "test",
        "SQUID_PROVIDER_ANTHROPIC_BASE_URL": url,
    }


def environment(data: Path, env: Mapping[str, str] | None = None) -> dict[str, str]:
    """What a `squid` process of a test sees: nothing of the machine's own settings."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SQUID_", "ANTHROPIC_"))
    }
    path = os.pathsep.join(filter(None, [str(ROOT), clean.get("PYTHONPATH")]))
    # A configuration file of the developer's own must not be found either.
    home = {"XDG_CONFIG_HOME": str(data / "no-config")}
    return {**clean, **home, "PYTHONPATH": path, "SQUID_DATA": str(data), **(env or {})}


class Server:
    """`start`ed by `with`, or by hand. Attributes: `url`, `pid`, `stderr`."""

    def __init__(
        self,
        data: Path,
        *,
        env: Mapping[str, str] | None = None,
        args: Sequence[str] = (),
        port: int = 0,
    ) -> None:
        """`args` are further flags of `serve`; port 0 is any, and kept for later starts."""
        self.data = data
        self.url = ""
        self.env = dict(env or {})
        self._args = args
        self._port = port
        self._process: subprocess.Popen[str] | None = None
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self._errors.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        self._errors.close()

    def start(self) -> None:
        """Returns once it says where it is. Raises AssertionError where it does not."""
        assert self._process is None, "it runs already"
        self.data.mkdir(parents=True, exist_ok=True)
        self._process = process = subprocess.Popen(
            [sys.executable, "-m", "squid", "serve", "--port", str(self._port), *self._args],
            env=environment(self.data, self.env),
            cwd=self.data,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        assert process.stdout is not None
        late = threading.Timer(READY_SECONDS, process.kill)
        late.start()
        line = process.stdout.readline()
        late.cancel()
        if "http://" not in line:
            self.kill()
            raise AssertionError(f"squid serve did not start:\n{line}{self.stderr}")
        self.url = line.split()[-1]
        self._port = int(self.url.rpartition(":")[2])

    @property
    def pid(self) -> int:
        assert self._process is not None, "it does not run"
        return self._process.pid

    @property
    def stderr(self) -> str:
        """All it has said on stderr, of all its starts."""
        # By its own place in the file: the processes write through the same one.
        return os.pread(self._errors.fileno(), 10_000_000, 0).decode("utf-8", "replace")

    def kill(self) -> None:
        """End it with SIGKILL, if it runs."""
        if self._process is not None:
            self._process.kill()
            self.wait()

    def terminate(self) -> None:
        """Send SIGTERM and do not wait."""
        assert self._process is not None, "it does not run"
        self._process.terminate()

    def interrupt(self) -> None:
        """Send what Ctrl-C sends and do not wait."""
        assert self._process is not None, "it does not run"
        self._process.send_signal(signal.SIGINT)

    def stop(self, timeout: float = 10) -> int:
        """End it with SIGTERM; returns its exit code."""
        self.terminate()
        return self.wait(timeout)

    def wait(self, timeout: float = 10) -> int:
        """Its exit code, once it has ended by itself."""
        assert self._process is not None, "it does not run"
        process = self._process
        code = process.wait(timeout)
        self._process = None
        assert process.stdout is not None
        process.stdout.close()
        return code

    def restart(self) -> None:
        """`kill` and `start`, on the same data and port."""
        self.kill()
        self.start()
