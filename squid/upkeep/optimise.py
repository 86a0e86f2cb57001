"""Giving back room, and letting the planner look again."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import tempfile
from contextlib import suppress
from pathlib import Path

from squid.errors import Conflict, DatabaseBusy, DiskFull
from squid.store import space, worker
from squid.store.database import Database
from squid.upkeep.pace import Pace


async def optimise(database: Database) -> dict[str, int]:
    """In steps so small that nobody waits for one. Returns the bytes given back."""
    pace, pages = Pace(database), 0
    while some := await pace.write(space.give_back):
        pages += some
    await pace.write(space.optimise)
    with suppress(sqlite3.OperationalError):  # somebody writes: the next one finds it
        await asyncio.to_thread(space.checkpoint, database.path)
    return {"bytes_freed": pages * await database.read(space.page_size)}


def vacuum(path: Path, busy_timeout: float) -> tuple[int, int]:
    """Write a database anew; returns its bytes before and after. Raises Conflict where a
    server works on it, DiskFull where there is no room, DatabaseBusy."""
    if urls := worker.servers(path):
        raise Conflict(
            f"The database is in use by the server at {urls[0]}, which would have to wait.",
            hint="End the server first. It gives room back by itself, a little at a time.",
        )
    before = path.stat().st_size
    _check_room(path, before)
    try:
        space.vacuum(path, busy_timeout)
    except sqlite3.OperationalError as error:
        if "locked" in str(error) or "busy" in str(error):
            raise DatabaseBusy(
                "Another program holds the database locked.", hint="Try again when it is done."
            ) from None
        raise DiskFull(
            f"The database could not be written anew: {error}.", hint="It is as it was."
        ) from None
    return before, path.stat().st_size


def _check_room(path: Path, size: int) -> None:
    """The new database goes through SQLite's temporary folder and the log beside the
    old one."""
    temporary = Path(tempfile.gettempdir())
    same = temporary.stat().st_dev == path.stat().st_dev
    for folder, needed in ((path.parent, size * (2 if same else 1)), (temporary, size)):
        free = shutil.disk_usage(folder).free
        if free < needed:
            raise DiskFull(
                f"There is no room to write the database anew: it takes"
                f" {needed // 1024**2:,} MB in {folder}, and {free // 1024**2:,} MB are free.",
                hint="Make room on the disk first. Nothing was changed.",
            )
