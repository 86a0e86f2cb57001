"""`squid ask` without a server."""

from __future__ import annotations

import json
import signal
from pathlib import Path

from tests.cli.conftest import Squid
from tests.cli.test_ask import FIVE, until


def test_it_works_and_is_kept(squid: Squid, tmp_path: Path) -> None:
    file = tmp_path / "note.txt"
    file.write_text("A note.")
    done = squid("ask", "-f", str(file), "Hello")
    assert (done.returncode, done.stdout, done.stderr) == (0, FIVE + "\n", "")
    done = squid("ask", "--json", "-c", "And?")
    assert json.loads(done.stdout)["session"]["message_count"] == 4
    assert squid.rows("SELECT name FROM files") == [("note.txt",)]
    # A server that comes later has it all.
    with squid.serve():
        done = squid("ask", "--json", "-c", "And then?")
    assert json.loads(done.stdout)["session"]["message_count"] == 6


def test_the_model_fails(squid: Squid) -> None:
    done = squid("ask", "-m", "script:status=400", "Hello")
    assert (done.returncode, done.stdout) == (1, "")
    assert "This went wrong as the script says." in done.stderr


def test_ctrl_c_stops_the_answer_and_keeps_it(squid: Squid) -> None:
    process = squid.start("ask", "-m", "script:never_ending=1,delay_ms=2", "Hello")
    read = until(process.stdout, b"w9 ")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)
    assert process.returncode == 130
    assert b"squid: Stopped. What had come is kept." in err
    assert squid.answers() == [("stopped", (read + out).decode().removesuffix("\n"))]


def test_nobody_reads_any_more(squid: Squid) -> None:
    process = squid.start("ask", "-m", "script:never_ending=1,delay_ms=2", "Hello")
    until(process.stdout, b"w1 ")
    assert process.stdout is not None
    process.stdout.close()
    _, err = process.communicate(timeout=10)
    assert (process.returncode, err) == (141, b"")
    ((status, content),) = squid.answers()
    assert status == "interrupted"
    assert content.startswith("w0 w1 ")


def test_no_model(squid: Squid) -> None:
    squid.env = {"SQUID_PROVIDER_NAME": "anthropic"}
    done = squid("ask", "Hello")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("squid: There is no key for Anthropic.\nhint: Set ANTHROPIC_API_")
    assert squid.rows("SELECT count(*) FROM sessions") == [(0,)]


def test_nothing_to_go_on_with(squid: Squid) -> None:
    done = squid("ask", "-c", "Hello")
    assert done.returncode == 2
    assert done.stderr == "squid: There is no session to go on with yet.\n"


def test_a_file_that_is_no_database(squid: Squid) -> None:
    (squid.data / "squid.db").write_text("This is a letter, and no database at all. " * 100)
    done = squid("ask", "Hello")
    assert done.returncode == 3
    assert "is not an SQLite database." in done.stderr
