from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from squid.cli.logs import view
from squid.errors import InvalidRequest
from tests.cli.conftest import Squid


def line(number: int, ago: timedelta = timedelta(), **fields: Any) -> str:
    at = (datetime.now(UTC) - ago).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    told = {"time": at, "level": "info", "logger": "squid.x", "message": f"line {number}"}
    return json.dumps(told | fields) + "\n"


def written(squid: Squid, *lines: str, name: str = "squid.log") -> Path:
    file = squid.data / name
    file.write_text("".join(lines))
    return file


def messages(output: str) -> list[str]:
    return re.findall(r"line \d+", output)


@contextlib.contextmanager
def following(squid: Squid, *args: str) -> Iterator[subprocess.Popen[bytes]]:
    process = squid.start("logs", "-f", *args)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def said(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().decode()


def test_without_a_log_it_says_so(squid: Squid) -> None:
    done = squid("logs")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == (
        f"squid: There is no log yet: {squid.data / 'squid.log'} is written by squid serve.\n"
    )


def test_what_a_server_wrote_is_found_by_its_ids(squid: Squid) -> None:
    with squid.serve() as server:
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
        body = json.dumps({"message": {"content": "a secret question"}})
        connection.request("POST", "/api/chat", body, {"X-Request-Id": "question-1"})
        response = connection.getresponse()
        run_id = response.headers["X-Squid-Run"]
        response.read()
        connection.close()
        assert server.stop() == 0
        assert server.stderr == ""
    shown = squid("logs").stdout.splitlines()
    assert f"serving at {server.url}" in "\n".join(shown)
    assert "applied migration 0001_users" in shown[0]
    assert shown[-1].endswith("  info     stopped")
    of_run = squid("logs", "--run", run_id).stdout.splitlines()
    assert len(of_run) == 1
    assert "run ended: complete" in of_run[0]
    assert squid("logs", "--request", "question-1").stdout.splitlines() == of_run
    as_json = squid("logs", "--json").stdout
    assert as_json == (squid.data / "squid.log").read_text()
    assert "secret" not in as_json


def test_the_newest_of_all_files_oldest_first(squid: Squid) -> None:
    written(squid, line(1), line(2), name="squid.log.2")
    written(squid, line(3), line(4), name="squid.log.1")
    written(squid, line(5))
    assert messages(squid("logs").stdout) == [f"line {n}" for n in (1, 2, 3, 4, 5)]
    assert messages(squid("logs", "-n", "2").stdout) == ["line 4", "line 5"]
    assert messages(squid("logs", "-n", "0").stdout) == []
    many = [line(number) for number in range(200)]
    written(squid, *many)
    assert len(squid("logs").stdout.splitlines()) == 50
    assert len(squid("logs", "--since", "1h").stdout.splitlines()) == 204


def test_by_level_and_time(squid: Squid) -> None:
    hours = timedelta(hours=3)
    written(squid, line(1, hours, level="error"), line(2, level="debug"), line(3, level="warning"))
    assert messages(squid("logs", "--level", "warning").stdout) == ["line 1", "line 3"]
    assert messages(squid("logs", "--since", "2h").stdout) == ["line 2", "line 3"]
    assert messages(squid("logs", "--since", "4h", "--level", "error").stdout) == ["line 1"]


def test_a_broken_line_is_shown_unless_something_is_sought(squid: Squid) -> None:
    broken = '{"time": "2026-\x1b[31m\n'
    written(squid, broken, line(1), "[" * 100_000 + "\n", '{"time": 5}\n', line(2)[:-9])
    shown = squid("logs").stdout.splitlines()
    assert shown[0] == '{"time": "2026-\\u001b[31m'
    assert len(shown) == 4  # the last is still being written
    assert squid("logs", "--level", "info").stdout.count("\n") == 1
    assert squid("logs", "--json", "-n", "4").stdout.startswith(broken)


def test_what_came_from_outside_moves_no_cursor(squid: Squid) -> None:
    hostile = "line 1\n2026 error \x1b[2J\x9b31m"
    written(squid, line(1, message=hostile, request_id=hostile, level=hostile))
    (shown,) = squid("logs").stdout.splitlines()
    assert "\x1b" not in shown
    assert "\x9b" not in shown


def test_a_traceback_is_below_its_line(squid: Squid) -> None:
    written(squid, line(1, level="error", exception="Traceback:\n  x\nValueError: \x1b[1m"))
    assert squid("logs").stdout.splitlines()[1:] == [
        "    Traceback:",
        "      x",
        "    ValueError: \\u001b[1m",
    ]


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--level", "loud"], "There is no level 'loud'."),
        (["--since", "yesterday"], "'yesterday' is no time."),
        (["--since", "25:00"], "'25:00' is no time."),
        (["--since", "999999d"], "'999999d' is no time."),
        (["-n", "-1"], "-1 is not in the range"),
    ],
)
def test_wrong_usage(squid: Squid, args: list[str], says: str) -> None:
    done = squid("logs", *args)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "ago"),
    [
        ("30s", timedelta(seconds=30)),
        ("10m", timedelta(minutes=10)),
        ("2h", timedelta(hours=2)),
        ("3d", timedelta(days=3)),
    ],
)
def test_since_so_long_ago(text: str, ago: timedelta) -> None:
    assert abs(datetime.now(UTC) - ago - view.since(text)) < timedelta(seconds=5)


