"""What is done by the clock: when each job is due, who does it, and how it went."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

import msgspec

_COLUMNS = "name, due_at, worker, started_at, ended_at, outcome, error"


class JobState(msgspec.Struct, frozen=True):
    """A job as the table has it. Times are in milliseconds."""

    name: str
    due_at: int
    worker: str | None
    """The process that does it, or that died doing it; null while nobody does."""
    started_at: int | None
    """The last time it was begun."""
    ended_at: int | None
    """The last time it came to an end."""
    outcome: dict[str, int] | None
    """What it did then."""
    error: str | None
    """Why it failed then."""


def last(db: sqlite3.Connection) -> list[JobState]:
    """Every job with its last run, by name; empty before the first server's start."""
    rows = db.execute(f"SELECT {_COLUMNS} FROM upkeep_jobs ORDER BY name")
    return [
        JobState(name, due, worker, start, end, outcome and msgspec.json.decode(outcome), error)
        for name, due, worker, start, end, outcome, error in rows
    ]


def settle(db: sqlite3.Connection, intervals: Mapping[str, int], at: int) -> None:
    """Have a line for each job. One that was never done is due at once. One that is due
    later than an interval (ms) from now was noted under another interval, or by a clock
    that was wrong."""
    for name, interval in intervals.items():
        db.execute(
            "INSERT INTO upkeep_jobs (name, due_at) VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET due_at = ? WHERE due_at > ?",
            (name, at, at + interval, at + interval),
        )


def claim(
    db: sqlite3.Connection,
    name: str,
    worker: str,
    at: int,
    *,
    of: str | None = None,
    early: bool = False,
) -> bool:
    """Take a job that is due, or one that a dead worker (`of`) left; with `early`, one
    that is not due yet. Says whether it is the worker's now."""
    return (
        db.execute(
            "UPDATE upkeep_jobs SET worker = ?, started_at = ?"
            " WHERE name = ? AND worker IS ? AND (worker IS NOT NULL OR due_at <= ? OR ?)",
            (worker, at, name, of, at, early),
        ).rowcount
        == 1
    )


def finish(
    db: sqlite3.Connection,
    name: str,
    worker: str,
    *,
    at: int,
    due_at: int,
    outcome: Mapping[str, int] | None,
    error: str | None,
) -> None:
    """Note how it went and when it is due again; nothing where it was taken over."""
    db.execute(
        "UPDATE upkeep_jobs SET worker = NULL, ended_at = ?, due_at = ?, outcome = ?, error = ?"
        " WHERE name = ? AND worker = ?",
        (
            *(at, due_at, None if outcome is None else msgspec.json.encode(outcome).decode()),
            *(error, name, worker),
        ),
    )
