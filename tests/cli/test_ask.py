"""`squid ask` through a running server; test_ask_alone.py has it without one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import IO

import pytest

from tests.cli.conftest import Squid

FIVE = "w0 w1 w2 w3 w4 "


def until(stream: IO[bytes] | None, wanted: bytes) -> bytes:
    """Read until `wanted` has come; returns all that has."""
    assert stream is not None
    read = b""
    while wanted not in read:
        chunk = stream.read(4096)
        assert chunk, read
        read += chunk
    return read


def test_plain_text_into_a_pipe(served: Squid) -> None:
    done = served("ask", "Hello")
    assert (done.returncode, done.stdout, done.stderr) == (0, FIVE + "\n", "")


def test_it_streams(served: Squid) -> None:
    process = served.start("ask", "-m", "script:deltas=3,stall_after=2", "Hello")
    until(process.stdout, b"w0 ")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)


def test_not_streamed(served: Squid) -> None:
    done = served("ask", "--no-stream", "Hello")
    assert (done.returncode, done.stdout, done.stderr) == (0, FIVE + "\n", "")


def test_json(served: Squid) -> None:
    done = served("ask", "--json", "Hello")
    assert done.returncode == 0
    told = json.loads(done.stdout)
    assert told["message"]["content"] == FIVE
    assert told["run"]["status"] == "complete"
    assert told["run"]["session_id"] == told["message"]["session_id"] == told["session"]["id"]


def test_words_and_what_is_piped_in(served: Squid) -> None:
    done = served("ask", "-m", "script:text=echo", "Sum", "this up", stdin="one\ntwo 🦑\n")
    assert done.stdout == "Sum this up\n\none\ntwo 🦑\n"


def test_only_what_is_piped_in(served: Squid) -> None:
    assert served("ask", "-m", "script:text=echo", stdin="Hello\n").stdout == "Hello\n"


def test_no_question(served: Squid) -> None:
    done = served("ask", "-c")
    assert done.returncode == 2
    assert done.stderr.startswith("squid: There is no question.\nhint: squid ask '")


def test_what_is_piped_in_is_no_text(served: Squid) -> None:
    done = served("ask", stdin=b"\xff\xfe\x00")
    assert done.returncode == 2
    assert done.stderr.startswith("squid: What is piped in is not text.")


def test_going_on(served: Squid) -> None:
    first = json.loads(served("ask", "--json", "one").stdout)["session"]["id"]
    second = json.loads(served("ask", "--json", "two").stdout)["session"]["id"]
    assert first != second
    assert json.loads(served("ask", "--json", "-c", "three").stdout)["session"]["id"] == second
    told = json.loads(served("ask", "--json", "-s", first, "four").stdout)["session"]
    assert (told["id"], told["message_count"]) == (first, 4)


def test_an_unknown_session(served: Squid) -> None:
    done = served("ask", "-s", "nope", "Hello")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "squid: There is no session nope.\nhint: See what there is: squid sessions list\n"
    )


@pytest.mark.parametrize("args", [["-c", "-s", "x"], ["-c", "--system", "x"]])
def test_options_that_do_not_go_together(served: Squid, args: list[str]) -> None:
    assert served("ask", *args, "Hello").returncode == 2


def test_the_system_prompt(served: Squid) -> None:
    done = served("ask", "--json", "--system", "Speak French.", "Hello")
    assert json.loads(done.stdout)["session"]["system"] == "Speak French."


def test_files(served: Squid, tmp_path: Path) -> None:
    names = ['a "quoted" näme.txt', "b.txt"]
    for name in names:
        (tmp_path / name).write_text(f"This is {name}, which says something.\r\n\r\n--")
    flags = [part for name in names for part in ("-f", str(tmp_path / name))]
    done = served("ask", *flags, "-m", "script:citations=1", "What do they say?")
    assert (done.returncode, done.stderr) == (0, "")
    rows = served.rows("SELECT f.name, c.size FROM files f JOIN file_contents c USING (sha256)")
    assert sorted(rows) == [(name, (tmp_path / name).stat().st_size) for name in names]


@pytest.mark.parametrize("name", ["nowhere.txt", "."])
def test_a_file_that_cannot_be_read(served: Squid, name: str) -> None:
    done = served("ask", "-f", name, "Hello")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"squid: {name} cannot be read: ")


def test_a_file_that_is_too_large(served: Squid, tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(b"x" * (1024 * 1024 + 1))
    done = served("ask", "-f", str(path), "Hello", SQUID_FILES_MAX_FILE_SIZE_MB="1")
    assert done.returncode == 2
    assert done.stderr.startswith(f"squid: {path} is larger than 1 MB.\n")


def test_too_many_files(served: Squid) -> None:
    done = served("ask", "-f", "a", "-f", "b", "Hello", SQUID_FILES_MAX_FILES_PER_MESSAGE="1")
    assert done.returncode == 2
    assert done.stderr == "squid: A question takes 1 files at most.\n"


def test_the_model_fails(served: Squid) -> None:
    done = served("ask", "-m", "script:status=400", "Hello")
    assert (done.returncode, done.stdout) == (1, "")
    assert "This went wrong as the script says." in done.stderr


def test_the_answer_is_cut(served: Squid) -> None:
    done = served("ask", "-m", "script:deltas=5,stop=max_tokens", "Hello")
    assert (done.returncode, done.stdout) == (1, FIVE + "\n")
    assert "hint: Go on with: squid ask -s " in done.stderr


def test_ctrl_c_stops_the_answer_and_keeps_it(served: Squid) -> None:
    process = served.start("ask", "-m", "script:never_ending=1,delay_ms=2", "Hello")
    read = until(process.stdout, b"w9 ")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)
    assert process.returncode == 130
    assert err.startswith(
        b"squid: Stopped. What had come is kept.\nhint: Go on with: squid ask -s "
    )
    assert served.answers()[-1] == ("stopped", (read + out).decode().removesuffix("\n"))


def test_nobody_reads_any_more(served: Squid) -> None:
    process = served.start("ask", "-m", "script:never_ending=1,delay_ms=2", "Hello")
    until(process.stdout, b"w1 ")
    assert process.stdout is not None
    process.stdout.close()
    _, err = process.communicate(timeout=10)
    assert (process.returncode, err) == (141, b"")
    # The answer is the server's, and goes on.
    status, _ = served.answers()[-1]
    assert status in ("pending", "streaming")
    run = served.rows("SELECT id FROM runs ORDER BY created_at DESC LIMIT 1")[0][0]
    assert run


def test_a_wait_of_the_models_server_is_told(served: Squid) -> None:
    script = "script:text=echo,status=529,times=1,key=told,retry_after=1"
    done = served("ask", "-m", script, "Hello")
    assert (done.returncode, done.stdout) == (0, "Hello\n")
    assert done.stderr.startswith("squid: ")
    assert done.stderr.endswith("Asking again in 1 s.\n")


def test_on_a_terminal(served: Squid) -> None:
    pty = pytest.importorskip("pty")
    master, slave = pty.openpty()
    question = "# A title\n\nSome **bold** text. \x1b]0;evil\x07\n\n- one\n- two"
    process = served.start(
        "ask", "-m", "script:text=echo,thinking=3", question,
        stdin=slave, stdout=slave, stderr=subprocess.PIPE,
    )  # fmt: skip
    os.close(slave)
    said = b""
    while chunk := _read(master):
        said += chunk
    os.close(master)
    _, err = process.communicate(timeout=10)
    assert (process.returncode, err) == (0, b"")
    assert b"t0 t1 t2" in said
    assert b"\x1b[1mbold\x1b[0m" in said
    assert b"**" not in said.rpartition(b"A title")[2]
    assert b"\x1b]0;" not in said


def _read(master: int) -> bytes:
    try:
        return os.read(master, 65536)
    except OSError:  # Linux says so when the other end is closed
        return b""


def test_the_server_is_killed_and_comes_back(squid: Squid) -> None:
    with squid.serve() as server:
        process = squid.start("ask", "-m", "script:deltas=2000,delay_ms=5", "Hello")
        read = until(process.stdout, b"w9 ")
        server.restart()
        out, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert b"hint: Go on with: squid ask -s " in err
    assert squid.answers() == [("interrupted", (read + out).decode().removesuffix("\n"))]


def test_the_server_is_killed_and_does_not(squid: Squid) -> None:
    with squid.serve() as server:
        process = squid.start("ask", "-m", "script:deltas=2000,delay_ms=5", "Hello")
        until(process.stdout, b"w9 ")
        server.kill()
        process.send_signal(signal.SIGINT)  # nobody has to wait for it
        _, err = process.communicate(timeout=10)
    assert process.returncode == 130
    assert b"Traceback" not in err
