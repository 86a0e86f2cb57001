"""`squid.toml`, then `SQUID_*` variables, then flags: one frozen Config.

Every key is a field below, with its default; there is no other list of them. A
variable's name is the key's path: `[database] connection_pool_size` is
`SQUID_DATABASE_CONNECTION_POOL_SIZE`. An unknown key is an error that names the
nearest right one, so that a typing mistake never passes in silence.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_origin, get_type_hints

import msgspec
import platformdirs

from squid.errors import ConfigError

Positive = Annotated[int, msgspec.Meta(ge=1)]
NotNegative = Annotated[int, msgspec.Meta(ge=0)]
Limit = Annotated[int, msgspec.Meta(ge=0, le=10**9)]
"""0 is none."""
Days = Annotated[int, msgspec.Meta(ge=0, le=36_500)]


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of squid.toml."""


class Server(Section, frozen=True, kw_only=True):
    host: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 8765


class Database(Section, frozen=True, kw_only=True):
    path: str = "squid.db"
    connection_pool_size: Annotated[int, msgspec.Meta(ge=1, le=64)] = 4
    synchronous: Literal["full", "normal"] = "full"
    busy_timeout_seconds: Positive = 5


class Context(Section, frozen=True, kw_only=True):
    max_tokens: Annotated[int, msgspec.Meta(ge=256)] = 100_000
    system: str = ""


class Files(Section, frozen=True, kw_only=True):
    max_file_size_mb: Positive = 32
    max_files_per_message: Positive = 10


class Runs(Section, frozen=True, kw_only=True):
    keep_log_hours: NotNegative = 24


class Session(Section, frozen=True, kw_only=True):
    max_age_days: Days = 0
    max_sessions_per_user: Limit = 0
    max_messages_per_session: Limit = 0
    trash_days: Days = 30
    archive: bool = True
    cleanup_interval_hours: Annotated[int, msgspec.Meta(ge=1, le=8760)] = 24


class Upkeep(Section, frozen=True, kw_only=True):
    max_database_mb: Limit = 0


class Performance(Section, frozen=True, kw_only=True):
    cache_size_mb: NotNegative = 64
    enable_compression: bool = True


class Features(Section, frozen=True, kw_only=True):
    """Parts of the API that can be switched off. What is off is not there: 404."""

    ag_ui: bool = True
    batch: bool = True
    docs: bool = True
    transfer: bool = True


class Anthropic(Section, frozen=True, kw_only=True):
    api_key: str = ""
    base_url: str = ""
    model: str = "claude-sonnet-5-5"
    max_output_tokens: Positive = 16_000
    thinking: bool = True
    silence_seconds: Positive = 90
    retries: NotNegative = 3


class Local(Section, frozen=True, kw_only=True):
    model: str = ""
    context_tokens: Annotated[int, msgspec.Meta(ge=512)] = 2048
    max_output_tokens: Positive = 512
    threads: NotNegative = 0


class Provider(Section, frozen=True, kw_only=True):
    name: Literal["auto", "anthropic", "local"] = "auto"
    anthropic: Anthropic = Anthropic()
    local: Local = Local()


class Config(Section, frozen=True, kw_only=True):
    data: str = ""
    server: Server = Server()
    database: Database = Database()
    context: Context = Context()
    files: Files = Files()
    runs: Runs = Runs()
    session: Session = Session()
    upkeep: Upkeep = Upkeep()
    performance: Performance = Performance()
    features: Features = Features()
    provider: Provider = Provider()

    @property
    def data_folder(self) -> Path:
        """Where everything of Squid's is kept; not made yet by asking for it."""
        return Path(self.data or platformdirs.user_data_dir("squid", appauthor=False)).expanduser()

    @property
    def database_path(self) -> Path:
        return self.data_folder / Path(self.database.path).expanduser()


def load(
    path: Path | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
    flags: Mapping[str, Any] | None = None,
) -> Config:
    """Read the configuration that is in force.

    `path` is the file to read; without it `SQUID_CONFIG`, `./squid.toml` and the
    user's configuration folder are tried, and none is fine. `flags` maps dotted keys
    (`server.port`) to values; None means not given. Raises ConfigError.
    """
    file = find(path, environ)
    tree = _read(file) if file else {}
    if file:
        _refuse_unknown(tree, Config, (), str(file))
        _refuse_redirection(tree, file, named=bool(path or environ.get("SQUID_CONFIG")))
        if tree.get("data"):  # a relative folder is meant from where the file is
            tree["data"] = str(file.resolve().parent / Path(str(tree["data"])).expanduser())
    layers = [(str(file), tree)] if file else []
    layers.append(("the environment", _from_environ(environ)))
    layers.append(("a flag", _from_flags(flags or {})))
    merged: dict[str, Any] = {}
    for where, layer in layers:
        merged = _merge(merged, layer)
        try:
            msgspec.convert(merged, Config)
        except msgspec.ValidationError as error:
            raise ConfigError(f"{_readable(error)} in {where}.") from None
    return msgspec.convert(merged, Config)


