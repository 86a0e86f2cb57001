"""Real `squid` processes, with a data folder of their own and the loopback upstream."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import pytest

from squid.config import Config, load
from squid.core import open_squid
from tests.conftest import answered, say
from tests.server import Server, anthropic_at, environment
from tests.template import new_database
from tests.upstream import Upstream

Done = subprocess.CompletedProcess[str]


class Squid:
    """The command line, on one data folder."""

    def __init__(self, data: Path, upstream_url: str) -> None:
        self.data = data
        self.env = {
            **anthropic_at(upstream_url),
            "SQUID_PROVIDER_ANTHROPIC_MODEL": "script:deltas=5",
        }
        data.mkdir(parents=True, exist_ok=True)
        self._started: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for process in self._started:  # a test that failed left it
            with process:
                process.kill()

    def __call__(self, *args: str, stdin: str | bytes = "", **env: str) -> Done:
        given = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(
            self.command(*args), env=self.environment(env), cwd=self.data, input=given,
            capture_output=True, timeout=60,
        )  # fmt: skip
        return Done(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    def start(self, *args: str, **kwargs: Any) -> subprocess.Popen[bytes]:
        """Not waited for; its output is not buffered on our side."""
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = subprocess.Popen(
            self.command(*args), env=self.environment({}), cwd=self.data, bufsize=0,
            **{**pipes, **kwargs},
        )  # fmt: skip
        self._started.append(process)
        return process

    def command(self, *args: str) -> list[str]:
        return [sys.executable, "-m", "squid", *args]

    def environment(self, env: dict[str, str]) -> dict[str, str]:
        return environment(self.data, {**self.env, **env})

    def serve(self, **env: str) -> Server:
        return Server(self.data, env={**self.env, **env})

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        db = sqlite3.connect(self.data / "squid.db")
        try:
            return db.execute(sql).fetchall()
        finally:
            db.close()

    def talk(self, *questions: str) -> list[str]:
        """Ask each in a session of its own, in this process: what a test is about that only
        needs something to be there. The sessions' ids."""
        config = load(environ=self.env, flags={"data": str(self.data)})
        new_database(config.database_path)
        return asyncio.run(_talk(config, questions))

    def answers(self) -> list[tuple[str, str]]:
        """(status, content), oldest first."""
        return self.rows(
            "SELECT status, content FROM messages WHERE role = 'assistant' ORDER BY created_at, id"
        )


def fetch(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=10) as response:
        return json.load(response)


def config_of(squid: Squid) -> Config:
    return load(environ={}, flags={"data": str(squid.data)})


async def _talk(config: Config, questions: Sequence[str]) -> list[str]:
    async with open_squid(config) as squid:
        started = [await say(squid, question) for question in questions]
        for one in started:
            await answered(squid, one)
        return [one.run.session_id for one in started]


@pytest.fixture(scope="module")
def upstream_url() -> Iterator[str]:
    with Upstream.in_thread() as upstream:
        yield upstream.url


@pytest.fixture
def squid(tmp_path: Path, upstream_url: str) -> Iterator[Squid]:
    with Squid(tmp_path / "data", upstream_url) as squid:
        yield squid


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, upstream_url: str) -> Iterator[Squid]:
    """A command line with a server behind it, which tests share."""
    with Squid(tmp_path_factory.mktemp("served") / "data", upstream_url) as squid, squid.serve():
        yield squid


@pytest.fixture(scope="session")
def imported_by() -> Callable[..., str]:
    """What a command imports, as `-X importtime` tells it."""

    def run(squid: Squid, *args: str) -> str:
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "squid", *args],
            env=squid.environment({}), cwd=squid.data, stdin=subprocess.DEVNULL,
            capture_output=True, text=True,
        )  # fmt: skip
        return done.stderr

    return run
