from __future__ import annotations

from pathlib import Path

import pytest

from squid.config import Config, load
from squid.errors import ConfigError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "squid.toml"


def refused(file: Path | None = None, **where: object) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load(file, **{"environ": {}, **where})  # type: ignore[arg-type]
    return caught.value


def test_without_anything_all_is_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert load(environ={}) == Config()


def test_the_file_of_the_current_folder_is_found(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("[server]\nport = 1234\n")
    monkeypatch.chdir(file.parent)
    assert load(environ={}).server.port == 1234


def test_the_environment_names_the_file(file: Path) -> None:
    file.write_text("[server]\nport = 1234\n")
    assert load(environ={"SQUID_CONFIG": str(file)}).server.port == 1234


def test_each_layer_is_above_the_one_before(file: Path) -> None:
    file.write_text("[server]\nport = 1\nhost = 'file'\n[database]\npath = 'file'\n")
    environ = {"SQUID_SERVER_PORT": "2", "SQUID_SERVER_HOST": "environment"}
    config = load(file, environ=environ, flags={"server.port": 3})
    assert config.server.port == 3
    assert config.server.host == "environment"
    assert config.database.path == "file"


def test_a_flag_that_is_not_given_changes_nothing(file: Path) -> None:
    file.write_text("[server]\nport = 1\n")
    assert load(file, environ={}, flags={"server.port": None}).server.port == 1


@pytest.mark.parametrize(
    ("text", "key", "nearest"),
    [
        ("[server]\nprot = 1", "server.prot", "server.port"),
        ("[sever]\nport = 1", "sever", "server.port"),
        ("port = 1", "port", "server.port"),
        ("[provider.antropic]\nmodel = 'x'", "provider.antropic", "provider.anthropic.model"),
        ("[provider.anthropic]\nkey = 'x'", "provider.anthropic.key", "provider.anthropic.api_key"),
        ("[performance]\ncache_size = 1", "performance.cache_size", "performance.cache_size_mb"),
    ],
)
def test_an_unknown_key(file: Path, text: str, key: str, nearest: str) -> None:
    file.write_text(text)
    error = refused(file)
    assert error.detail == f"{file} has a key that Squid does not know: {key}."
    assert error.hint == f"Did you mean {nearest}?"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[server]\nport = 'x'", "server.port: expected `int`, got `str`"),
        ("[server]\nport = 70000", "server.port: expected `int` <= 65535"),
        ("server = 1", "server: expected `object`, got `int`"),
        ("[database]\nsynchronous = 'off'", "database.synchronous: invalid enum value 'off'"),
        (
            "[database]\nconnection_pool_size = 0",
            "database.connection_pool_size: expected `int` >= 1",
        ),
        (
            "[provider.anthropic]\nthinking = 1",
            "provider.anthropic.thinking: expected `bool`, got `int`",
        ),
    ],
)
def test_a_wrong_value(file: Path, text: str, says: str) -> None:
    file.write_text(text)
    detail = refused(file).detail
    assert detail == f"{says} in {file}."


def test_a_file_that_is_not_toml(file: Path) -> None:
    file.write_text("[server\n")
    assert refused(file).detail.startswith(f"{file} is not valid TOML: ")
    file.write_bytes(b"\xff\xfe")
    assert refused(file).detail.startswith(f"{file} is not valid TOML: ")


def test_a_file_that_was_named_and_is_not_there(file: Path) -> None:
    detail = f"There is no configuration file at {file}."
    assert refused(file).detail == detail
    assert refused(environ={"SQUID_CONFIG": str(file)}).detail == detail


def test_a_variable_that_is_not_known() -> None:
    error = refused(environ={"SQUID_SERVER_PROT": "1"})
    assert "SQUID_SERVER_PROT" in error.detail
    assert error.hint == "Did you mean SQUID_SERVER_PORT?"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SQUID_SERVER_PORT", "x"),
        ("SQUID_PROVIDER_ANTHROPIC_THINKING", "perhaps"),
        ("SQUID_DATABASE_SYNCHRONOUS", "off"),
    ],
)
def test_a_variable_with_a_wrong_value(name: str, value: str) -> None:
    detail = refused(environ={name: value}).detail
    assert detail.startswith(f"{name}={value!r} is not valid: ")


def test_a_variable_out_of_range() -> None:
    error = refused(environ={"SQUID_SERVER_PORT": "70000"})
    assert error.detail == "server.port: expected `int` <= 65535 in the environment."


@pytest.mark.parametrize(("text", "value"), [("true", True), ("false", False), ("0", False)])
def test_a_variable_that_is_true_or_false(text: str, value: bool) -> None:
    config = load(environ={"SQUID_PROVIDER_ANTHROPIC_THINKING": text})
    assert config.provider.anthropic.thinking is value


def test_a_flag_with_a_wrong_value() -> None:
    error = refused(flags={"server.port": -1})
    assert error.detail == "server.port: expected `int` >= 0 in a flag."


def test_file_that_merely_lies_there_sends_nothing_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody's repository must not get the key in the environment."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "squid.toml"
    file.write_text('[provider.anthropic]\nbase_url = "http://127.0.0.1:9"\n')
    with pytest.raises(ConfigError, match="nobody named the file"):
        load(environ={})
    assert load(file, environ={}).provider.anthropic.base_url == "http://127.0.0.1:9"
    named = load(environ={"SQUID_CONFIG": "squid.toml"})
    assert named.provider.anthropic.base_url == "http://127.0.0.1:9"


def test_relative_data_folder_is_meant_from_the_file(tmp_path: Path) -> None:
    file = tmp_path / "squid.toml"
    file.write_text('data = "store"\n')
    assert load(file, environ={}).data_folder == tmp_path / "store"
