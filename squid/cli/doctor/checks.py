"""Checks of what is around the database: the program, the configuration, the folder, the
processes, the clock and the terminal. They look, and change nothing."""

from __future__ import annotations

import contextlib
import http.client
import os
import platform
import shutil
import socket
import sqlite3
import stat
import sys
import time
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

import msgspec

from squid import __version__, layers
from squid.config import Config, Loaded, keys, places
from squid.errors import ConfigError
from squid.ids import now
from squid.store import worker
from squid.store.backup import megabytes, size

LITTLE_BYTES = 1 << 30
"""Free space from which on nothing is said."""
NONE_BYTES = 64 << 20
SERVER_SECONDS = 3.0
YEAR = 2026
"""When Squid was written: before that, a clock is wrong."""


class Finding(NamedTuple):
    level: Literal["ok", "warning", "problem"]
    detail: str
    hint: str | None = None


class Case(NamedTuple):
    """What is looked at, and how closely."""

    loaded: Loaded | Config
    error: ConfigError | None
    """Why the configuration in force cannot be known; `loaded` is a stand-in then."""
    full: bool
    online: bool

    @property
    def config(self) -> Config:
        return self.loaded.config if isinstance(self.loaded, Loaded) else self.loaded


def program(case: Case) -> Iterator[Finding]:
    versions = f"Squid {__version__}, Python {platform.python_version()}"
    yield Finding("ok", f"{versions}, SQLite {sqlite3.sqlite_version}")
    if sqlite3.sqlite_version_info < (3, 35):
        yield Finding(
            "problem",
            "This SQLite is too old; Squid needs 3.35.",
            "Use a newer Python, which brings a newer SQLite.",
        )


def configuration(case: Case) -> Iterator[Finding]:
    if case.error is not None:
        yield Finding("problem", case.error.detail, case.error.hint)
        yield Finding("warning", "The rest was looked at as if nothing were configured.")
    elif isinstance(case.loaded, Loaded):
        set_ = sum(origin.kind != "default" for origin in case.loaded.origins.values())
        here, own = places()
        where = str(case.loaded.file or f"no file (it could be {here.absolute()} or {own})")
        yield Finding("ok", f"{where}; {set_} set, the others by default: squid config")
        yield from _readable_secrets(case.loaded)


def _readable_secrets(loaded: Loaded) -> Iterator[Finding]:
    file = loaded.file
    if file is None or os.name == "nt" or not file.stat().st_mode & 0o077:
        return
    for path, type_, default in keys():
        key = ".".join(path)
        value = attrgetter(key)(loaded.config)
        if layers.is_secret(type_) and loaded.origins[key].kind == "file" and value != default:
            yield Finding(
                "warning",
                f"{file} has {key} in it, and others on this machine may read it.",
                f"chmod 600 {file}",
            )


def data_folder(case: Case) -> Iterator[Finding]:
    folder = case.config.data_folder.absolute()
    try:
        found = folder.stat()
    except FileNotFoundError:
        yield from _to_be_made(folder)
        return
    if not stat.S_ISDIR(found.st_mode):
        yield Finding(
            "problem", f"{folder} is not a folder.", "Move it away, or name a folder with --data."
        )
        return
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield Finding(
            "problem", f"{folder} cannot be written by this user.", "Check its owner and mode."
        )
    else:
        yield Finding("ok", str(folder))
    yield from _room(folder, case.config.database_path)
    yield from _private(folder, case.config.database_path)


def _to_be_made(folder: Path) -> Iterator[Finding]:
    above = next(one for one in folder.parents if one.exists())
    if above.is_dir() and os.access(above, os.W_OK | os.X_OK):
        yield Finding("ok", f"{folder} is not there yet; the first command makes it")
    else:
        yield Finding(
            "problem",
            f"{folder} is not there, and cannot be made in {above}.",
            "Make it yourself, or name another one with --data.",
        )


def _room(folder: Path, database: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(folder).free
    used = 0
    with contextlib.suppress(OSError):
        used = size(database)
    if free < NONE_BYTES:
        yield Finding("problem", f"The disk is full: {megabytes(free)} are free.", "Make room.")
    elif free < max(LITTLE_BYTES, 3 * used):
        yield Finding(
            "warning",
            f"{megabytes(free)} are free; a restore may take {megabytes(3 * used)}.",
            "Make room, before answers have to wait for it.",
        )


def _private(folder: Path, database: Path) -> Iterator[Finding]:
    """Conversations are for their owner's eyes: some folder above, or the file, must
    keep the others out."""
    if os.name == "nt" or not database.is_file() or not database.stat().st_mode & 0o044:
        return
    real = database.resolve()
    if all(one.stat().st_mode & 0o011 for one in real.parents):
        yield Finding(
            "warning", f"Other users of this machine can read {database}.", f"chmod 700 {folder}"
        )


def processes(case: Case) -> Iterator[Finding]:
    living, gone = worker.living(case.config.database_path)
    count = f"{len(living)} working on the database" if living else "none works on the database"
    yield Finding("ok", count)
    if gone:
        yield Finding(
            "warning",
            f"{len(gone)} ended without saying so: killed, or cut off from power.",
            "Nothing is lost; the next start closes the answers that they were writing.",
        )


def server(case: Case) -> Iterator[Finding]:
    running = worker.servers(case.config.database_path)
    for url in running:
        yield _answers(url)
    if not running:
        yield _port(case.config.server.host, case.config.server.port)


def _answers(url: str) -> Finding:
    place = urlsplit(url)
    connection = http.client.HTTPConnection(
        place.hostname or "", place.port, timeout=SERVER_SECONDS
    )
    try:
        connection.request("GET", "/healthz")
        body = connection.getresponse().read()
        version = str(msgspec.json.decode(body, type=dict[str, object])["version"])
    except (OSError, http.client.HTTPException, msgspec.DecodeError, KeyError):
        return Finding(
            "problem",
            f"The server at {url} does not answer.",
            "End it and start it again: nothing that was shown is lost.",
        )
    finally:
        connection.close()
    if version != __version__:
        return Finding(
            "warning",
            f"The server at {url} is Squid {version}, this program is {__version__}.",
            "End it and start it again.",
        )
    return Finding("ok", f"running at {url}, version {version}")


def _port(host: str, port: int) -> Finding:
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family) as listener:
        if os.name != "nt":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen(1)
        except OSError as error:
            return Finding(
                "problem",
                f"none is running, and none could listen on {host} port {port}: {error.strerror}.",
                "Choose another port: squid serve --port PORT, or `port` in [server].",
            )
    return Finding("ok", f"none is running; port {port} is free")


def clock(case: Case) -> Iterator[Finding]:
    text = time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(now() / 1000))
    if time.gmtime().tm_year < YEAR:
        yield Finding("problem", f"The clock says {text}.", "Set it: new messages sort by it.")
    else:
        yield Finding("ok", text)


def terminal(case: Case) -> Iterator[Finding]:
    encoding = (sys.stdout.encoding or "none").lower()
    if encoding.replace("-", "") == "utf8":
        yield Finding("ok", encoding)
    else:
        yield Finding(
            "warning",
            f"It is set to {encoding}, which cannot show every answer.",
            "Set LANG to a UTF-8 locale, or PYTHONUTF8=1.",
        )
