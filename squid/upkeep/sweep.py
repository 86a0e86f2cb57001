"""Tidying that nobody has to ask for: logs of runs that ended long ago, files that no
message came to carry, and old lines of the change feed. Each returns what it removed."""

from __future__ import annotations

from squid.ids import now
from squid.store import changes, files, runs
from squid.store.database import Database
from squid.upkeep.pace import Pace

HOUR_MS = 3_600_000
FILE_HOURS = 24
"""How long an uploaded file waits for its message."""

CHANGES = 10_000
"""Lines of the feed kept for readers that come back."""


async def sweep_logs(database: Database, *, keep_log_hours: int) -> dict[str, int]:
    pace, removed = Pace(database), 0
    while some := await pace.write(runs.remove_logs, now() - keep_log_hours * HOUR_MS):
        removed += some
    return {"logs_removed": removed}


async def sweep_files(database: Database) -> dict[str, int]:
    pace, removed = Pace(database), 0
    while await pace.write(files.sweep, now() - FILE_HOURS * HOUR_MS):
        removed += 1
    return {"files_removed": removed}


async def sweep_changes(database: Database) -> dict[str, int]:
    pace, removed = Pace(database), 0
    while (some := await pace.write(changes.trim, CHANGES)) > 0:
        removed += some
    return {"changes_removed": removed}
