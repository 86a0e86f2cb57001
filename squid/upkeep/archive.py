"""The archive: what is about to be removed for good, as compressed exports.

One that was written is never written over: its name has a part of its content's hash.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from squid.errors import DiskFull
from squid.transfer.json import Out

PARTIAL = ".partial-"
OLD_SECONDS = 86_400
"""After this long, a file that was not finished is a crashed process's."""


class Stopped(Exception):
    """Nobody waits for the export any more."""


class Archive:
    """A folder of `YYYY-MM/SESSION-HASH.json.gz`, for its owner alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(
        self, session_id: str, at: int, export: Callable[[Out], object], stop: threading.Event
    ) -> Path:
        """Write what `export` writes; returns its file when that is on disk. `at` is in
        milliseconds. Raises DiskFull, Stopped."""
        try:
            return self._keep(session_id, at, export, stop)
        except OSError as error:
            raise DiskFull(
                f"The archive could not be written: {error.strerror or error}.",
                hint=f"Nothing was removed. Make room for {self._folder}, or set"
                " [session] archive = false to remove without it.",
            ) from None

    def tidy(self) -> None:
        """Remove what a process that was killed has begun."""
        before = time.time() - OLD_SECONDS
        for path in self._folder.glob(f"*/{PARTIAL}*"):
            with suppress(OSError):
                if path.stat().st_mtime < before:
                    path.unlink()

    def _keep(
        self, session_id: str, at: int, export: Callable[[Out], object], stop: threading.Event
    ) -> Path:
        folder = self._folder / time.strftime("%Y-%m", time.gmtime(at / 1000))
        _make(self._folder)
        _make(folder)
        handle, partial = tempfile.mkstemp(prefix=PARTIAL, dir=folder)
        try:
            with os.fdopen(handle, "wb") as file:
                # The same export is the same file: no name and no time in it.
                with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
                    out = _Hashing(packed, stop)
                    export(out)
                file.flush()
                os.fsync(file.fileno())
            path = folder / f"{file_name(session_id)}-{out.hash.hexdigest()[:16]}.json.gz"
            os.replace(partial, path)
        except BaseException:
            os.unlink(partial)
            raise
        _sync(folder)
        return path


def file_name(session_id: str) -> str:
    """An id as a part of a file's name, on any file system."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", session_id)[:80]


class _Hashing:
    def __init__(self, file: gzip.GzipFile, stop: threading.Event) -> None:
        self.hash = hashlib.sha256()
        self._file = file
        self._stop = stop

    def write(self, data: bytes) -> None:
        if self._stop.is_set():
            raise Stopped
        self.hash.update(data)
        self._file.write(data)


def _make(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sync(folder.parent)


def _sync(folder: Path) -> None:
    """Have a new name survive a power cut, too."""
    if os.name == "nt":  # a folder cannot be opened there
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
