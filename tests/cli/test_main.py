"""What all commands have in common."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import squid as package
from squid import cli
from squid.cli import settings
from tests.cli.conftest import Squid


def test_version(squid: Squid) -> None:
    assert squid("--version").stdout == f"squid {package.__version__}\n"


def test_help_imports_nothing_heavy(squid: Squid, imported_by: Callable[..., str]) -> None:
    names = {line.rpartition("|")[2].strip() for line in imported_by(squid, "--help").splitlines()}
    assert "typer" in names
    heavy = {"anthropic", "asyncio", "msgspec", "pydantic", "rich", "starlette", "uvicorn"}
    assert not names & heavy


def test_a_command_does_not_wait_for_pydantic(
    squid: Squid, imported_by: Callable[..., str]
) -> None:
    names = imported_by(squid, "ask", "-f", "nowhere", "-m", "x", "hello")
    assert "squid.cli.ask.asking" in names
    assert "pydantic" not in names


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--nope"], "No such option: --nope"),
        (["serve", "--nope"], "No such option: --nope"),
        (["serve", "--port", "x"], "'x' is not a whole number."),
        (["serve", "--port", "65536"], "65536 is not in the range from 0 to 65535."),
        (["nope"], "No such command 'nope'."),
        (["ask", "-s"], "requires an argument"),
    ],
)
def test_wrong_usage(squid: Squid, args: list[str], says: str) -> None:
    done = squid(*args)
    assert done.returncode == 2
    first, hint = done.stderr.splitlines()
    assert first.startswith("squid: ")
    assert says in first
    assert hint.startswith("hint: See what there is: squid ")
    assert done.stdout == ""


def test_a_wrong_setting(squid: Squid) -> None:
    done = squid("ask", "Hello", SQUID_SERVER_PROT="1")
    assert done.returncode == 2
    assert done.stderr == (
        "squid: The environment has a variable that Squid does not know: SQUID_SERVER_PROT.\n"
        "hint: Did you mean SQUID_SERVER_PORT?\n"
    )


def test_a_configuration_file_that_is_not_there(squid: Squid) -> None:
    done = squid("--config", "nowhere.toml", "ask", "Hello")
    assert done.returncode == 2
    assert done.stderr == "squid: There is no configuration file at nowhere.toml.\n"


def test_the_data_folder_can_be_named(squid: Squid) -> None:
    done = squid("--data", str(squid.data / "other"), "ask", "Hello")
    assert done.returncode == 0
    assert (squid.data / "other" / "squid.db").exists()


def test_ctrl_c_before_the_command_begins(squid: Squid) -> None:
    """While it is being imported: it ends, and says nothing."""
    code = (
        "import os, sys\n"
        "class Pressing:\n"
        "    def find_spec(self, name, *rest):\n"
        "        if name == 'squid.cli.sessions': os.kill(os.getpid(), 2)\n"
        "from squid.__main__ import main\n"
        "sys.meta_path.insert(0, Pressing())\n"
        "main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "sessions", "list"],
        env=squid.environment({}), cwd=squid.data, capture_output=True, timeout=30,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, b"", b"")


def test_ctrl_c_in_a_command(squid: Squid) -> None:
    code = (
        "import os\n"
        "from squid.__main__ import main\n"
        "from squid.cli import settings\n"
        "settings.load = lambda **flags: os.kill(os.getpid(), 2)\n"
        "main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "sessions", "list"],
        env=squid.environment({}), cwd=squid.data, capture_output=True, timeout=30,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


def test_a_terminal_without_the_sign(squid: Squid) -> None:
    done = squid("ask", "-m", "script:text=echo", "🦑", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stdout) == (0, "?\n")


def test_a_bug_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(**flags: Any) -> None:
        raise RuntimeError("oh no")

    monkeypatch.setattr(settings, "load", broken)
    monkeypatch.setattr(sys, "argv", ["squid", "ask", "Hello"])
    with pytest.raises(SystemExit) as exited:
        cli.main()
    assert exited.value.code == 70
    assert capsys.readouterr().err == (
        "squid: This is a bug in Squid: RuntimeError: oh no\n"
        "hint: Please report it with what `squid --debug …` says of it.\n"
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("args", [("--help",), ("--version",), ("config",), ("sessions", "list")])
def test_what_cannot_be_said_is_no_bug(squid: Squid, args: tuple[str, ...]) -> None:
    with open("/dev/full", "w") as full:
        process = squid.start(*args, stdout=full)
    _, err = process.communicate(timeout=30)
    if args == ("sessions", "list"):  # there is nothing to say
        assert process.returncode == 0
        return
    assert process.returncode == 3
    assert err.startswith(b"squid: It could not be said: No space left on device.\n")


def test_nobody_listens(squid: Squid) -> None:
    command = " ".join(map(shlex.quote, squid.command("sessions", "list")))
    done = subprocess.run(
        ["sh", "-c", f"{command} >&-"], env=squid.environment({}), cwd=squid.data,
        capture_output=True, timeout=30, check=False,
    )  # fmt: skip
    assert (done.returncode, b"squid:" in done.stderr) == (0, False)


def test_a_path_that_is_empty(squid: Squid) -> None:
    done = squid("backup", "")
    assert done.returncode == 2
    assert "It is empty." in done.stderr
