"""One transaction, for a command that does one thing and ends.

It is what `Database` does for a server, without threads and an event loop, which take
longer to import than most commands take to run. Whoever else works on the file sees a
commit as that of any other process.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Concatenate, ParamSpec, TypeVar

from squid.config import Config
from squid.store.migrate import migrate
from squid.store.sqlite import pragmas, translate

P = ParamSpec("P")
T = TypeVar("T")


def read(
    config: Config,
    transaction: Callable[Concatenate[sqlite3.Connection, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Run on one consistent snapshot. Brings the database up to date first, and makes
    it where there is none. Raises DatabaseError."""
    with _opened(config) as db:
        db.execute("BEGIN")
        return transaction(db, *args, **kwargs)


def write(
    config: Config,
    transaction: Callable[Concatenate[sqlite3.Connection, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Run and commit; an exception undoes all of it. Raises DatabaseError."""
    with _opened(config) as db:
        db.execute("BEGIN IMMEDIATE")
        result = transaction(db, *args, **kwargs)
        db.execute("COMMIT")
        return result


def glance(
    config: Config,
    transaction: Callable[Concatenate[sqlite3.Connection, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T | None:
    """Read what is there as it is: None where there is no database, an old one, or one
    that somebody holds at this moment. Nothing is made, migrated or waited for."""
    try:
        address = f"{config.database_path.absolute().as_uri()}?mode=rw"
        with closing(sqlite3.connect(address, uri=True, isolation_level=None, timeout=0)) as db:
            return transaction(db, *args, **kwargs)
    except sqlite3.Error:
        return None


@contextmanager
def _opened(config: Config) -> Iterator[sqlite3.Connection]:
    migrate(config.database_path)
    settings = config.database
    try:
        with closing(
            sqlite3.connect(
                config.database_path,
                isolation_level=None,
                timeout=settings.busy_timeout_seconds,
            )
        ) as db:  # closing it undoes what is not committed
            for pragma in pragmas(settings.synchronous):
                db.execute(pragma)
            yield db
    except sqlite3.Error as error:
        raise translate(error) from error