def test_since_a_time() -> None:
    midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    assert view.since("00:00") == midnight
    assert view.since("9:30") == midnight.replace(hour=9, minute=30)
    assert view.since("2026-05-01T14:30Z") == datetime(2026, 5, 1, 14, 30, tzinfo=UTC)
    assert view.since("2026-05-01").astimezone().hour == 0
    with pytest.raises(InvalidRequest):
        view.since("")


def test_following_goes_on_in_the_next_file_and_ends_by_ctrl_c(squid: Squid) -> None:
    file = written(squid, line(1), line(2))
    with following(squid, "-n", "1") as process:
        assert "line 2" in said(process)
        with file.open("a") as more:
            more.write(line(3))
        assert "line 3" in said(process)
        with file.open("a") as more:
            more.write(line(4))
        file.rename(file.with_name("squid.log.1"))
        written(squid, line(5), line(6)[:20])
        assert "line 4" in said(process)
        assert "line 5" in said(process)
        with file.open("a") as more:
            more.write("torn\n" + line(7))
        assert "torn" in said(process)
        assert "line 7" in said(process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
        assert (process.returncode, out, err) == (130, b"", b"")


def test_following_waits_for_a_log(squid: Squid) -> None:
    with following(squid, "--level", "warning") as process:
        assert process.stderr is not None
        assert b"There is no log yet" in process.stderr.readline()
        written(squid, line(1), line(2, level="warning"))
        assert "line 2" in said(process)


def test_nobody_reads_any_more(squid: Squid) -> None:
    written(squid, *(line(number) for number in range(20_000)))
    process = squid.start("logs", "-n", "20000")
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=10) == 141


@pytest.mark.skipif(os.name == "nt", reason="there is no pty")
def test_colours_on_a_terminal_only(squid: Squid) -> None:
    import pty

    written(squid, line(1, level="error"))
    assert "\x1b" not in squid("logs").stdout
    for env, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        main, terminal = pty.openpty()
        done = subprocess.run(
            squid.command("logs"), env=squid.environment(env), cwd=squid.data, stdout=terminal
        )
        os.close(terminal)
        shown = os.read(main, 10_000).decode()
        os.close(main)
        assert done.returncode == 0
        assert ("\x1b[31m" in shown) is coloured


def test_a_second_server_on_the_data_says_that_it_writes_no_log(squid: Squid) -> None:
    with squid.serve() as first, squid.serve() as second:
        assert first.stderr == ""
        deadline = time.monotonic() + 5
        while not second.stderr and time.monotonic() < deadline:
            time.sleep(0.01)
        assert second.stderr.startswith("squid: Another server writes ")
        assert second.stderr.count("\n") == 1
