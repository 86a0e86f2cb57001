"""At start: runs whose process is gone become `interrupted`, with all their text (P4)."""

from __future__ import annotations

import logging
import sqlite3

from squid.errors import DatabaseError
from squid.models import Run
from squid.runs import events, finish
from squid.runs.log import RunLog
from squid.store import runs, sessions, worker
from squid.store.database import Database

log = logging.getLogger(__name__)

AT_ONCE = 100
"""Runs closed in one commit."""

PAGE = 10_000
"""Events read at once."""


async def recover(database: Database, own_worker: str) -> int:
    """Close every run that no living process writes; returns how many."""
    found = await database.read(runs.running)
    dead = {
        worker_id
        for worker_id in {run.worker for run in found}
        if worker_id != own_worker and not worker.alive(database.path, worker_id)
    }
    lost = [run for run in found if run.worker in dead]
    for start in range(0, len(lost), AT_ONCE):
        some = lost[start : start + AT_ONCE]
        try:
            await database.write(_close, some)
        except DatabaseError:
            raise
        except Exception:  # one of them cannot be closed; the others can
            for run in some:
                await _close_one(database, run)
    if lost:
        log.info("%d answers were cut off; what had come of them is kept", len(lost))
    return len(lost)


async def _close_one(database: Database, run: Run) -> None:
    try:
        await database.write(_close, [run])
    except DatabaseError:
        raise
    except Exception:
        log.exception("run %s cannot be recovered in full", run.id)
        try:
            await database.write(_close, [run], bare=True)
        except DatabaseError:
            raise
        except Exception:  # it stays open, which is better than a server that is not there
            log.exception("run %s cannot be recovered", run.id)


def _close(db: sqlite3.Connection, lost: list[Run], bare: bool = False) -> None:
    for run in lost:
        if runs.live_in(db, run.session_id) != run.id:
            continue  # another process was faster
        killed = replay(db, run)
        if bare:
            killed.answer.strip()
        killed.end(
            finish.last_event(
                finish.INTERRUPTED,
                session_id=run.session_id,
                run_id=run.id,
                provider=run.provider,
                model=run.model,
                answer=killed.answer,
            )
        )
        user_id = sessions.owner(db, run.session_id)
        finish.write(
            db, user_id, killed, killed.answer, run.session_id, killed.take(), finish.INTERRUPTED
        )


def replay(db: sqlite3.Connection, run: Run) -> RunLog:
    """The log of a run as its committed events tell it."""
    log = RunLog(run.id, runs.number(db, run.id), run.message_id, 0)
    while page := runs.events(db, log.number, log.shown_event, PAGE):
        log.replay([(seq, events.decode(data)) for seq, data in page])
    return log
