"""What is moved, archived, emptied and removed; and what is not, because it changed."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from squid.config import Config
from squid.errors import Conflict, DiskFull
from squid.runs import start
from squid.runs.start import Asked
from squid.store import messages, purge, retention, sessions
from squid.store.database import Database
from squid.upkeep.archive import file_name
from squid.upkeep.retention import Retention, limits
from tests.conftest import ME
from tests.store.tree import add_message, add_session, chain, fresh
from tests.transfer.talk import exported, imported
from tests.upkeep.talk import START, add_run, ago, archives, check_whole, configured, connected


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return configured(
        tmp_path / "data",
        session__max_age_days=10,
        session__max_messages_per_session=2,
        session__trash_days=10,
    )


@pytest.fixture
def db(config: Config) -> Any:
    with connected(config) as db:
        yield db


@pytest.fixture
async def database(config: Config) -> AsyncIterator[Database]:
    database = await Database.open(config.database_path, readers=1)
    yield database
    await database.close()


def made_old(db: sqlite3.Connection, session_id: str, *, deleted: bool = False) -> None:
    db.execute(
        "UPDATE sessions SET active_at = ?, deleted_at = ? WHERE id = ?",
        (ago(20), ago(20) if deleted else None, session_id),
    )


def in_trash(db: sqlite3.Connection, session_id: str) -> bool:
    return sessions.get(db, ME, session_id, deleted=True).deleted_at is not None


async def test_what_was_restored_is_not_taken_again(
    config: Config, db: sqlite3.Connection, database: Database
) -> None:
    add_session(db, id="s")
    made_old(db, "s")
    await Retention(config, database).run()
    assert in_trash(db, "s")
    before = sessions.restore(db, ME, "s")
    assert before.active_at == ago(20), "it is where it was in the lists"
    await Retention(config, database).run()
    assert not in_trash(db, "s")


async def test_a_restored_message_is_not_taken_again(
    config: Config, db: sqlite3.Connection, database: Database
) -> None:
    add_session(db, id="s")
    ids = chain(db, "s", 6)
    db.execute("UPDATE sessions SET message_count = 6")
    await Retention(config, database).run()
    assert [one.id for one in messages.page(db, ME, "s").messages] == ids[4:]
    messages.set_deleted(db, ME, ids[0], False)
    await Retention(config, database).run()
    assert [one.id for one in messages.page(db, ME, "s").messages] == [ids[0], *ids[4:]]
    messages.set_deleted(db, ME, ids[0], True)
    db.execute("UPDATE messages SET deleted_at = ? WHERE id = ?", (ago(20), ids[0]))
    assert (await Retention(config, database).run()).counts()["messages_purged"] == 1


async def test_what_was_imported_begins_anew(
    config: Config, db: sqlite3.Connection, database: Database
) -> None:
    add_session(db, id="s")
    chain(db, "s", 2)
    made_old(db, "s", deleted=True)
    await Retention(config, database).run()
    assert not sessions.exists(db, "s")
    imported(db, archives(config)["s"][0])
    assert (await Retention(config, database).run()).plan == retention.Plan()
    assert in_trash(db, "s")
    sessions.restore(db, ME, "s")
    assert len(messages.page(db, ME, "s").messages) == 2


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 6, 7])
async def test_a_session_is_cut_where_a_turn_begins(db: sqlite3.Connection, length: int) -> None:
    """user, assistant, tool, assistant, user, assistant"""
    add_session(db, id="s")
    parent = None
    for number, role in enumerate(["user", "assistant", "tool", "assistant", "user", "assistant"]):
        parent = add_message(db, "s", f"m{number}", parent, role=role)
    db.execute("UPDATE sessions SET message_count = 6")
    plan = retention.plan(db, retention.Limits(messages=length), START)
    taken = [id_ for item in plan.shorten for id_ in item.message_ids]
    assert taken == (["m0", "m1", "m2", "m3"] if length <= 2 else [])


async def test_a_long_session_is_cut_in_steps(
    config: Config, db: sqlite3.Connection, database: Database
) -> None:
    add_session(db, id="s")
    ids = chain(db, "s", 501)
    db.execute("UPDATE sessions SET message_count = 501")
    commits = database.commits
    done = await Retention(config, database).run()
    assert done.counts()["messages_trashed"] == 498
    assert database.commits - commits == 5
    session = sessions.get(db, ME, "s")
    assert session.message_count == 3
    assert [one.id for one in messages.page(db, ME, "s").messages] == ids[498:]


async def test_what_changes_while_it_is_archived_stays(
    config: Config, db: sqlite3.Connection, database: Database
) -> None:
    for name in ("restored", "renamed", "left"):
        add_session(db, id=name)
        made_old(db, name, deleted=True)
    plan = await Retention(config, database).plan()
    looked = [retention.due(db, item, limits(config), START) for item in plan.purge]
    sessions.restore(db, ME, "restored")
    sessions.touch(db, "renamed", "session")
    closed = {item.session_id: purge.close(db, item) for item in looked if item}
    assert closed == {"restored": False, "renamed": False, "left": True}


async def test_what_changed_since_the_plan_is_passed_over(
    config: Config, db: sqlite3.Connection
) -> None:
    for name in "abc":
        add_session(db, id=name)
        chain_of = add_message(db, name, f"{name}0")
        made_old(db, name)
        add_message(db, name, f"{name}1", chain_of, role="assistant")
    plan = retention.plan(db, limits(config), START)
    assert [item.session_id for item in plan.trash] == ["a", "b", "c"]
    sessions.update(db, ME, "a", title="Other")
    add_run(db, "b0", "b1", live=True)
    moved = retention.to_trash(db, plan.trash, limits(config))
    assert [item.session_id for item in moved] == ["c"]


def test_only_as_many_sessions_go_as_are_too_many_by_then(db: sqlite3.Connection) -> None:
    for name in "abcd":
        add_session(db, id=name)
        db.execute("UPDATE sessions SET active_at = ? WHERE id = ?", (ago(9) + ord(name), name))
    few = retention.Limits(sessions=2)
    plan = retention.plan(db, few, START)
    assert [item.session_id for item in plan.trash] == ["a", "b"]
    sessions.delete(db, ME, "d")
    assert [item.session_id for item in retention.to_trash(db, plan.trash, few)] == ["a"]


# -- the archive ----------------------------------------------------------------------


async def test_nothing_is_removed_that_cannot_be_archived(
    config: Config, db: sqlite3.Connection, database: Database
) -> None:
    add_session(db, id="s")
    add_session(db, id="living")
    chain(db, "living", 2)
    made_old(db, "s", deleted=True)
    db.execute("UPDATE messages SET deleted_at = ? WHERE id = 'm00000'", (ago(20),))
    (config.data_folder / "archive").write_text("in the way")
    before = list(db.iterdump())
    with pytest.raises(DiskFull) as refused:
        await Retention(config, database).run()
    assert refused.value.hint
    assert list(db.iterdump()) == before


async def test_archives_are_private_and_never_written_over(
    config: Config, db: sqlite3.Connection, database: Database
) -> None:
    for title in ("One", "Two"):
        add_session(db, id="CON:a.b", title=title)
        made_old(db, "CON:a.b", deleted=True)
        await Retention(config, database).run()
    folder = config.data_folder / "archive"
    paths = sorted(folder.glob("*/*"))
    assert len(paths) == len({path.name for path in paths}) == 2
    assert all(path.name.startswith("CON_a_b-") for path in paths)
    assert len(archives(config)["CON:a.b"]) == 2
    if os.name != "nt":
        assert {path.stat().st_mode & 0o777 for path in paths} == {0o600}
        assert {path.stat().st_mode & 0o777 for path in (folder, paths[0].parent)} == {0o700}


@pytest.mark.parametrize("id_", ["../../etc/passwd", "a/b", "..", "nul", "é" * 200, "x\0y", ""])
def test_no_id_leads_out_of_the_archive(id_: str) -> None:
    name = file_name(id_)
    assert not set(name) & set("/\\.:\0")
    assert len(name) <= 80


async def test_what_a_crash_left_is_finished_and_tidied(
    config: Config, db: sqlite3.Connection, database: Database
) -> None:
    add_session(db, id="s")
    chain(db, "s", 120)
    made_old(db, "s", deleted=True)
    [item] = retention.plan(db, limits(config), START).purge
    assert purge.close(db, item)
    assert purge.remove_some(db, "s"), "and there it was killed"
    folder = config.data_folder / "archive" / "2026-01"
    folder.mkdir(parents=True)
    for name, at in ((".partial-old", ago(2)), (".partial-new", START)):
        (folder / name).touch()
        os.utime(folder / name, (at / 1000, at / 1000))
    await Retention(config, database).run()
    assert not sessions.exists(db, "s")
    check_whole(db)
    assert [path.name for path in folder.iterdir()] == [".partial-new"]


async def test_a_new_session_of_a_purged_id_goes_on_from_its_version(
    config: Config, db: sqlite3.Connection, database: Database
) -> None:
    """What a cache holds of the old one must never pass for the new one."""
    add_session(db, id="s")
    for _ in range(5):
        sessions.touch(db, "s", "session")
    made_old(db, "s", deleted=True)
    await Retention(config, database).run()
    assert add_session(db, id="s").version > 6
    [change] = db.execute("SELECT version FROM changes ORDER BY id DESC LIMIT 1").fetchone()
    assert change == sessions.get(db, ME, "s").version


async def test_a_database_that_is_too_large_gives_up_its_trash(
    tmp_path: Path,
) -> None:
    config = configured(tmp_path, session__trash_days=0, upkeep__max_database_mb=3)
    with connected(config) as db:
        for number in range(6):
            add_session(db, id=f"s{number}")
            add_message(db, f"s{number}", f"m{number}", content=os.urandom(500_000).hex())
            days = 9 - number
            db.execute(
                "UPDATE sessions SET deleted_at = ? WHERE id = ?",
                (ago(days) if number != 1 else None, f"s{number}"),
            )
        database = await Database.open(config.database_path)
        done = await Retention(config, database).run()
        again = await Retention(config, database).run()
        await database.close()
        assert [item.session_id for item in done.plan.purge] == ["s0", "s2", "s3", "s4"]
        assert {item.reason for item in done.plan.purge} == {"size"}
        assert again.plan == retention.Plan()
        assert retention.used(db) <= 3 * 1024**2
        assert len(archives(config)) == 4


# -- messages without words -----------------------------------------------------------


@pytest.fixture
async def emptied(config: Config, db: sqlite3.Connection, database: Database) -> list[str]:
    """A question and its answer whose words were removed, and a turn behind them."""
    add_session(db, id="s")
    ids = chain(db, "s", 4)
    add_run(db, ids[0], ids[1])
    db.execute("UPDATE messages SET deleted_at = ? WHERE id IN (?, ?)", (ago(20), *ids[:2]))
    db.execute("UPDATE sessions SET message_count = 2")
    assert (await Retention(config, database).run()).counts()["messages_purged"] == 2
    return ids


def test_an_emptied_message_keeps_its_place(db: sqlite3.Connection, emptied: list[str]) -> None:
    first, second = messages.load(db, emptied[:2])
    assert (first.content, second.content) == ("", "")
    assert first.purged_at
    assert second.parent_id == first.id
    assert [one.id for one in messages.page(db, ME, "s").messages] == emptied[2:]


def test_what_is_gone_cannot_be_restored_edited_or_tried_again(
    db: sqlite3.Connection, emptied: list[str]
) -> None:
    question, answer = emptied[:2]
    asked = Asked("p", "m", "w")
    for use in (
        lambda: messages.set_deleted(db, ME, question, False),
        lambda: start.edit(db, ME, asked, question, content="Other"),
        lambda: start.retry(db, ME, asked, answer),
        lambda: start.resume(db, ME, asked, answer),
        lambda: start.send(db, ME, asked, content=question, message_id=question),
    ):
        with pytest.raises(Conflict, match="removed for good") as refused:
            use()
        assert "archive" in str(refused.value.hint)


def test_an_emptied_message_is_exported_and_imported_as_it_is(
    db: sqlite3.Connection, emptied: list[str]
) -> None:
    text = exported(db)
    with closing(fresh()) as other:
        imported(other, text)
        assert exported(other) == text
        with pytest.raises(Conflict):
            messages.set_deleted(other, ME, emptied[0], False)
