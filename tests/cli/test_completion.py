"""Completion: what a shell asks, and bash itself asking it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from squid.config import load
from squid.store import once, sessions
from squid.store.migrate import bundled, migrate
from tests.cli.conftest import Done, Squid
from tests.conftest import ME

TITLE = "$(touch pwned) `touch pwned` \x1b]0;x\x07\t'\"\n; touch pwned"


@pytest.fixture
def filled(squid: Squid) -> Squid:
    config = load(environ={}, flags={"data": str(squid.data)})
    for id_, title in (("trip-to-rome", "A trip"), ("trip-home", TITLE), ("gone-1", "Gone"),
                       ("away:1", "Away")):  # fmt: skip
        once.write(config, sessions.create, ME, id=id_, title=title)
    once.write(config, sessions.delete, ME, "gone-1")
    once.write(config, sessions.archive, ME, "away:1", True)
    return squid


def completed(squid: Squid, line: str, **env: str) -> Done:
    return squid(line, _SQUID_COMPLETE="complete_line", **env)


def found(squid: Squid, line: str) -> list[str]:
    done = completed(squid, line)
    assert (done.returncode, done.stderr) == (0, "")
    return [one.split("\t")[0] for one in done.stdout.splitlines() if one]


def test_ids_come_with_their_titles(filled: Squid) -> None:
    done = completed(filled, "squid sessions show tr")
    assert done.stdout == (
        "trip-home\t$(touch pwned) `touch pwned` ]0;x '\" ; touch pwned\ntrip-to-rome\tA trip\n"
    )


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("squid sessions rename ", ["trip-home", "trip-to-rome", "away:1"]),
        ("squid sessions delete trip-home a", ["away:1"]),
        ("squid sessions restore ", ["gone-1"]),
        ("squid sessions unarchive ", ["away:1"]),
        ("squid sessions archive 'trip-t", ["trip-to-rome"]),
        ("squid ask -s trip-t", ["trip-to-rome"]),
        ("squid ask --session=trip-t", ["trip-to-rome"]),
        ("squid export trip-t", ["trip-to-rome"]),
        ("squid export x --format ", ["json", "markdown"]),
        ("squid sessions list --sort t", ["title"]),
        ("squid completion ", ["bash", "zsh", "fish"]),
        ("squid sess", ["sessions"]),
        ("squid sessions re", ["rename", "restore"]),
        ("squid ask --sy", ["--system"]),
        ("squid ask -f ", []),
        ("squid --data nowhere sessions show ", []),
        ("squid --config nowhere sessions show ", []),
        ("squid nope nope ", None),
        ("squid 'never closed ", None),
        ("", None),
    ],
)
def test_what_completes(filled: Squid, line: str, wanted: list[str] | None) -> None:
    names = found(filled, line)
    assert wanted is None or sorted(names) == sorted(wanted)


def test_without_a_database_there_is_nothing_and_it_stays_so(squid: Squid, tmp_path: Path) -> None:
    where = tmp_path / "nowhere"
    assert found(squid, f"squid --data {where} sessions show ") == []
    assert not where.exists()
    assert found(squid, "squid sessions show ") == []
    assert list(squid.data.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"words", b"SQLite format 3\0" + b"x" * 4096])
def test_a_broken_database_is_none(squid: Squid, content: bytes) -> None:
    path = squid.data / "squid.db"
    path.write_bytes(content)
    assert found(squid, "squid sessions show ") == []
    assert path.read_bytes() == content


def test_an_old_database_is_not_migrated(squid: Squid) -> None:
    path = squid.data / "squid.db"
    migrate(path, bundled()[:8])
    found(squid, "squid sessions show ")
    assert list(squid.data.glob("*.backup")) == []


def test_a_wrong_setting_is_not_said_here(filled: Squid) -> None:
    done = completed(filled, "squid sessions show ", SQUID_SERVER_PROT="1")
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_script(squid: Squid, shell: str) -> None:
    done = squid("completion", shell)
    assert (done.returncode, done.stderr) == (0, "")
    assert "_SQUID_COMPLETE=complete_line squid" in done.stdout
    assert "eval " not in done.stdout


def test_no_such_shell(squid: Squid) -> None:
    done = squid("completion", "csh")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "squid: 'csh' is no shell that can be helped: bash, zsh, fish.\n"


@pytest.mark.parametrize(
    ("line", "key", "reply"),
    [
        ("squid sess", 9, ["sessions"]),
        ("squid sessions show tri", 9, ["trip-home", "trip-to-rome"]),
        ("squid sessions show trip-t", 63, ["trip-to-rome"]),
        ("squid sessions show away:", 9, ["1"]),
        ("squid export --format=m", 9, ["markdown"]),
        ("squid ask -f x", 9, []),
        (
            "squid sessions show tri",
            63,
            [
                "trip-home  ($(touch pwned) `touch pwned` ]0;x '\" ; touch pwned)",
                "trip-to-rome  (A trip)",
            ],
        ),
    ],
)
def test_bash(filled: Squid, line: str, key: int, reply: list[str]) -> None:
    """As bash calls it: `key` is 9 for the first Tab, 63 for the second."""
    script = f"""
        squid() {{ '{sys.executable}' -m squid "$@"; }}
        source <(squid completion bash)
        COMP_LINE=$1 COMP_POINT=${{#1}} COMP_TYPE={key}
        "$(complete -p squid | sed 's/.*-F \\([^ ]*\\) .*/\\1/')"
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(
        ["bash", "--norc", "-c", script, "bash", line],
        env=filled.environment({}), cwd=filled.data, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert [one for one in done.stdout.splitlines() if one] == reply
    assert not (filled.data / "pwned").exists()
