"""`squid sessions` beside a server, and with nobody who reads what it says."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import urllib.request

import pytest

from squid.store import once
from tests.cli.conftest import Squid, config_of, fetch
from tests.server import Server
from tests.store.tree import add_message, add_session


def live(server: Server) -> tuple[str, str]:
    """A session with an answer that will not end by itself, and that answer's run."""
    body = {"message": {"content": "Hello"}, "model": "script:stall_after=3"}
    made = json.dumps(body).encode()
    request = urllib.request.Request(
        f"{server.url}/api/chat", made, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        while b"w2 " not in response.readline():
            pass
        return response.headers["X-Squid-Session"], response.headers["X-Squid-Run"]


def test_a_running_server_sees_it_and_stops_a_live_answer(squid: Squid) -> None:
    with squid.serve() as server:
        session_id, run_id = live(server)
        shown = squid("sessions", "show", session_id)
        assert "w0 w1 w2" in shown.stdout, "as far as it has come"
        assert "*(streaming)*" in shown.stdout
        told = json.loads(squid("sessions", "show", session_id, "--json").stdout)
        assert told == fetch(f"{server.url}/api/sessions/{session_id}")
        with urllib.request.urlopen(f"{server.url}/api/events", timeout=10) as feed:
            while b"ready" not in feed.readline():
                pass
            assert squid("sessions", "delete", session_id).returncode == 0
            while session_id.encode() not in feed.readline():
                pass
        assert fetch(f"{server.url}/api/sessions")["sessions"] == []
        squid("sessions", "restore", session_id)
        with urllib.request.urlopen(f"{server.url}/api/runs/{run_id}/events") as rest:
            assert b"cancelled" in rest.read(), "the run has ended, stopped"
        answer = fetch(f"{server.url}/api/sessions/{session_id}")["messages"][-1]
        assert (answer["status"], answer["content"]) == ("stopped", "w0 w1 w2 ")


@pytest.mark.parametrize("args", [("sessions", "show", "long"), ("sessions", "list")])
def test_nobody_reads_it_any_more(squid: Squid, args: tuple[str, ...]) -> None:
    def fill(db: sqlite3.Connection) -> None:
        add_session(db, id="long")
        add_message(db, "long", "m", content="words " * 100_000)

    once.write(config_of(squid), fill)
    ours, theirs = os.pipe()
    os.close(ours)
    process = squid.start(*args, stdout=theirs)
    os.close(theirs)
    assert process.wait(timeout=20) == 141
    assert process.stderr is not None
    assert process.stderr.read() == b""


def test_ctrl_c_while_nobody_reads(squid: Squid) -> None:
    def fill(db: sqlite3.Connection) -> None:
        add_session(db, id="long")
        add_message(db, "long", "m", content="words " * 100_000)

    once.write(config_of(squid), fill)
    process = squid.start("sessions", "show", "long")
    assert process.stdout is not None
    assert process.stdout.read(10)
    process.send_signal(signal.SIGINT)
    try:
        code = process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        # It came between Python's look for signals and the write, which no signal ends
        # that came before it; a person presses it again.
        process.send_signal(signal.SIGINT)
        code = process.wait(timeout=5)
    assert code == 130
    assert process.stderr is not None
    assert process.stderr.read() == b""
