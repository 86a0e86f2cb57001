"""`squid.toml`, then `SQUID_*` variables, then flags: one frozen Config.

Every key is a field below, with its default; there is no other list of them. A
variable's name is the key's path: `[database] connection_pool_size` is
`SQUID_DATABASE_CONNECTION_POOL_SIZE`. An unknown key is an error that names the
nearest right one, so that a typing mistake never passes in silence.
"""

from __future__ import annotations

import ipaddress
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, get_type_hints

import msgspec
import platformdirs

from squid import layers
from squid.errors import ConfigError
from squid.layers import Origin, masked

Positive = Annotated[int, msgspec.Meta(ge=1)]
NotNegative = Annotated[int, msgspec.Meta(ge=0)]
Limit = Annotated[int, msgspec.Meta(ge=0, le=10**9)]
"""0 is none."""
Days = Annotated[int, msgspec.Meta(ge=0, le=36_500)]
Secret = Annotated[str, msgspec.Meta(extra={"secret": True})]
"""What no log, no error and no list of settings may show."""


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of squid.toml."""

    def __repr__(self) -> str:
        """Masked where it is secret: a repr ends up in logs and tracebacks."""
        hints = get_type_hints(type(self), include_extras=True)
        shown = (
            f"{name}={masked(hints[name], getattr(self, name))!r}"
            for name in self.__struct_fields__
        )
        return f"{type(self).__name__}({', '.join(shown)})"


class Server(Section, frozen=True, kw_only=True):
    host: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 8765
    token: Secret = ""
    allowed_hosts: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.token and not re.fullmatch(r"[!-~]{16,512}", self.token):
            raise ValueError(
                "the token needs 16 to 512 letters, digits and signs, without a space or an accent"
            )
        for host in self.allowed_hosts:
            if not re.fullmatch(r"(?!-)[A-Za-z0-9._-]{1,253}", host):
                raise ValueError(
                    f"allowed_hosts takes names such as chat.example.com, without a scheme,"
                    f" a port or a `*`, and not {host!r}"
                )
        for origin in self.allowed_origins:
            if not re.fullmatch(r"https?://[a-z0-9._-]+(:[0-9]{1,5})?", origin):
                raise ValueError(
                    f"allowed_origins takes origins such as https://chat.example.com or"
                    f" http://localhost:5173, in small letters, without a path or a `*`,"
                    f" and not {origin!r}"
                )
        for proxy in self.trusted_proxies:
            try:
                ipaddress.ip_network(proxy)
            except ValueError:
                raise ValueError(
                    f"trusted_proxies takes addresses such as 127.0.0.1 or 10.0.0.0/8,"
                    f" and not {proxy!r}"
                ) from None


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
    rate_limit_requests_per_minute: NotNegative = 6000


class Features(Section, frozen=True, kw_only=True):
    """Parts that can be switched off. What is off is not there: 404."""

    ag_ui: bool = True
    batch: bool = True
    docs: bool = True
    page: bool = True
    transfer: bool = True


class Anthropic(Section, frozen=True, kw_only=True):
    api_key: Secret = ""
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


Level = Literal["debug", "info", "warning", "error", "off"]


class Logs(Section, frozen=True, kw_only=True):
    level: Level = "info"
    max_size_mb: Positive = 10
    stderr: Level = "warning"
    format: Literal["text", "json"] = "text"


class Telemetry(Section, frozen=True, kw_only=True):
    otlp_endpoint: str = ""


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
    logs: Logs = Logs()
    telemetry: Telemetry = Telemetry()

    @property
    def data_folder(self) -> Path:
        """Where everything of Squid's is kept; not made yet by asking for it."""
        folder = self.data or platformdirs.user_data_dir("squid", appauthor=False)
        return Path(os.path.expanduser(folder))  # which leaves alone what is nobody's home

    @property
    def database_path(self) -> Path:
        return self.data_folder / os.path.expanduser(self.database.path)

    @property
    def log_path(self) -> Path:
        return self.data_folder / "squid.log"


class Loaded(NamedTuple):
    """A configuration, and where it is from."""

    config: Config
    file: Path | None
    """The squid.toml that was read."""
    origins: dict[str, Origin]
    """Of every key, by its dotted path."""


