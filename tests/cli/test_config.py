"""`squid config`: what is in force, and from where."""

from __future__ import annotations

import json
import tomllib

import pytest

from squid.config import keys, load
from tests.cli.conftest import Squid


@pytest.fixture
def plain(squid: Squid) -> Squid:
    squid.env = {}
    return squid


def test_all_of_it_may_become_a_squid_toml(plain: Squid) -> None:
    (plain.data / "squid.toml").write_text('[server]\nport = 1234\n[context]\nsystem = "a\\nb"\n')
    done = plain("config", SQUID_FILES_MAX_FILE_SIZE_MB="7")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == f"# The file that is read is {plain.data / 'squid.toml'}"
    told = {line.partition(" #")[0].strip(): line.partition("# ")[2] for line in lines}
    assert told["port = 1234"] == "squid.toml"
    assert told["max_file_size_mb = 7"] == "SQUID_FILES_MAX_FILE_SIZE_MB"
    assert told['host = "127.0.0.1"'] == "default"
    assert told[f'data = "{plain.data}"'] == "SQUID_DATA"
    file = plain.data / "pasted.toml"
    file.write_text(done.stdout)
    config = load(file, environ={})
    assert (config.server.port, config.context.system) == (1234, "a\nb")
    assert (config.files.max_file_size_mb, config.data) == (7, str(plain.data))
    assert len(list(flat(tomllib.loads(done.stdout)))) == len(list(keys()))


def flat(tree: dict[str, object]) -> list[object]:
    found: list[object] = []
    for value in tree.values():
        found += flat(value) if isinstance(value, dict) else [value]
    return found


def test_without_a_file_it_says_where_one_could_be(plain: Squid) -> None:
    first = plain("config").stdout.splitlines()[0]
    assert first.startswith(f"# No file is read; it could be {plain.data / 'squid.toml'} or ")


def test_secrets_are_never_shown(plain: Squid) -> None:
    secret = {"SQUID_PROVIDER_ANTHROPIC_API_KEY": "sk-very-secret"}
    for args in (["config"], ["config", "--json"], ["config", "provider.anthropic.api_key"]):
        done = plain(*args, **secret)
        assert done.returncode == 0
        assert "sk-very-secret" not in done.stdout + done.stderr
    done = plain("config", **secret)
    assert "# api_key is set" in done.stdout
    assert load_text(plain, done.stdout).provider.anthropic.api_key == ""


def load_text(squid: Squid, text: str):  # type: ignore[no-untyped-def]
    file = squid.data / "pasted.toml"
    file.write_text(text)
    return load(file, environ={})


def test_the_variable_beside_a_key_is_said(plain: Squid) -> None:
    done = plain("config", "provider.anthropic", ANTHROPIC_API_KEY="sk-very-secret")
    assert "# default; ANTHROPIC_API_KEY is used\n" in done.stdout
    assert "sk-very-secret" not in done.stdout


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("server.port", "8765\n"),
        ("provider.anthropic.thinking", "true\n"),
        ("server.host", "127.0.0.1\n"),
        ("context.system", "\n"),
        ("upkeep", "[upkeep]\nmax_database_mb = 0  # default\n"),
    ],
)
def test_one_key_or_section(plain: Squid, key: str, says: str) -> None:
    assert plain("config", key).stdout == says


def test_a_key_that_there_is_not(plain: Squid) -> None:
    done = plain("config", "server.prot")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "squid: There is no key 'server.prot'.\nhint: Did you mean server.port?\n"


def test_json(plain: Squid) -> None:
    told = json.loads(plain("--data", str(plain.data), "config", "--json").stdout)
    assert told["file"] is None
    rows = {row["key"]: row for row in told["keys"]}
    assert len(rows) == len(list(keys()))
    assert rows["data"]["value"] == str(plain.data)
    assert (rows["data"]["origin"], rows["data"]["name"]) == ("flag", "--data")
    assert rows["server.port"] == {
        "key": "server.port", "value": 8765, "secret": False, "origin": "default", "name": None,
        "variable": "SQUID_SERVER_PORT",
    }  # fmt: skip


def test_it_makes_nothing(plain: Squid) -> None:
    plain("config")
    assert list(plain.data.iterdir()) == []


def test_a_variable_that_is_no_text(plain: Squid) -> None:
    import subprocess

    env = {**plain.environment({})}
    done = subprocess.run(
        plain.command("config", "server.host"),
        env={**{k.encode(): v.encode() for k, v in env.items()}, b"SQUID_SERVER_HOST": b"\xff"},
        cwd=plain.data, capture_output=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
