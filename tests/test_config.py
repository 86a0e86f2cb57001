from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from squid import layers
from squid.config import Config, keys, load, load_with_origins
from squid.errors import ConfigError
from squid.layers import Origin


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
        ("[server]\nport = 'x'", 'server.port is "x"; it must be a whole number from 0 to 65535.'),
        (
            "[server]\nport = 70000",
            "server.port is 70000; it must be a whole number from 0 to 65535.",
        ),
        (
            "[server]\nport = true",
            "server.port is true; it must be a whole number from 0 to 65535.",
        ),
        (
            "[server.port]\nx = 1",
            "server.port is a table; it must be a whole number from 0 to 65535.",
        ),
        ("[server]\nhost = 1", "server.host is 1; it must be a text."),
        ("server = 1", "server is 1; it must be a table: [server]."),
        ("server = [1, 'x']", 'server is [1, "x"]; it must be a table: [server].'),
        ("data = 1", "data is 1; it must be a text."),
        (
            "[database]\nsynchronous = 'off'",
            'database.synchronous is "off"; it must be "full" or "normal".',
        ),
        (
            "[provider]\nname = 'openai'",
            'provider.name is "openai"; it must be "auto", "anthropic" or "local".',
        ),
        (
            "[database]\nconnection_pool_size = 0",
            "database.connection_pool_size is 0; it must be a whole number from 1 to 64.",
        ),
        (
            "[context]\nmax_tokens = 1",
            "context.max_tokens is 1; it must be a whole number of at least 256.",
        ),
        (
            "[provider.anthropic]\nthinking = 1",
            "provider.anthropic.thinking is 1; it must be true or false.",
        ),
        (
            "[provider.anthropic]\napi_key = 123",
            "provider.anthropic.api_key is not right; it must be a text.",
        ),
        ('[server]\nhost = "a\\u0000b"', "server.host has a NUL character in it."),
    ],
)
def test_a_wrong_value(file: Path, text: str, says: str) -> None:
    file.write_text(text)
    assert refused(file).detail == f"{file}: {says}"


def test_all_mistakes_are_told_at_once(file: Path) -> None:
    file.write_text("prot = 1\n[server]\nport = 'x'\n")
    error = refused(file, environ={"SQUID_DATABASE_SYNCHRONOUS": "off", "SQUID_DTA": "x"})
    assert error.detail == (
        f"{file} has a key that Squid does not know: prot. "
        f'{file}: server.port is "x"; it must be a whole number from 0 to 65535. '
        'SQUID_DATABASE_SYNCHRONOUS is "off"; it must be "full" or "normal". '
        "The environment has a variable that Squid does not know: SQUID_DTA."
    )
    assert error.hint == "Did you mean server.port? Did you mean SQUID_DATA?"


def test_a_long_wrong_value_is_cut(file: Path) -> None:
    file.write_text(f"[server]\nport = '{'x' * 1000}'\n")
    assert len(refused(file).detail) < 200 + len(str(file))


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
    ("name", "value", "says"),
    [
        ("SQUID_SERVER_PORT", "x", "a whole number from 0 to 65535"),
        ("SQUID_SERVER_PORT", "70000", "a whole number from 0 to 65535"),
        ("SQUID_SERVER_PORT", "", "a whole number from 0 to 65535"),
        ("SQUID_PROVIDER_ANTHROPIC_THINKING", "perhaps", "true or false"),
        ("SQUID_DATABASE_SYNCHRONOUS", "off", '"full" or "normal"'),
    ],
)
def test_a_variable_with_a_wrong_value(name: str, value: str, says: str) -> None:
    assert refused(environ={name: value}).detail == f'{name} is "{value}"; it must be {says}.'


@pytest.mark.parametrize(("text", "value"), [("true", True), ("false", False), ("0", False)])
def test_a_variable_that_is_true_or_false(text: str, value: bool) -> None:
    config = load(environ={"SQUID_PROVIDER_ANTHROPIC_THINKING": text})
    assert config.provider.anthropic.thinking is value


def test_a_flag_with_a_wrong_value() -> None:
    error = refused(flags={"server.port": -1})
    assert error.detail == "--port is -1; it must be a whole number from 0 to 65535."


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


def test_a_relative_folder_of_a_variable_is_meant_from_here() -> None:
    assert load(environ={"SQUID_DATA": "store"}).data_folder == Path("store")


def test_a_home_that_nobody_has_is_just_a_name() -> None:
    assert load(environ={"SQUID_DATA": "~nobody-of-this-name/x"}).data_folder == Path(
        "~nobody-of-this-name/x"
    )


def test_each_value_keeps_its_origin(file: Path) -> None:
    file.write_text("[server]\nport = 1\nhost = 'file'\n[database]\npath = 'file'\n")
    loaded = load_with_origins(
        file, environ={"SQUID_SERVER_HOST": "there"}, flags={"server.port": 3, "data": None}
    )
    assert loaded.file == file
    assert loaded.origins["server.port"] == Origin("flag", "--port")
    assert loaded.origins["server.host"] == Origin("variable", "SQUID_SERVER_HOST")
    assert loaded.origins["database.path"] == Origin("file", str(file))
    assert loaded.origins["data"] == Origin("default")
    assert set(loaded.origins) == {".".join(path) for path, _, _ in keys()}


# -- what no key of today's needs, and one of tomorrow's may --------------------------


