"""Runs and their events: the log that is written before anything is shown."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

import msgspec

from squid.errors import IdTaken, NotFound, RunInProgress
from squid.ids import now
from squid.models import Problem, Run, RunStatus, Usage
from squid.store import sessions

_COLUMNS = (
    "id, session_id, message_id, question_id, kind, status, provider, model, worker,"
    " last_event, text_start, text_end, stop_requested_at, usage, error, created_at, ended_at"
)
_FIELDS = [name.strip() for name in _COLUMNS.split(",")]
_usage = msgspec.json.Decoder(Usage)
_problem = msgspec.json.Decoder(Problem)


class EventRow(NamedTuple):
    run: int
    """The run's number, which is its id within the log."""
    seq: int
    data: str
    """One AG-UI event as JSON text."""


def start(
    db: sqlite3.Connection,
    *,
    id: str,
    session_id: str,
    message_id: str,
    question_id: str,
    kind: Literal["answer", "continue"],
    provider: str,
    model: str,
    worker: str,
    text_start: int,
) -> int:
    """Note that a run begins; returns its number. Raises RunInProgress where the
    session has a live one, IdTaken where the id was used before."""
    try:
        row = db.execute(
            "INSERT INTO runs (id, session_id, message_id, question_id, kind, status, provider,"
            " model, worker, text_start, created_at)"
            " VALUES (?, ?, ?, ?, ?, 'running', ?, ?, ?, ?, ?)"
            " RETURNING number",
            (
                *(id, session_id, message_id, question_id, kind),
                *(provider, model, worker, text_start, now()),
            ),
        ).fetchone()
    except sqlite3.IntegrityError:
        live = live_in(db, session_id)
        if live is None:
            raise IdTaken(f"The run id {id} was used before.") from None
        raise RunInProgress(
            "An answer is still being written in this session.",
            hint="Wait for it or stop it first.",
            run_id=live,
        ) from None
    return int(row[0])


def live_in(db: sqlite3.Connection, session_id: str) -> str | None:
    """The id of the session's live run."""
    row = db.execute(
        "SELECT id FROM runs WHERE session_id = ? AND status = 'running'", (session_id,)
    ).fetchone()
    return row[0] if row else None


def get(db: sqlite3.Connection, user_id: str, run_id: str, *, deleted: bool = False) -> Run:
    """A run of the user's sessions; of a deleted one only where `deleted` asks for it."""
    row = db.execute(f"SELECT {_COLUMNS} FROM runs WHERE id = ?", (run_id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no run {run_id}.")
    run = _run(row)
    try:
        sessions.get(db, user_id, run.session_id, deleted=deleted)
    except NotFound:
        raise NotFound(f"There is no run {run_id}.") from None
    return run


def of_message(db: sqlite3.Connection, message_id: str) -> Run | None:
    """The run that last wrote a message."""
    row = db.execute(
        f"SELECT {_COLUMNS} FROM runs WHERE message_id = ? ORDER BY number DESC LIMIT 1",
        (message_id,),
    ).fetchone()
    return _run(row) if row else None


def of_question(db: sqlite3.Connection, question_id: str) -> Run | None:
    """The run that first answered a message."""
    row = db.execute(
        f"SELECT {_COLUMNS} FROM runs WHERE question_id = ? ORDER BY number LIMIT 1",
        (question_id,),
    ).fetchone()
    return _run(row) if row else None


def question_id(db: sqlite3.Connection, run_id: str) -> str:
    row = db.execute("SELECT question_id FROM runs WHERE id = ?", (run_id,)).fetchone()
    return str(row[0])


def exists(db: sqlite3.Connection, run_id: str) -> bool:
    return db.execute("SELECT 1 FROM runs WHERE id = ?", (run_id,)).fetchone() is not None


def number(db: sqlite3.Connection, run_id: str) -> int:
    row = db.execute("SELECT number FROM runs WHERE id = ?", (run_id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no run {run_id}.")
    return int(row[0])


def append(db: sqlite3.Connection, rows: Iterable[EventRow]) -> None:
    db.executemany("INSERT INTO run_events (run, seq, data) VALUES (?, ?, ?)", rows)


def rows(number: int, taken: Iterable[tuple[int, object, str]]) -> list[EventRow]:
    """Events as a log takes them: the id, the event, and its JSON."""
    return [EventRow(number, seq, data) for seq, _, data in taken]


def has_number(db: sqlite3.Connection, run_id: str, number: int) -> bool:
    """Whether the number is still this run's: one that was removed leaves its own."""
    row = db.execute("SELECT 1 FROM runs WHERE number = ? AND id = ?", (number, run_id)).fetchone()
    return row is not None


def events(
    db: sqlite3.Connection, run_number: int, after: int = 0, limit: int = 1000
) -> list[tuple[int, str]]:
    """Events behind `after`, in order: their ids and JSON texts."""
    return db.execute(
        "SELECT seq, data FROM run_events WHERE run = ? AND seq > ? ORDER BY seq LIMIT ?",
        (run_number, after, limit),
    ).fetchall()


def running(db: sqlite3.Connection) -> list[Run]:
    return [
        _run(row) for row in db.execute(f"SELECT {_COLUMNS} FROM runs WHERE status = 'running'")
    ]


def finish(
    db: sqlite3.Connection,
    run_id: str,
    *,
    status: RunStatus,
    last_event: int,
    text_end: int,
    usage: Usage | None,
    error: Problem | None,
) -> None:
    db.execute(
        "UPDATE runs SET status = ?, last_event = ?, text_end = ?, usage = ?, error = ?,"
        " ended_at = ? WHERE id = ?",
        (status, last_event, text_end, _json(usage), _json(error), now(), run_id),
    )


def request_stop(db: sqlite3.Connection, user_id: str, run_id: str) -> Run:
    """Ask a run to end early; harmless where it has ended already."""
    run = get(db, user_id, run_id, deleted=True)
    if run.status == "running" and run.stop_requested_at is None:
        db.execute("UPDATE runs SET stop_requested_at = ? WHERE id = ?", (now(), run_id))
        sessions.touch(db, run.session_id, "run", run_id=run_id)
    return get(db, user_id, run_id, deleted=True)


def stops_requested(db: sqlite3.Connection, worker: str) -> list[str]:
    """Live runs of a process that somebody, perhaps in another process, wants ended."""
    rows = db.execute(
        "SELECT id FROM runs WHERE status = 'running' AND worker = ?"
        " AND stop_requested_at IS NOT NULL",
        (worker,),
    )
    return [row[0] for row in rows]


def remove_logs(db: sqlite3.Connection, ended_before: int, events: int = 2000) -> int:
    """Drop the events of runs that ended before a time (ms); their text is in the
    messages. Returns how many runs, at least one where there is any, and about as many
    as `events` allow, so that no commit takes long."""
    removed = 0
    while events > 0:
        row = db.execute(
            "SELECT number FROM runs WHERE log_removed_at IS NULL AND ended_at < ? LIMIT 1",
            (ended_before,),
        ).fetchone()
        if row is None:
            break
        events -= db.execute("DELETE FROM run_events WHERE run = ?", row).rowcount + 1
        db.execute("UPDATE runs SET log_removed_at = ? WHERE number = ?", (now(), *row))
        removed += 1
    return removed


def _run(row: tuple[Any, ...]) -> Run:
    fields = dict(zip(_FIELDS, row, strict=True))
    if fields["usage"] is not None:
        fields["usage"] = _usage.decode(fields["usage"])
    if fields["error"] is not None:
        fields["error"] = _problem.decode(fields["error"])
    return Run(**fields)


def _json(value: msgspec.Struct | None) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()
