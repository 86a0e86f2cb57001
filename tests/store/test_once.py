"""One transaction of a command that ends with it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from squid.config import Config
from squid.errors import DatabaseBusy, DatabaseError, MigrationError, NotFound
from squid.store import once, sessions
from squid.store.database import Database
from squid.store.migrate import bundled, migrate, pending
from squid.store.worker import Worker
from tests.conftest import ME

Configure = Callable[..., Config]


def test_it_makes_and_migrates_the_database(configure: Configure) -> None:
    config = configure()
    assert once.read(config, sessions.page, ME) == ([], None)
    with closing(sqlite3.connect(config.database_path)) as db:
        assert db.execute("SELECT max(version) FROM migrations").fetchone() == (len(bundled()),)


def test_an_old_database_is_brought_up_to_date_and_backed_up(configure: Configure) -> None:
    config = configure()
    migrate(config.database_path, bundled()[:8])
    assert once.read(config, sessions.page, ME, archived=True) == ([], None)
    assert len(list(config.data_folder.glob("*.before-0009.*.backup"))) == 1


def test_a_write_is_whole_or_not_at_all(configure: Configure) -> None:
    config = configure()

    def half(db: sqlite3.Connection) -> None:
        sessions.create(db, ME, id="a")
        sessions.delete(db, ME, "nobody")

    with pytest.raises(NotFound):
        once.write(config, half)
    assert once.read(config, sessions.page, ME) == ([], None)
    assert once.write(config, sessions.create, ME, id="a").id == "a"
    assert once.read(config, sessions.get, ME, "a").id == "a"


async def test_who_has_the_database_open_sees_it(configure: Configure) -> None:
    config = configure()
    migrate(config.database_path)
    database = await Database.open(config.database_path, readers=1)
    before = await database.data_version()
    once.write(config, sessions.create, ME, id="a")
    assert await database.data_version() != before
    assert (await database.read(sessions.get, ME, "a")).id == "a"
    await database.close()


def test_what_sqlite_says_is_told_to_a_person(configure: Configure) -> None:
    config = configure(database__busy_timeout_seconds=1)
    once.read(config, sessions.page, ME)
    with closing(sqlite3.connect(config.database_path, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        assert once.read(config, sessions.page, ME) == ([], None)
        with pytest.raises(DatabaseBusy):
            once.write(config, sessions.create, ME)


def test_another_programs_file_is_refused(configure: Configure) -> None:
    config = configure()
    config.data_folder.mkdir(parents=True)
    config.database_path.write_bytes(b"words")
    with pytest.raises(DatabaseError, match="not an SQLite database"):
        once.read(config, sessions.page, ME)


def test_a_glance_makes_nothing_and_raises_nothing(configure: Configure) -> None:
    config = configure()
    assert once.glance(config, sessions.starting, ME, "") is None
    assert not config.data_folder.exists()
    migrate(config.database_path, bundled()[:8])
    assert once.glance(config, sessions.page, ME) is None, "an old one is left as it is"
    assert list(config.data_folder.glob("*.backup")) == []
    migrate(config.database_path)
    once.write(config, sessions.create, ME, id="a", title="T")
    assert once.glance(config, sessions.starting, ME, "") == [("a", "T")]
    config.database_path.write_bytes(b"words")
    assert once.glance(config, sessions.starting, ME, "") is None


def test_an_older_squid_is_not_migrated_away_under_its_feet(configure: Configure) -> None:
    config = configure()
    path = config.database_path
    migrate(path, bundled()[:-1])
    with closing(Worker(path)), pytest.raises(MigrationError, match="An older Squid is running"):
        once.read(config, sessions.newest, ME)
    with closing(sqlite3.connect(path)) as db:
        assert len(pending(path, db)) == 1
