"""Who is alive: each process that works on a database holds a locked file beside it.

The operating system lets go of the lock when the process ends, however it ends. So a
run whose process is gone can be told from one that another process is still writing,
and `squid ask` finds a running server without a port to guess.
"""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

from squid.ids import new_id

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

log = logging.getLogger(__name__)


class Worker:
    """This process's place beside the database. `close` gives it up."""

    def __init__(self, database: Path) -> None:
        self.id = new_id()
        self._folder = _folder(database)
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = self._folder / f"{self.id}.new"
        self._lock = FileLock(new)
        self._lock.acquire()
        new.rename(self._folder / f"{self.id}.lock")  # nobody sees it before it is held

    def announce(self, url: str) -> None:
        """Let other processes find the server that this one runs."""
        partial = self._folder / f"{self.id}.partial"
        partial.write_bytes(msgspec.json.encode({"url": url}))
        partial.replace(self._folder / f"{self.id}.json")

    def close(self) -> None:
        (self._folder / f"{self.id}.json").unlink(missing_ok=True)
        self._lock.release()
        (self._folder / f"{self.id}.lock").unlink(missing_ok=True)


def alive(database: Path, worker_id: str) -> bool:
    """Whether the process that had this id is still there. Tidies up after a dead one."""
    path = _folder(database) / f"{worker_id}.lock"
    if not path.exists():
        return False
    lock = FileLock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return True
    lock.release()
    path.unlink(missing_ok=True)
    path.with_suffix(".json").unlink(missing_ok=True)
    return False


def servers(database: Path) -> list[str]:
    """The addresses of the servers that run on this database, the newest first."""
    urls = []
    for worker_id in reversed(living(database)[0]):
        path = _folder(database) / f"{worker_id}.json"
        try:
            urls.append(msgspec.json.decode(path.read_bytes(), type=dict[str, str])["url"])
        except FileNotFoundError:
            continue  # it is no server
        except (OSError, msgspec.DecodeError, KeyError) as error:
            log.debug("%s says nothing: %s", path, error)
    return urls


def sweep(database: Path) -> None:
    """Remove what dead processes left."""
    for path in _folder(database).glob("*.lock"):
        alive(database, path.stem)


def living(database: Path) -> tuple[list[str], list[str]]:
    """The ids of the processes that work on the database, and of those that left a lock
    behind. Changes nothing. Raises OSError."""
    working: list[str] = []
    gone: list[str] = []
    for path in sorted(_folder(database).glob("*.lock")):
        (working if _held(path) else gone).append(path.stem)
    return working, gone


def _held(path: Path) -> bool:
    if fcntl is None:
        return alive(path.parent.with_suffix(""), path.stem)
    try:
        with path.open("rb") as file:
            # Shared, so that two who look do not take each other for the process.
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _folder(database: Path) -> Path:
    return database.with_name(database.name + ".workers")
