"""A folder for a file in the making, on the disk where it will be. Nobody takes what is
in it for a whole file, and what a dead process left in one is removed by the next."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

PREFIX = ".squid-partial-"


@contextmanager
def workplace(parent: Path) -> Iterator[Path]:
    """A private folder in `parent`, gone afterwards. Raises OSError."""
    clean(parent)
    new = Path(tempfile.mkdtemp(prefix=".squid-new-", dir=parent))
    lock = FileLock(new / "lock")
    lock.acquire()
    folder = parent / new.name.replace(".squid-new-", PREFIX)
    new.rename(folder)  # nobody sees it before it is held
    try:
        yield folder
    finally:
        lock.release()
        shutil.rmtree(folder, ignore_errors=True)


def clean(parent: Path) -> None:
    """Remove what dead processes left."""
    for folder in parent.glob(f"{PREFIX}*"):
        lock = FileLock(folder / "lock")
        try:
            lock.acquire(blocking=False)
        except (Timeout, OSError):
            continue
        lock.release()
        shutil.rmtree(folder, ignore_errors=True)
