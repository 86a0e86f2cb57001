"""What `squid cleanup` does, and how it says so."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import typer

from squid.config import Config
from squid.core import open_squid
from squid.errors import InvalidRequest
from squid.store.retention import Item, Plan
from squid.upkeep.jobs import jobs
from squid.upkeep.optimise import vacuum as write_anew
from squid.upkeep.retention import Done, Retention
from squid.upkeep.scheduler import Scheduler

_TIDIED = (("logs_removed", "old log"), ("files_removed", "file that no message carries"))


def cleanup(config: Config, *, dry_run: bool, vacuum: bool, as_json: bool) -> None:
    """Raises SquidError; what was done until then stays done."""
    if dry_run and vacuum:
        raise InvalidRequest(
            "A dry run cannot tell what --vacuum would give back.", hint="Leave one of them out."
        )
    if dry_run:
        plan, outcome = asyncio.run(_plan(config)), dict[str, int]()
        done = Done(plan, [])
    else:
        done, outcome = asyncio.run(_clean(config))
    sizes = _vacuum(config) if vacuum else None
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(_tree(done, outcome, sizes, dry_run))))
        return
    for line in _lines(config, done, outcome, dry_run):
        typer.echo(line)
    if sizes is not None:
        typer.echo(f"The database had {_size(sizes[0])} and has {_size(sizes[1])} now.")


async def _plan(config: Config) -> Plan:
    async with open_squid(config) as squid:
        return await Retention(config, squid.database).plan()


async def _clean(config: Config) -> tuple[Done, dict[str, int]]:
    async with open_squid(config) as squid:
        told: list[Done] = []
        outcome: dict[str, int] = {}
        work = jobs(config, squid.database, told.append)
        scheduler = Scheduler(squid.database, squid.worker.id, work)
        for job in work:
            outcome |= await scheduler.do(job)
        return told[0], outcome


def _vacuum(config: Config) -> tuple[int, int]:
    return write_anew(config.database_path, config.database.busy_timeout_seconds)


def _lines(config: Config, done: Done, outcome: dict[str, int], dry_run: bool) -> Iterator[str]:
    plan = done.plan
    will = "Would move" if dry_run else "Moved"
    if plan.trash:
        yield f"{will} {_count(plan.trash, 'session')} into the trash:"
        yield from _table(plan.trash, config)
    if plan.shorten:
        yield f"{will} the oldest messages of {_count(plan.shorten, 'session')} into the trash:"
        yield from _table(plan.shorten, config)
    will = "Would remove" if dry_run else "Removed"
    if plan.purge:
        yield f"{will} {_count(plan.purge, 'session')} for good:"
        yield from _table(plan.purge, config)
    if plan.wipe:
        yield f"{will} the words of deleted messages in {_count(plan.wipe, 'session')} for good:"
        yield from _table(plan.wipe, config)
    if (plan.purge or plan.wipe) and not config.session.archive:
        yield f"{'They would not be' if dry_run else 'They are not'} archived: [session] archive."
    elif dry_run and (plan.purge or plan.wipe):
        yield f"Each would be archived in {config.data_folder / 'archive'} before."
    for path in done.archived:
        yield f"Archived: {path}"
    for name, noun in _TIDIED:
        if number := outcome.get(name):
            yield f"Removed {number:,} {noun}{'' if number == 1 else 's'}."
    if given := outcome.get("bytes_freed"):
        yield f"Gave {_size(given)} back to the disk."
    if not any((plan.trash, plan.shorten, plan.purge, plan.wipe)):
        yield _nothing(config)
    elif dry_run:
        yield "Nothing was changed."


def _nothing(config: Config) -> str:
    session = config.session
    keys = ("max_age_days", "max_sessions_per_user", "max_messages_per_session")
    limits = [f"{key} = {value}" for key in keys if (value := getattr(session, key))]
    told = ", ".join(limits) if limits else f"no limit is set ({', '.join(keys)})"
    trash = f"{session.trash_days} days" if session.trash_days else "for ever"
    return f"Nothing is due. In [session], {told}; the trash is kept {trash} (trash_days)."


def _table(items: Sequence[Item], config: Config) -> Iterator[str]:
    for item in items:
        active = time.strftime("%Y-%m-%d", time.gmtime(item.active_at / 1000))
        title = " ".join(item.title.split()) or "(no title)"
        yield f"  {item.session_id}  {title[:60]!s}  last active {active}  {_why(item, config)}"


def _why(item: Item, config: Config) -> str:
    session = config.session
    number = len(item.message_ids)
    messages = f"{number:,} message{'' if number == 1 else 's'}, "
    return {
        "age": f"not active for {session.max_age_days} days",
        "count": f"beyond {session.max_sessions_per_user} sessions",
        "length": f"{messages}beyond {session.max_messages_per_session}",
        "trash": f"{messages if number else ''}in the trash for {session.trash_days} days",
        "size": f"the database has more than {config.upkeep.max_database_mb} MB",
    }[item.reason]


def _tree(
    done: Done, outcome: dict[str, int], sizes: tuple[int, int] | None, dry_run: bool
) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        **msgspec.to_builtins(done.plan),
        "archived": [str(path) for path in done.archived],
        "outcome": done.counts() | outcome,
        **({} if sizes is None else {"vacuum": dict(zip(("before", "after"), sizes, strict=True))}),
    }


def _count(items: Sequence[Item], noun: str) -> str:
    return f"{len(items):,} {noun}{'' if len(items) == 1 else 's'}"


def _size(bytes: int) -> str:
    return f"{bytes / 1024**2:,.1f} MB"
