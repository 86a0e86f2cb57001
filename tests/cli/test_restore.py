"""`squid restore`: what was is again, at once, also for a running server."""

from __future__ import annotations

import http.client
import json
import os
import pty
import urllib.request
from contextlib import suppress
from pathlib import Path
from subprocess import TimeoutExpired
from typing import Any
from urllib.parse import urlsplit

import pytest

from squid.store.backup import back_up
from tests.cli.conftest import Squid


def get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=10) as response:
        return json.load(response)


def post(url: str, body: Any) -> http.client.HTTPResponse:
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    response: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=10)
    return response


def ask(squid: Squid, *args: str) -> str:
    done = squid("ask", "--json", *args)
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout)["session"]["id"])


def titles(squid: Squid) -> list[str]:
    return [row[0] for row in squid.rows("SELECT title FROM sessions ORDER BY title")]


@pytest.fixture
def backup(squid: Squid, tmp_path: Path) -> Path:
    """One session, One, backed up; then a second one."""
    squid.talk("One")
    path = tmp_path / "mine.db"
    back_up(squid.data / "squid.db", path)
    squid.talk("Two")
    return path


def test_what_was_is_again(squid: Squid, backup: Path) -> None:
    before = backup.read_bytes()
    done = squid("restore", "--yes", str(backup))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Restored 1 session, 2 messages, 0 files from {backup}\n")
    assert titles(squid) == ["One"]
    assert backup.read_bytes() == before
    [safety] = (squid.data / "backups").iterdir()
    assert done.stdout.endswith(f"What was there is in {safety}\n")
    assert squid("restore", "-y", str(safety)).returncode == 0
    assert titles(squid) == ["One", "Two"]
    assert [name for name in os.listdir(squid.data) if name.startswith(".")] == []


def test_a_running_server_has_it_at_once(squid: Squid, tmp_path: Path) -> None:
    """Its cache is warm, a reader follows the feed, and asking goes on."""
    with squid.serve() as server:
        one = ask(squid, "One")
        assert squid("backup", str(tmp_path / "mine.db")).returncode == 0
        ask(squid, "-s", one, "More")
        two = ask(squid, "Two")
        opened = get(f"{server.url}/api/sessions/{one}")
        assert len(opened["messages"]) == 4
        feed = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=20)
        feed.request("GET", "/api/events")
        events = feed.getresponse()
        assert b"id: " in events.readline()
        assert events.readline() == b"event: ready\n"

        assert squid("restore", "--yes", str(tmp_path / "mine.db")).returncode == 0

        assert len(get(f"{server.url}/api/sessions/{one}")["messages"]) == 2
        assert [s["id"] for s in get(f"{server.url}/api/sessions")["sessions"]] == [one]
        with pytest.raises(urllib.error.HTTPError, match="404"):
            get(f"{server.url}/api/sessions/{two}")
        while not (line := events.readline()).startswith(b"event: "):
            pass
        assert line == b"event: reset\n"
        assert ask(squid, "-s", one, "And now?") == one
        while not (line := events.readline()).startswith(b"event: "):
            pass
        assert line == b"event: change\n"
        feed.close()
        assert len(get(f"{server.url}/api/sessions/{one}")["messages"]) == 4
        assert server.stderr == ""
        server.restart()
        assert len(get(f"{server.url}/api/sessions/{one}")["messages"]) == 4


def test_a_live_answer_is_in_the_way(squid: Squid, backup: Path) -> None:
    with squid.serve() as server:
        body = {"message": {"content": "Hello"}, "model": "script:deltas=300,delay_ms=20"}
        with post(f"{server.url}/api/chat", body) as answer:
            while b"TEXT_MESSAGE_CONTENT" not in answer.readline():
                pass
            done = squid("restore", "--yes", str(backup))
            assert done.returncode == 3
            assert done.stderr.startswith("squid: An answer is being written; it would be lost.\n")
            run = answer.headers["X-Squid-Run"]
            post(f"{server.url}/api/runs/{run}/stop", {}).close()
        assert len(titles(squid)) == 3
        assert squid("restore", "--yes", str(backup)).returncode == 0
        assert titles(squid) == ["One"]


