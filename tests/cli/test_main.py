"""What all commands have in common."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

import squid as package
from squid import cli
from squid.cli import settings
from tests.cli.conftest import Squid


def imported_by(squid: Squid, *args: str) -> str:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "squid", *args],
        env=squid.environment({}), cwd=squid.data, stdin=subprocess.DEVNULL,
        capture_output=True, text=True,
    )  # fmt: skip
    return done.stderr


def test_version(squid: Squid) -> None:
    assert squid("--version").stdout == f"squid {package.__version__}\n"


def test_help_imports_nothing_heavy(squid: Squid) -> None:
    names = {line.rpartition("|")[2].strip() for line in imported_by(squid, "--help").splitlines()}
    assert "typer" in names
    heavy = {"anthropic", "asyncio", "msgspec", "pydantic", "rich", "starlette", "uvicorn"}
    assert not names & heavy


def test_a_command_does_not_wait_for_pydantic(squid: Squid) -> None:
    names = imported_by(squid, "ask", "-f", "nowhere", "-m", "x", "hello")
    assert "squid.cli.asking" in names
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
    assert says in done.stderr
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
