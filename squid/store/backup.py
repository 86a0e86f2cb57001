"""Backups: one file each, verified before it gets its name."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from squid.errors import Conflict, DatabaseError, DiskFull, InvalidRequest
from squid.store import snapshot
from squid.store.migrate import recognise
from squid.store.snapshot import Progress, quiet
from squid.store.verify import Facts, verify
from squid.store.workplace import workplace

SUFFIX = ".db"
MARGIN_BYTES = 16 << 20
"""Left free on a disk."""


def default_path(folder: Path, label: str = "squid") -> Path:
    """A name that is free, with the time (UTC) in it."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    path, number = folder / f"{label}-{stamp}{SUFFIX}", 2
    while path.exists():
        path, number = folder / f"{label}-{stamp}-{number}{SUFFIX}", number + 1
    return path


def back_up(path: Path, target: Path, *, force: bool = False, progress: Progress = quiet) -> Facts:
    """Copy the database at `path` to `target`, whole, beside whoever works on it.

    `force` is for a `target` that is there already. Raises DatabaseError, and Conflict
    where it may not be replaced; nothing is at `target` then that was not before.
    """
    if not path.is_file():
        raise DatabaseError(f"There is no database at {path} yet.")
    recognise(path)
    if target.exists() and os.path.samefile(path, target):
        raise InvalidRequest(f"{target} is the database itself.", hint="Name another file.")
    if os.path.lexists(target) and not (force and target.is_file()):
        raise _is_there(target)
    try:
        # No folder above: it may be where a disk would be, were it there.
        target.parent.mkdir(exist_ok=True, mode=0o700)
        need_room(target.parent, size(path))
        with workplace(target.parent) as folder:
            copy = folder / "copy.db"
            with closing(open_existing(path)) as db:
                snapshot.take(db, copy, progress)
            facts = verify(copy, target)
            _name(copy, target, force)
        snapshot.sync(target.parent)
    except OSError as error:
        raise unwritable(target, error) from None
    except sqlite3.Error as error:
        raise unwritable(target, error) from None
    return facts


def open_existing(path: Path, timeout: float = 30) -> sqlite3.Connection:
    """`timeout` is in seconds: how long another program may hold the file."""
    uri = f"file:{quote(str(path.absolute()))}?mode=rw"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=timeout)


def found(folder: Path) -> list[Path]:
    """The backups in a folder, the newest first."""
    files = [path for path in folder.glob(f"*{SUFFIX}") if path.is_file()]
    return sorted(files, key=lambda path: -path.stat().st_mtime)


def size(path: Path) -> int:
    """Bytes of a database with its log."""
    log = path.with_name(path.name + "-wal")
    return path.stat().st_size + (log.stat().st_size if log.exists() else 0)


def need_room(folder: Path, needed: int) -> None:
    """Raises DiskFull where the disk of `folder` has less than `needed` bytes to spare."""
    free = shutil.disk_usage(folder).free
    if free < needed + MARGIN_BYTES:
        raise DiskFull(
            f"There is not enough room at {folder}: {megabytes(needed + MARGIN_BYTES)} are"
            f" needed, {megabytes(free)} are free.",
            hint="Make room on the disk, or name a folder on another one.",
        )


def megabytes(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"


def unwritable(target: Path, error: OSError | sqlite3.Error) -> DatabaseError:
    """What to tell of a copy that failed."""
    if isinstance(error, OSError):
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        why = error.strerror or str(error)
        if isinstance(error, FileExistsError):  # where a folder was to be made
            why = "its folder is a file"
    else:
        name = getattr(error, "sqlite_errorname", "")
        full = name.startswith(("SQLITE_FULL", "SQLITE_IOERR_WRITE"))
        why = str(error)
    kind = DiskFull if full else DatabaseError
    return kind(
        f"{target} cannot be written: {why}.",
        hint="Make room on the disk, or name a folder on another one." if full else None,
    )


def _name(copy: Path, target: Path, force: bool) -> None:
    """Give a whole file its name; another one of that name stays unless `force` is on."""
    if force:
        os.replace(copy, target)
        return
    try:
        os.link(copy, target)
    except FileExistsError:
        raise _is_there(target) from None
    except OSError:  # this disk has no second names
        if os.path.lexists(target):
            raise _is_there(target) from None
        os.rename(copy, target)


def _is_there(target: Path) -> Conflict:
    return Conflict(
        f"{target} is there already.", hint="Name another file, or replace it with --force."
    )