def test_a_list_in_the_environment_is_divided_by_commas() -> None:
    layer = layers.of_variables({"SQUID_NAMES": "a, b,,c "}, {"names": list[str]})
    assert layer.settings["names"].value == ["a", "b", "c"]
    assert (
        layers.of_variables({"SQUID_NAMES": ""}, {"names": list[str]}).settings["names"].value == []
    )
    numbers = layers.of_variables({"SQUID_NUMBERS": "1,2"}, {"numbers": list[int]})
    assert numbers.settings["numbers"].value == [1, 2]


def test_a_list_in_a_file() -> None:
    layer = layers.of_file({"names": ["a"]}, {"names": list[str]}, "x.toml")
    assert layer.settings["names"].value == ["a"]
    [mistake] = layers.of_file({"names": "a"}, {"names": list[str]}, "x.toml").mistakes
    assert mistake.detail == 'x.toml: names is "a"; it must be a list of texts.'


def test_a_secret_is_never_in_a_mistake() -> None:
    type_ = Annotated[int, msgspec.Meta(extra={"secret": True})]
    [mistake] = layers.of_variables({"SQUID_PIN": "hunter2"}, {"pin": type_}).mistakes
    assert "hunter2" not in mistake.detail


@given(st.text())
def test_a_text_is_told_as_toml_reads_it(text: str) -> None:
    assert tomllib.loads(f"it = {layers.toml(text)}")["it"] == text


# -- lists and secrets ---------------------------------------------------------------------


def test_a_list_stands_between_commas_in_a_variable() -> None:
    hosts = load(environ={"SQUID_SERVER_ALLOWED_HOSTS": "a.example, b.example,"}).server
    assert hosts.allowed_hosts == ("a.example", "b.example")
    assert load(environ={"SQUID_SERVER_ALLOWED_HOSTS": ""}).server.allowed_hosts == ()


def test_a_list_of_the_file(file: Path) -> None:
    file.write_text("[server]\nallowed_origins = ['https://a.example:8443']\n")
    assert load(file, environ={}).server.allowed_origins == ("https://a.example:8443",)
    file.write_text("[server]\nallowed_origins = 'https://a.example'\n")
    says = 'server.allowed_origins is "https://a.example"; it must be a list of texts.'
    assert refused(file).detail == f"{file}: {says}"


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("TOKEN", "too-short", "the token needs 16"),
        ("TOKEN", "with spaces in the middle", "the token needs 16"),
        ("TOKEN", "é" * 20, "the token needs 16"),
        ("TOKEN", "x" * 513, "the token needs 16"),
        ("ALLOWED_HOSTS", "*", "and not '*'"),
        ("ALLOWED_HOSTS", "https://a.example", "without a scheme"),
        ("ALLOWED_HOSTS", "a.example:80", "and not 'a.example:80'"),
        ("ALLOWED_ORIGINS", "*", "and not '*'"),
        ("ALLOWED_ORIGINS", "null", "and not 'null'"),
        ("ALLOWED_ORIGINS", "a.example", "takes origins such as"),
        ("ALLOWED_ORIGINS", "https://a.example/", "without a path"),
        ("ALLOWED_ORIGINS", "https://*.a.example", "or a `*`"),
        ("ALLOWED_ORIGINS", "https://A.example", "in small letters"),
        ("TRUSTED_PROXIES", "*", "and not '*'"),
        ("TRUSTED_PROXIES", "proxy.lan", "takes addresses such as"),
    ],
)
def test_who_gets_in_is_said_exactly(key: str, value: str, says: str) -> None:
    error = refused(environ={f"SQUID_SERVER_{key}": value})
    assert says in error.detail
    assert error.detail.endswith(".")


@pytest.mark.parametrize(
    "line",
    [
        "token = 'a-token-that-others-know'",
        "allowed_hosts = ['evil.example']",
        "allowed_origins = ['https://evil.example']",
        "trusted_proxies = ['0.0.0.0/0']",
    ],
)
def test_file_that_merely_lies_there_lets_nobody_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "squid.toml").write_text(f"[server]\n{line}\n")
    error = refused()
    assert "nobody named the file" in error.detail
    assert "a-token" not in error.detail
    load(tmp_path / "squid.toml", environ={})


@pytest.mark.parametrize(
    "text",
    [
        "[session]\nmax_age_days = 1",
        "[session]\narchive = false",
        "[session]\ntrash_days = 1",
        "[upkeep]\nmax_database_mb = 1",
        "[provider.local]\nmodel = 'mine.gguf'",
        "[telemetry]\notlp_endpoint = 'http://evil.example'",
    ],
)
def test_file_that_merely_lies_there_removes_nothing_and_answers_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "squid.toml").write_text(text)
    assert "nobody named the file" in refused().detail
    load(tmp_path / "squid.toml", environ={})


def test_the_repositorys_own_file_is_fine_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(__file__).parents[1])
    assert load(environ={}).session == Config().session


def test_a_key_that_is_like_no_other(file: Path) -> None:
    file.write_text("[zzz]\nqqq = 1\n")
    assert refused(file).hint == "Those that there are: squid config"


def test_what_is_secret_is_masked() -> None:
    secret = "nobody-may-see-this"
    config = load(
        environ={"SQUID_SERVER_TOKEN": secret, "SQUID_PROVIDER_ANTHROPIC_API_KEY": secret}
    )
    assert secret not in repr(config) + str(config) + repr(config.server)
    assert "token='***'" in repr(config)
    assert "token=''" in repr(Config())
    marked = {".".join(path) for path, type_, _ in keys() if layers.is_secret(type_)}
    assert marked == {"server.token", "provider.anthropic.api_key"}
