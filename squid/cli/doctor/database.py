"""Checks of the database and its backups. They look, and change nothing: where a log was
left beside the file, which opening it would fold in, a copy is looked at."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from squid.cli.doctor.checks import Case, Finding
from squid.config import Config
from squid.errors import DatabaseError, SquidError
from squid.ids import now
from squid.store import upkeep as jobs
from squid.store import verify, worker
from squid.store.backup import found, megabytes, size
from squid.store.migrate import kept, pending, recognise
from squid.store.restore import fetch

DAY_MS = 86_400_000
OLD_DAYS = 7
LARGE_LOG_BYTES = 256 << 20


def database(case: Case) -> Iterator[Finding]:
    path = case.config.database_path
    try:
        if path.stat().st_size == 0:
            raise FileNotFoundError
    except FileNotFoundError:
        yield from _missing(path)
        return
    recognise(path)
    try:
        with _looking(path) as db:
            yield from _inside(db, path, case.full)
    except sqlite3.Error as error:
        raise verify.damaged(path, str(error)) from None
    log = path.with_name(path.name + "-wal")
    if log.exists() and log.stat().st_size > LARGE_LOG_BYTES:
        yield Finding(
            "warning",
            f"Its log has {megabytes(log.stat().st_size)}: something reads without an end.",
            "Restart what works on the database.",
        )


def _missing(path: Path) -> Iterator[Finding]:
    if worker.living(path)[0]:
        yield Finding(
            "problem",
            f"{path} was removed under a running Squid.",
            "End that one, and restore a backup: squid restore FILE",
        )
    elif path.with_name(path.name + "-wal").exists():
        yield Finding(
            "problem",
            f"{path} is gone, but its log is there.",
            "Put the file back beside it, or restore a backup: squid restore FILE",
        )
    else:
        yield Finding("ok", f"there is none yet; the first command makes {path}")


def _inside(db: sqlite3.Connection, path: Path, full: bool) -> Iterator[Finding]:
    missing = pending(path, db)
    wrong = verify.integrity(db, full=full) or (verify.foreign_keys(db) if full else None)
    if wrong:
        raise verify.damaged(path, wrong)
    facts = verify.facts(db)
    yield Finding(
        "ok",
        f"{path}: version {facts.version}, {megabytes(size(path))}, {facts.sessions:,} sessions,"
        f" {facts.messages:,} messages, {facts.files:,} files; "
        + ("all of it is whole" if full else "looks whole (--full checks all of it)"),
    )
    if missing:
        yield Finding(
            "warning",
            f"It is {len(missing)} versions behind this program.",
            "The next command upgrades it and keeps a copy: squid migrate",
        )
    if facts.active_at is not None and facts.active_at > now() + DAY_MS:
        yield Finding(
            "warning", "Something in it was said in the future.", "Check this machine's clock."
        )


def upkeep(case: Case) -> Iterator[Finding]:
    path = case.config.database_path
    try:
        recognise(path)
        with _looking(path) as db:
            states = [] if pending(path, db) else jobs.last(db)
    except (OSError, sqlite3.Error, SquidError):
        return  # it is told above, or there is none yet
    for job in states:
        if job.error is not None:
            yield Finding("warning", f"{job.name} failed: {job.error}", "See: squid logs")
    done = [job.ended_at for job in states if job.ended_at is not None]
    if not done:
        yield Finding("ok", "not done yet; a server does it, or squid cleanup")
    elif all(job.error is None for job in states):
        yield Finding("ok", f"last done {_ago((now() - max(done)) / DAY_MS)}")


def backups(case: Case) -> Iterator[Finding]:
    newest = found(_folder(case.config))
    if newest:
        days = (time.time() - newest[0].stat().st_mtime) / 86_400
        detail = f"{len(newest)}, the newest {_ago(days)}: {newest[0]}"
        if days > OLD_DAYS:
            yield Finding("warning", detail, "Make a new one: squid backup")
        else:
            yield Finding("ok", detail)
    elif case.config.database_path.is_file():
        yield Finding("warning", "There is none.", "Make one: squid backup")
    else:
        yield Finding("ok", "none, and nothing to back up")
    copies = kept(case.config.database_path)
    if copies:
        total = megabytes(sum(path.stat().st_size for path in copies))
        yield Finding(
            "ok", f"{len(copies)} kept from before upgrades, {total}, the oldest {copies[0]}"
        )


def _folder(config: Config) -> Path:
    return config.data_folder / "backups"


def _ago(days: float) -> str:
    if days < 1:
        return f"{max(0, days * 24):.0f} hours ago"
    return f"{days:.0f} days ago"


@contextmanager
def _looking(path: Path) -> Iterator[sqlite3.Connection]:
    left = [path.with_name(path.name + ending) for ending in ("-wal", "-journal")]
    if not any(log.exists() and log.stat().st_size for log in left):
        with closing(verify.read_only(path, alone=True)) as db:
            yield db
    elif worker.living(path)[0]:
        with closing(verify.read_only(path)) as db:
            yield db
    else:
        with tempfile.TemporaryDirectory(prefix="squid-doctor-") as folder:
            try:
                copy = fetch(path, Path(folder))
            except DatabaseError as error:
                raise DatabaseError(
                    f"{path} was not closed, and cannot be looked at: {error.detail}",
                    hint="The next start recovers it by itself.",
                ) from None
            with closing(verify.read_only(copy, alone=True)) as db:
                yield db