def load(
    path: Path | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
    flags: Mapping[str, Any] | None = None,
) -> Config:
    """Read the configuration that is in force.

    `path` is the file to read; without it `SQUID_CONFIG`, `./squid.toml` and the
    user's configuration folder are tried, and none is fine. `flags` maps dotted keys
    (`server.port`) to values; None means not given. Raises ConfigError, which tells all
    the mistakes that there are.
    """
    return load_with_origins(path, environ=environ, flags=flags).config


def load_with_origins(
    path: Path | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
    flags: Mapping[str, Any] | None = None,
) -> Loaded:
    """As `load`, and where each value is from."""
    types = {".".join(path): type_ for path, type_, _ in keys()}
    file = find(path, environ)
    tree = _read(file) if file else {}
    if file:
        if not (path or environ.get("SQUID_CONFIG")):
            _refuse_redirection(tree, file)
        if isinstance(tree.get("data"), str) and tree["data"]:
            # A relative folder is meant from where the file is.
            tree["data"] = str(file.resolve().parent / os.path.expanduser(tree["data"]))
    settings = {
        ".".join(path): layers.Setting(default, Origin("default")) for path, _, default in keys()
    }
    mistakes = []
    for layer in (
        layers.of_file(tree, types, str(file)),
        layers.of_variables(environ, types),
        layers.of_flags(flags or {}, types),
    ):
        settings |= layer.settings
        mistakes += layer.mistakes
    if mistakes:
        hints = [mistake.hint for mistake in mistakes if mistake.hint]
        raise ConfigError(
            " ".join(mistake.detail for mistake in mistakes), hint=" ".join(hints) or None
        )
    merged: dict[str, Any] = {}
    for key, setting in settings.items():
        _put(merged, tuple(key.split(".")), setting.value)
    origins = {key: setting.origin for key, setting in settings.items()}
    try:
        return Loaded(msgspec.convert(merged, Config), file, origins)
    except msgspec.ValidationError as error:  # of a table's own, which names the key
        raise ConfigError(f"{str(error).partition(' - at ')[0]}.") from None


def find(path: Path | None, environ: Mapping[str, str] = os.environ) -> Path | None:
    """The squid.toml that `load` would read. Raises ConfigError where one was named
    and is not there."""
    named = path or (Path(environ["SQUID_CONFIG"]) if environ.get("SQUID_CONFIG") else None)
    if named is not None:
        if not os.path.isfile(named):
            raise ConfigError(f"There is no configuration file at {named}.")
        return named
    for candidate in places():
        if os.path.isfile(candidate):
            return candidate
    return None


def places() -> tuple[Path, Path]:
    """Where a squid.toml is looked for that nobody names."""
    folder = Path(platformdirs.user_config_dir("squid", appauthor=False))
    return Path("squid.toml"), folder / "squid.toml"


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


_ONLY_NAMED = {
    ("provider", "anthropic", "base_url"): "sends questions to {}",
    ("telemetry", "otlp_endpoint"): "sends telemetry to {}",
    ("provider", "local", "model"): "has {} answer",
    ("session", "max_age_days"): "has sessions removed that are older than {} days",
    ("session", "max_sessions_per_user"): "has all but {} sessions removed",
    ("session", "max_messages_per_session"): "has all but {} messages removed",
    ("session", "trash_days"): "keeps what was deleted for {} days",
    ("session", "archive"): "may have sessions removed without an archive",
    ("upkeep", "max_database_mb"): "has the trash removed beyond {} MB",
    ("server", "token"): "sets the token that lets others in",
    ("server", "allowed_hosts"): "lets in who asks for {}",
    ("server", "allowed_origins"): "lets in pages of {}",
    ("server", "trusted_proxies"): "believes what {} says of others",
}


def _refuse_redirection(tree: Mapping[str, Any], file: Path) -> None:
    """A file that merely lies in the current folder, as in somebody's repository, must
    not send questions and the key in the environment to an address of its choice, tell
    one what is done here, have conversations removed, nor choose who else may read them."""
    if file.parent != Path():
        return
    for path, does in _ONLY_NAMED.items():
        value: Any = tree
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        default: Any = Config()
        for step in path:
            default = getattr(default, step)
        if value is not None and value != default and value != []:
            told = ", ".join(map(str, value)) if isinstance(value, list) else value
            raise ConfigError(
                f"{file} in this folder {does.format(told)}, and nobody named the file.",
                hint=f"If that is meant: --config {file}, or SQUID_CONFIG={file}.",
            )


def _put(tree: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for step in path[:-1]:
        tree = tree.setdefault(step, {})
    tree[path[-1]] = value
