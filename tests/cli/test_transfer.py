"""`squid export` and `squid import`: with and without a server beside them."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from squid.cli import progress, transferring
from squid.config import load
from tests.cli.conftest import Squid


@pytest.fixture
def other(tmp_path: Path) -> Squid:
    """Another, empty data folder."""
    return Squid(tmp_path / "other", "http://127.0.0.1:9")


def get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=10) as response:
        return json.load(response)


def test_out_and_in_again_is_the_same(squid: Squid, other: Squid) -> None:
    session_id = json.loads(squid("ask", "--json", "Hello").stdout)["session"]["id"]
    out = squid("export", session_id)
    assert (out.returncode, out.stderr) == (0, "")
    done = other("import", "-", stdin=out.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Imported 1 session, 2 messages, 0 files.\n"
    assert other("export", session_id).stdout == out.stdout
    assert other("export", "--all").stdout == out.stdout
    again = other("import", "-", stdin=out.stdout)
    assert again.stdout == ("Nothing is new: 1 session, 2 messages, 0 files were here already.\n")


def test_into_a_file_and_from_it(squid: Squid, other: Squid) -> None:
    squid.talk("One", "Two")
    path = squid.data / "all.json"
    path.write_text("old")
    done = squid("export", "--all", "-o", str(path))
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"Exported 2 sessions, 4 messages, 0 files to {path}\n"
    assert path.stat().st_mode & 0o077 == 0, "conversations are private"
    assert [name for name in os.listdir(squid.data) if name.startswith(".")] == []
    assert other("import", str(path)).stdout.startswith("Imported 2 sessions, 4 messages")


def test_markdown(squid: Squid) -> None:
    [session_id] = squid.talk("Hello")
    text = squid("export", session_id, "--format", "markdown").stdout
    assert text.startswith("# Hello\n")
    assert "\n## User, " in text
    assert "\nw0 w1 w2 w3 w4" in text


def test_a_running_server_sees_it_at_once(squid: Squid, other: Squid) -> None:
    [session_id] = squid.talk("Hello")
    out = squid("export", session_id).stdout
    with other.serve() as server:
        assert get(f"{server.url}/api/sessions")["sessions"] == []
        assert other("import", "-", stdin=out).returncode == 0
        [session] = get(f"{server.url}/api/sessions")["sessions"]
        assert (session["id"], session["message_count"]) == (session_id, 2)
        assert len(get(f"{server.url}/api/sessions/{session_id}")["messages"]) == 2
        assert other("export", session_id).stdout == out


def test_a_live_answer_of_a_server_goes_on(squid: Squid) -> None:
    with squid.serve() as server:
        body = {"message": {"content": "Hello"}, "model": "script:deltas=300,delay_ms=10"}
        made = json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{server.url}/api/chat", made, headers)
        with urllib.request.urlopen(request, timeout=10) as response:
            session_id = response.headers["X-Squid-Session"]
            while b"TEXT_MESSAGE_CONTENT" not in response.readline():
                pass
            exported = json.loads(squid("export", session_id).stdout)["messages"][-1]
            response.read()
        assert exported["status"] == "interrupted"
        answer = get(f"{server.url}/api/sessions/{session_id}")["messages"][-1]
        assert answer["status"] == "complete"
        assert answer["content"].startswith(exported["content"])
        assert exported["content"]


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ((), "Say which session to export, or --all."),
        (("trip", "--all"), "Say which session to export, or --all."),
        (("trip", "--format", "pdf"), "'pdf' is no format: there are json and markdown."),
        (("trip",), "There is no session trip."),
        (("--all", "-o", "no/such/folder.json"), "cannot be written: No such file or directory."),
        (("--all", "-o", "."), "cannot be written: Is a directory."),
    ],
)
def test_what_cannot_be_exported(squid: Squid, args: tuple[str, ...], says: str) -> None:
    done = squid("export", *args)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("squid: ")
    assert says in done.stderr


def test_a_failed_export_leaves_the_file_as_it_was(squid: Squid) -> None:
    path = squid.data / "kept.json"
    path.write_text("kept")
    assert squid("export", "trip", "-o", str(path)).returncode == 2
    assert path.read_text() == "kept"
    assert [name for name in os.listdir(squid.data) if name.startswith(".")] == []


def test_a_device_is_written_and_not_replaced(squid: Squid) -> None:
    done = squid("export", "--all", "-o", "/dev/null")
    assert done.returncode == 0
    assert not Path("/dev/null").is_file()


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("", 2, "The export is empty."),
        ("hello", 2, "not valid JSON"),
        ('{"format":"squid","version":2}', 2, "upgrade this one"),
        ('{"format":"squid","version":1,"messages":[{"id":"m"}]}', 2, "(at /messages/0)"),
    ],
)
def test_a_broken_file_changes_nothing(squid: Squid, text: str, code: int, says: str) -> None:
    squid.talk("Hello")
    before = squid("export", "--all").stdout
    done = squid("import", "-", stdin=text)
    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr
    assert len(done.stderr.splitlines()) <= 2
    assert squid("export", "--all").stdout == before


def test_a_conflict(squid: Squid, other: Squid) -> None:
    [session_id] = squid.talk("Hello")
    out = squid("export", session_id).stdout
    other("import", "-", stdin=out)
    changed = out.replace('"title":"Hello"', '"title":"Bye"')
    done = other("import", "-", stdin=changed)
    assert done.returncode == 3
    assert f"The session {session_id} is here already, with another title." in done.stderr
    assert other("export", session_id).stdout == out


def test_a_file_that_is_not_there(squid: Squid) -> None:
    done = squid("import", "nowhere.json")
    assert done.returncode == 2
    assert done.stderr == "squid: nowhere.json cannot be read: No such file or directory.\n"
    assert squid("import", ".").returncode == 2


def test_nobody_reads_the_export_any_more(squid: Squid) -> None:
    squid.talk("x" * 200_000)
    process = squid.start("export", "--all")
    assert process.stdout is not None
    assert process.stdout.read(10) == b'{"format":'
    process.stdout.close()
    assert process.wait(timeout=20) == 141
    assert process.stderr is not None
    assert process.stderr.read() == b""


def test_a_long_import_shows_how_far_it_is(
    squid: Squid, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this process, where what counts as long can be set to nothing."""
    squid.talk("Hello")
    path = tmp_path / "all.json"
    path.write_text(squid("export", "--all").stdout)
    monkeypatch.setattr(progress, "LONG_SECONDS", 0.0)
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        transferring.import_(load(environ={}, flags={"data": str(tmp_path / "empty")}), path)
        terminal.flush()
        assert b"Importing" in os.read(ours, 10_000)
    os.close(ours)


def test_ctrl_c_ends_an_export_that_nobody_takes(squid: Squid) -> None:
    squid.talk("x" * 300_000)
    fifo = squid.data / "fifo"
    os.mkfifo(fifo)
    process = squid.start("export", "--all", "-o", str(fifo))
    reader = os.open(fifo, os.O_RDONLY)
    assert os.read(reader, 10)
    process.send_signal(2)
    os.set_blocking(reader, True)
    while os.read(reader, 1 << 16):
        pass
    os.close(reader)
    try:
        assert process.wait(timeout=20) in (0, 130)
    except subprocess.TimeoutExpired:
        pytest.fail("it did not end")
