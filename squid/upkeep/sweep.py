"""Tidying that nobody has to ask for: logs of runs that ended long ago, files that no
message came to carry, and old lines of the change feed."""

from __future__ import annotations

import asyncio
import logging

from squid.errors import DatabaseError
from squid.ids import now
from squid.store import changes, files, runs
from squid.store.database import Database

log = logging.getLogger(__name__)

HOUR_MS = 3_600_000
FILE_HOURS = 24
"""How long an uploaded file waits for its message."""

CHANGES = 10_000
"""Lines of the feed kept for readers that come back."""


async def sweep(database: Database, *, keep_log_hours: int) -> None:
    """Once. Each step is a small commit, so that no live answer waits for it."""
    removed = 0
    while await database.write(runs.remove_logs, now() - keep_log_hours * HOUR_MS):
        pass
    while await database.write(files.sweep, now() - FILE_HOURS * HOUR_MS):
        removed += 1
    while await database.write(changes.trim, CHANGES):
        pass
    if removed:
        log.info("removed %d files that no message carries", removed)


async def sweep_forever(database: Database, *, keep_log_hours: int) -> None:
    while True:
        try:
            await sweep(database, keep_log_hours=keep_log_hours)
        except DatabaseError as error:
            log.warning("tidying was put off: %s", error)
        except Exception:
            log.exception("tidying failed")
        await asyncio.sleep(3600)