def test_an_answer_that_was_cut_off_by_the_backup(squid: Squid, tmp_path: Path) -> None:
    """The process that wrote it is alive, and will not go on with it."""
    with squid.serve() as server:
        body = {"message": {"content": "Hello"}, "model": "script:never_ending=1,delay_ms=5"}
        with post(f"{server.url}/api/chat", body) as answer:
            while b"TEXT_MESSAGE_CONTENT" not in answer.readline():
                pass
            assert squid("backup", str(tmp_path / "mine.db")).returncode == 0
            post(f"{server.url}/api/runs/{answer.headers['X-Squid-Run']}/stop", {}).close()
        assert squid("restore", "--yes", str(tmp_path / "mine.db")).returncode == 0
        ((status, content),) = squid.answers()
        assert status == "interrupted"
        assert content.startswith("w0 ")
        assert squid("ask", "-c", "Go on").returncode == 0


def test_nobody_to_ask(squid: Squid, backup: Path) -> None:
    done = squid("restore", str(backup))
    assert done.returncode == 2
    assert "there is nobody to ask." in done.stderr
    assert titles(squid) == ["One", "Two"]


@pytest.mark.parametrize(("typed", "code", "left"), [("n", 1, 2), ("y", 0, 1), ("\x03", 130, 2)])
def test_on_a_terminal_it_asks(
    squid: Squid, backup: Path, typed: str, code: int, left: int
) -> None:
    ours, theirs = pty.openpty()
    process = squid.start(
        "restore", str(backup), stdin=theirs, stderr=theirs, start_new_session=True,
        preexec_fn=_own_terminal,
    )  # fmt: skip
    os.close(theirs)
    said = b""
    while b"Replace it? [y/N]" not in said:
        said += os.read(ours, 1000)
    assert f"{backup} has 1 session, 2 messages, 0 files, the last of ".encode() in said
    assert f"{squid.data / 'squid.db'} has 2 sessions, 4 messages".encode() in said
    while process.poll() is None:
        os.write(ours, typed.encode() + (b"" if typed == "\x03" else b"\n"))
        # A signal just before Python reads is not heard before the next one.
        with suppress(TimeoutExpired):
            process.wait(timeout=5)
    assert process.returncode == code
    os.close(ours)
    assert len(titles(squid)) == left


def _own_terminal() -> None:
    """So that what is typed as Ctrl-C is one."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_into_an_empty_folder(squid: Squid, backup: Path, tmp_path: Path) -> None:
    other = Squid(tmp_path / "other", "http://127.0.0.1:9")
    done = other("restore", str(backup))
    assert (done.returncode, done.stderr) == (0, "")
    assert titles(other) == ["One"]
    assert (other.data / "squid.db").stat().st_mode & 0o077 == 0


def test_over_what_cannot_be_read(squid: Squid, backup: Path) -> None:
    (squid.data / "squid.db").write_bytes(b"Dear diary, " * 1000)
    done = squid("restore", "--yes", str(backup))
    assert done.returncode == 0, done.stderr
    [aside] = squid.data.glob("squid.db.damaged-*")
    assert f"What was there could not be read, and is now {aside}\n" in done.stdout
    assert aside.read_bytes() == b"Dear diary, " * 1000
    assert titles(squid) == ["One"]


@pytest.mark.parametrize("where", ["header", "middle", "end"])
def test_a_damaged_backup_changes_nothing(squid: Squid, backup: Path, where: str) -> None:
    content = bytearray(backup.read_bytes())
    if where == "header":
        content[:16] = bytes(16)
    elif where == "middle":
        content[4096 * 2 : 4096 * 20] = os.urandom(4096 * 18)
    else:
        del content[len(content) // 2 :]
    backup.write_bytes(content)
    done = squid("restore", "--yes", str(backup))
    assert done.returncode in (2, 3)
    assert done.stderr.startswith(f"squid: {backup} is ")
    assert len(done.stderr.splitlines()) == 2
    assert titles(squid) == ["One", "Two"]
    assert [name for name in os.listdir(squid.data) if name.startswith(".")] == []
    assert backup.read_bytes() == content


def test_what_is_no_backup(squid: Squid, backup: Path) -> None:
    for name in ("nowhere.db", ".", str(squid.data / "squid.db")):
        done = squid("restore", "--yes", name)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("squid: ")


def test_the_database_of_a_running_server_is_no_backup(
    squid: Squid, backup: Path, tmp_path: Path
) -> None:
    other = Squid(tmp_path / "other", "http://127.0.0.1:9")
    with other.serve():
        done = squid("restore", "--yes", str(other.data / "squid.db"))
    assert done.returncode == 2
    assert "is a database that Squid is working on." in done.stderr
    assert titles(squid) == ["One", "Two"]
