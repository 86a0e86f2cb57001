"""A database at this program's version: made once for each test worker, and copied. Making
it takes 25 ms of CPU and a wait for the disk, which a test that is not about it need not."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

from squid.store.migrate import migrate


@functools.cache
def _empty() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "squid.db"
        migrate(path)
        return path.read_bytes()


def new_database(path: Path) -> None:
    """An empty one, where there is none yet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.touch(mode=0o600)
        path.write_bytes(_empty())
