"""Everything that is done by the clock, and how often."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from squid.config import Config
from squid.store.database import Database
from squid.upkeep.optimise import optimise
from squid.upkeep.retention import Done, Retention
from squid.upkeep.scheduler import Job
from squid.upkeep.sweep import sweep_changes, sweep_files, sweep_logs


def jobs(
    config: Config, database: Database, told: Callable[[Done], None] = lambda done: None
) -> list[Job]:
    """In the order in which they are done: what one leaves, the next removes. `told`
    gets to know what retention did, one by one."""

    async def retain() -> dict[str, int]:
        done = await Retention(config, database).run()
        told(done)
        return done.counts()

    keep_log_hours = config.runs.keep_log_hours
    hours = config.session.cleanup_interval_hours
    return [
        Job("retention", hours, retain),
        Job("logs", 1, partial(sweep_logs, database, keep_log_hours=keep_log_hours)),
        Job("files", 1, partial(sweep_files, database)),
        Job("changes", 1, partial(sweep_changes, database)),
        Job("optimise", hours, partial(optimise, database)),
    ]