def find(path: Path | None, environ: Mapping[str, str] = os.environ) -> Path | None:
    """The squid.toml that `load` would read. Raises ConfigError where one was named
    and is not there."""
    named = path or (Path(environ["SQUID_CONFIG"]) if environ.get("SQUID_CONFIG") else None)
    if named is not None:
        if not named.is_file():
            raise ConfigError(f"There is no configuration file at {named}.")
        return named
    folder = Path(platformdirs.user_config_dir("squid", appauthor=False))
    for candidate in (Path("squid.toml"), folder / "squid.toml"):
        if candidate.is_file():
            return candidate
    return None


def keys(section: type[Section] = Config) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """Every key: its path, its type, its default."""
    hints = get_type_hints(section, include_extras=True)
    for field in msgspec.structs.fields(section):
        type_ = hints[field.name]
        if isinstance(type_, type) and issubclass(type_, Section):
            for below, inner, default in keys(type_):
                yield (field.name, *below), inner, default
        else:
            yield (field.name,), type_, field.default


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} is not valid TOML: {error}.") from None
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}.") from None


def _refuse_unknown(
    tree: Mapping[str, Any], section: type[Section], path: tuple[str, ...], where: str
) -> None:
    hints = get_type_hints(section, include_extras=True)
    for key, value in tree.items():
        dotted = ".".join((*path, key))
        if key not in hints:
            raise ConfigError(
                f"{where} has a key that Squid does not know: {dotted}.",
                hint=_nearest(dotted),
            )
        type_ = hints[key]
        if isinstance(type_, type) and issubclass(type_, Section) and isinstance(value, dict):
            _refuse_unknown(value, type_, (*path, key), where)


def _refuse_redirection(tree: Mapping[str, Any], file: Path, *, named: bool) -> None:
    """A file that merely lies in the current folder, as in somebody's repository, must
    not send questions and the key in the environment to an address of its choice."""
    provider = tree.get("provider")
    anthropic = provider.get("anthropic") if isinstance(provider, dict) else None
    url = anthropic.get("base_url") if isinstance(anthropic, dict) else None
    if url and not named and file.parent == Path():
        raise ConfigError(
            f"{file} in this folder sends questions to {url}, and nobody named the file.",
            hint=f"If that is meant: --config {file}, or SQUID_CONFIG={file}.",
        )


def _nearest(dotted: str) -> str:
    known = {".".join(path) for path, _, _ in keys()}
    leaf = dotted.rpartition(".")[2]
    by_leaf = {key.rpartition(".")[2]: key for key in known}
    close = difflib.get_close_matches(dotted, known, 1, 0.75)
    close = close or [by_leaf[k] for k in difflib.get_close_matches(leaf, by_leaf, 1, 0.6)]
    close = close or difflib.get_close_matches(dotted, known, 1, 0)
    return f"Did you mean {close[0]}?"


def _from_environ(environ: Mapping[str, str]) -> dict[str, Any]:
    known = {"SQUID_" + "_".join(path).upper(): (path, type_) for path, type_, _ in keys()}
    tree: dict[str, Any] = {}
    for name, text in environ.items():
        # SQUID_CONFIG names the file itself; on Windows names come upper-case anyway.
        if not name.startswith("SQUID_") or name == "SQUID_CONFIG":
            continue
        if name not in known:
            close = difflib.get_close_matches(name, known, 1, 0)[0]
            raise ConfigError(
                f"The environment has a variable that Squid does not know: {name}.",
                hint=f"Did you mean {close}?",
            )
        path, type_ = known[name]
        _put(tree, path, _parse(text, type_, name))
    return tree


def _parse(text: str, type_: Any, name: str) -> Any:
    base = type_.__origin__ if get_origin(type_) is Annotated else type_
    try:
        return msgspec.convert(text, base, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{name}={text!r} is not valid: {error}.") from None


def _from_flags(flags: Mapping[str, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for dotted, value in flags.items():
        if value is not None:
            _put(tree, tuple(dotted.split(".")), value)
    return tree


def _put(tree: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for step in path[:-1]:
        tree = tree.setdefault(step, {})
    tree[path[-1]] = value


def _merge(below: dict[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        if isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = _merge(merged[key], value)
        else:
            merged[key] = value
    return merged


def _readable(error: msgspec.ValidationError) -> str:
    """`Expected int, got str - at `$.server.port`` → `server.port: expected int, got str`"""
    what, _, where = str(error).partition(" - at `$.")
    key = where.rstrip("`")
    return f"{key}: {what[0].lower()}{what[1:]}" if key else what
