"""What `squid export` and `squid import` do, on the database itself: a server that runs
beside them sees it at once."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import typer

from squid.cli.progress import Bar
from squid.config import Config
from squid.errors import InvalidRequest
from squid.runs.cut import cut_off
from squid.store import once, sessions
from squid.store.users import LOCAL
from squid.transfer import json, markdown
from squid.transfer.records import Counts, Imported

FORMATS = {"json": json.write, "markdown": markdown.write}


def export(
    config: Config, *, session_id: str | None, everything: bool, format: str, output: Path | None
) -> None:
    """Raises SquidError; the output is then as it was."""
    if format not in FORMATS:
        raise InvalidRequest(f"{format!r} is no format: there are json and markdown.")
    if everything == (session_id is not None):
        raise InvalidRequest(
            "Say which session to export, or --all.",
            hint="squid export SESSION_ID, or squid export --all -o sessions.json",
        )
    if output is None:
        _export(config, sys.stdout.buffer, session_id, format, quiet=_on_terminal())
        sys.stdout.buffer.flush()
        return
    with _replacing(output) as file:
        counts = _export(config, file, session_id, format, quiet=False)
    typer.echo(f"Exported {_told(counts)} to {output}", err=True)


def import_(config: Config, path: Path) -> None:
    """Raises SquidError; nothing is imported then."""
    with _opened(path) as file:
        done = asyncio.run(_import(config, file))
    typer.echo(_outcome(done))


def _export(
    config: Config, file: BinaryIO, given: str | None, format: str, *, quiet: bool
) -> Counts:
    with Bar("Exporting", quiet=quiet) as bar:
        written = 0

        class Out:
            def write(self, data: bytes) -> None:
                nonlocal written
                file.write(data)
                written += len(data)
                bar.show(written, None)

        def write(db: sqlite3.Connection) -> Counts:
            session = sessions.find(db, LOCAL, given, deleted=True) if given else None
            return FORMATS[format](
                db, LOCAL, Out(), cut_off, session_id=session.id if session else None
            )

        return once.read(config, write)


async def _import(config: Config, file: BinaryIO) -> Imported:
    from squid.core import open_squid

    with Bar("Importing") as bar:
        async with open_squid(config) as squid:
            with bar.stopping():
                return await json.read(squid.database, LOCAL, file, bar.show)


def _on_terminal() -> bool:
    """A bar must not be drawn between the lines of what is shown."""
    return sys.stdout.isatty()


@contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write that takes the place of `path` when it is whole. Only its owner
    may read it: it is somebody's conversations."""
    try:
        if path.exists() and not path.is_file():  # a device, a pipe
            with path.open("wb") as file:
                yield file
            return
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise
    except BrokenPipeError:
        raise
    except OSError as error:
        raise InvalidRequest(f"{path} cannot be written: {error.strerror}.") from None


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """The export as a real file, which a pipe is made to be."""
    try:
        with (
            os.fdopen(os.dup(0), "rb") if str(path) == "-" else path.open("rb") as file,
        ):
            if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                yield file
                return
            with tempfile.TemporaryFile() as whole:
                shutil.copyfileobj(file, whole)
                whole.flush()
                yield whole
    except OSError as error:
        raise InvalidRequest(f"{path} cannot be read: {error.strerror}.") from None


def _outcome(done: Imported) -> str:
    if not any((done.added.sessions, done.added.messages, done.added.files)):
        return f"Nothing is new: {_told(done.known)} were here already."
    known = ""
    if any((done.known.sessions, done.known.messages, done.known.files)):
        known = f" {_told(done.known)} were here already."
    return f"Imported {_told(done.added)}.{known}"


def _told(counts: Counts) -> str:
    return ", ".join(
        f"{number:,} {noun}{'' if number == 1 else 's'}"
        for number, noun in (
            (counts.sessions, "session"),
            (counts.messages, "message"),
            (counts.files, "file"),
        )
    )
