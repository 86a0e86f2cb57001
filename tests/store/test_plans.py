"""What everybody does all the time reads no whole table, however long the history is."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

from squid.core import Squid
from squid.runs import follow
from squid.store import branch, messages, sessions
from tests.conftest import ME, answered, say
from tests.store.tree import add_session, chain

LARGE_TABLE = [
    ("1000000 1", "sqlite_autoindex_messages_1"),
    ("1000000 2 1", "messages_by_parent"),
    ("1000000 100 1 1", "messages_by_session"),
]
TABLES = "messages|runs|events|sessions|members|files|message_files|sources|changes"


def scanned(db: sqlite3.Connection, statement: str) -> list[str]:
    """The tables that a statement reads from end to end, by SQLite's own plan."""
    names = {alias: table for table, alias in re.findall(rf"\b({TABLES})(?: (\w+))?\b", statement)}
    plan = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {statement}")]
    if any(step.startswith("BLOOM FILTER") for step in plan):
        return ["what a Bloom filter is made of"]
    read = [
        step.split()[1]
        for step in plan
        if re.fullmatch(r"SCAN \w+( USING COVERING INDEX \w+)?", step)
    ]
    return [names.get(name, name) for name in read if name in (*names, *names.values())]


async def test_asking_opening_and_listing(squid: Squid) -> None:
    seen: set[str] = set()
    connections = (squid.database._writer, *squid.database._readers)
    for connection in connections:
        await connection.set_trace_callback(seen.add)
    first = await say(squid)
    await answered(squid, first)
    id_ = first.session.id
    await answered(squid, await say(squid, session_id=id_))
    await follow.newest(squid.engine, squid.database, squid.cache, ME, id_)
    page = await squid.database.read(messages.page, ME, id_)
    await squid.database.read(messages.page, ME, id_, before=page.messages[-1].id)
    await squid.database.read(messages.get, ME, page.messages[0].id)
    await squid.database.read(sessions.page, ME)
    for connection in connections:
        await connection.set_trace_callback(None)  # type: ignore[arg-type]

    with closing(sqlite3.connect(squid.database.path)) as db:
        plans = {one: scanned(db, one) for one in seen if re.match("[A-Z]+ .*(FROM|INTO)", one)}
        assert len(plans) > 20
        assert {one: tables for one, tables in plans.items() if tables} == {}
        # So that it would be seen.
        assert scanned(db, "SELECT id FROM messages m WHERE parent_id IN ()") == ["messages"]


def test_a_long_branch_by_its_statistics(db: sqlite3.Connection) -> None:
    """What SQLite knows of a large table makes it plan otherwise."""
    session_id = add_session(db, ME, id="s").id
    ids = chain(db, session_id, 300)
    db.execute("ANALYZE")
    db.executemany("UPDATE sqlite_stat1 SET stat = ? WHERE idx = ?", LARGE_TABLE)
    db.execute("ANALYZE sqlite_schema")  # reads them
    seen: set[str] = set()
    db.set_trace_callback(seen.add)
    messages.page(db, ME, session_id)
    messages.page(db, ME, session_id, after=ids[290])
    list(branch.back(db, ids[-1]))
    messages.newest_leaf(db, ids[0])
    db.set_trace_callback(None)
    assert any("WITH RECURSIVE" in one for one in seen)
    assert {one: tables for one in seen if (tables := scanned(db, one))} == {}
