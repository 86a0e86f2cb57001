"""What `squid sessions rename`, `delete`, `restore`, `archive` and `unarchive` do: one
transaction for all that are named."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from functools import partial

import typer

from squid.cli.render import line
from squid.config import Config
from squid.errors import InvalidRequest
from squid.models import Session
from squid.store import once, sessions
from squid.store.users import LOCAL

TITLE_LENGTH = 500
"""As over HTTP."""

Change = Callable[[sqlite3.Connection, str, str], Session]


def rename(config: Config, given: str, title: str) -> None:
    """Raises SquidError, as all of these do; nothing is changed then."""
    if len(title) > TITLE_LENGTH:
        raise InvalidRequest(f"A title has {TITLE_LENGTH} characters at most.")
    _each(config, [given], partial(sessions.update, title=title), "Renamed")


def delete(config: Config, given: Sequence[str]) -> None:
    # It also writes down that a live answer is to stop, which whoever produces it obeys.
    deleted = _each(config, given, sessions.delete, "Deleted", deleted=True)
    ids = " ".join(session.id for session in deleted)
    typer.echo(f"To have it back: squid sessions restore {ids}")


def restore(config: Config, given: Sequence[str]) -> None:
    _each(config, given, sessions.restore, "Restored", deleted=True)


def archive(config: Config, given: Sequence[str]) -> None:
    _each(config, given, partial(sessions.archive, archived=True), "Archived")


def unarchive(config: Config, given: Sequence[str]) -> None:
    _each(config, given, partial(sessions.archive, archived=False), "Back in the lists")


def _each(
    config: Config, given: Sequence[str], change: Change, done: str, *, deleted: bool = False
) -> list[Session]:
    def all_(db: sqlite3.Connection) -> list[Session]:
        found = [sessions.find(db, LOCAL, one, deleted=deleted) for one in given]
        return [change(db, LOCAL, id_) for id_ in dict.fromkeys(one.id for one in found)]

    changed = once.write(config, all_)
    for session in changed:
        typer.echo(f"{done}: {line(session.title) or 'Untitled'} ({session.id})")
    return changed
