"""Retention never touches what it must keep: whatever is there, and whatever is set."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from squid.config import Config
from squid.models import Source, ToolCall
from squid.store import files, messages, sessions, sources
from squid.upkeep import pace
from squid.upkeep.retention import Done, Retention
from squid.upkeep.sweep import sweep_files
from tests.conftest import ME
from tests.store.tree import add_message, add_user
from tests.transfer.talk import exported
from tests.upkeep.talk import (
    START,
    add_run,
    ago,
    archives,
    brought_back,
    check_whole,
    configured,
    connected,
    dump,
    with_database,
)

DAYS = st.sampled_from([0, 5, 9, 11, 29, 31, 100])
MAYBE_DAYS = st.none() | DAYS
USERS = (ME, "ann")


class Rules(NamedTuple):
    age: int
    count: int
    length: int
    trash: int
    archive: bool

    def config(self, data: Path) -> Config:
        return configured(
            data,
            session__max_age_days=self.age,
            session__max_sessions_per_user=self.count,
            session__max_messages_per_session=self.length,
            session__trash_days=self.trash,
            session__archive=self.archive,
        )


RULES = st.builds(
    Rules,
    st.sampled_from([0, 10, 30]),
    st.sampled_from([0, 0, 1, 2]),
    st.sampled_from([0, 1, 2, 3]),
    st.sampled_from([0, 10, 30]),
    st.sampled_from([True, True, False]),
)


def fill(draw: st.DrawFn, db: sqlite3.Connection) -> None:
    add_user(db, "ann")
    uploads = {
        user: [
            files.add(db, user, files.New(files.pack(b"%d" % n * 40), f"{n}.txt", "text/plain")).id
            for n in range(2)
        ]
        for user in USERS
    }
    db.execute("UPDATE files SET created_at = ?", (ago(3),))
    for number in range(draw(st.integers(0, 5))):
        user, session_id = draw(st.sampled_from(USERS)), f"s:{number}.x"
        sessions.create(db, user, id=session_id, title=f"Title {number}")
        fill_session(draw, db, session_id, uploads[user])
        db.execute(
            "UPDATE sessions SET active_at = ?, archived_at = ?, deleted_at = ?,"
            " retention_from = ?, message_count = (SELECT count(*) FROM messages"
            " WHERE session_id = sessions.id AND deleted_at IS NULL) WHERE id = ?",
            (
                ago(draw(DAYS)) + number,
                draw(st.sampled_from([None, None, None, ago(1)])),
                None if (days := draw(MAYBE_DAYS)) is None else ago(days),
                draw(st.sampled_from([0, 0, 0, ago(2)])),
                session_id,
            ),
        )
    db.execute("DELETE FROM session_moves")


def fill_session(
    draw: st.DrawFn, db: sqlite3.Connection, session_id: str, uploads: list[str]
) -> None:
    ids: list[str] = []
    live = draw(st.sampled_from([True, False, False, False]))
    for number in range(draw(st.integers(0, 7))):
        parent = draw(st.sampled_from([None, *ids, *ids[-1:] * 4])) if ids else None
        role = draw(st.sampled_from(["user", "assistant", "tool"]))
        id_ = add_message(
            db,
            session_id,
            f"{session_id}.m{number}",
            parent,
            role=role,
            reasoning="because",
            tool=ToolCall("c", "look", "{}") if role == "tool" else None,
            file_ids=draw(st.lists(st.sampled_from(uploads), max_size=2)),
        )
        if draw(st.booleans()):
            sources.replace(db, id_, [Source("cited", "words", file_id=uploads[0])])
        days, restored = draw(MAYBE_DAYS), draw(st.sampled_from([None, None, None, START]))
        db.execute(
            "UPDATE messages SET deleted_at = ?, restored_at = ? WHERE id = ?",
            (None, restored, id_) if days is None else (ago(days), None, id_),
        )
        if parent is not None:
            add_run(db, parent, id_, live=live)
            live = False
        ids.append(id_)
    if ids:
        sessions.set_head(db, session_id, draw(st.sampled_from(ids)))


class Expected(NamedTuple):
    """What the rules say, told once more in plain words."""

    trashed: set[str]
    shortened: set[str]
    purged: set[str]
    wiped: set[str]


def expect(db: sqlite3.Connection, rules: Rules) -> Expected:
    db.row_factory = sqlite3.Row
    rows = [dict(row) for row in db.execute(
        "SELECT s.*, m.user_id FROM sessions s JOIN members m ON m.session_id = s.id"
    )]  # fmt: skip
    turns = {row["id"]: dict(row) for row in db.execute("SELECT * FROM messages")}
    live = {row[0] for row in db.execute("SELECT session_id FROM runs WHERE status = 'running'")}
    db.row_factory = None

    def active(row: dict[str, Any]) -> int:
        return max(row["active_at"], row["retention_from"])

    trashed: set[str] = set()
    for user in USERS:
        living = [row for row in rows if row["user_id"] == user and row["deleted_at"] is None]
        living = [row for row in living if row["archived_at"] is None]
        living.sort(key=lambda row: (active(row), row["active_at"], row["id"]), reverse=True)
        for place, row in enumerate(living):
            old = rules.age and active(row) < ago(rules.age)
            beyond = rules.count and place >= rules.count
            if (old or beyond) and row["id"] not in live:
                trashed.add(row["id"])
    alone = [row for row in rows if row["id"] not in live and row["id"] not in trashed]
    shortened, wiped, purged = set[str](), set[str](), set[str]()
    for row in alone:
        since = row["retention_from"]
        if row["deleted_at"] is not None:
            if rules.trash and max(row["deleted_at"], since) < ago(rules.trash):
                purged.add(row["id"])
            continue
        own = [turn for turn in turns.values() if turn["session_id"] == row["id"]]
        for turn in own if rules.trash else ():
            if turn["deleted_at"] and max(turn["deleted_at"], since) < ago(rules.trash):
                wiped.add(turn["id"])
        if row["archived_at"] is not None:
            continue
        branch, at = list[dict[str, Any]](), row["head"]
        while at is not None:
            if turns[at]["deleted_at"] is None:
                branch.append(turns[at])
            at = turns[at]["parent_id"]
        kept = branch[: rules.length or None]
        rest = branch[len(kept) :]
        while rest and kept[-1]["role"] != "user":
            kept.append(rest.pop(0))
        shortened |= {turn["id"] for turn in rest if turn["restored_at"] is None}
    return Expected(trashed, shortened, purged, wiped)


def tree(text: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found


def of_all(db: sqlite3.Connection) -> dict[str, bytes]:
    owners = dict(db.execute("SELECT session_id, user_id FROM members").fetchall())
    return {id_: exported(db, id_, user) for id_, user in owners.items()}


def check_remaining(before: bytes, after: bytes, expected: Expected) -> None:
    """Only what the rules say is another, and nothing else of it."""
    then, now_ = tree(before), tree(after)
    [session], touched = then["sessions"], False
    if session["id"] in expected.trashed:
        assert now_["sessions"][0].pop("deleted_at") >= START
        touched = True
    for old, new in zip(then["messages"], now_["messages"], strict=True):
        if old["id"] in expected.shortened:
            assert new.pop("deleted_at") >= START
            touched = True
        if old["id"] in expected.wiped:
            assert new.pop("purged_at") >= START
            for name in ("content", "reasoning", "tool", "files", "sources"):
                old.pop(name, None)
            touched = True
    if not touched:
        assert before == after
    carried = {id_ for message in then["messages"] for id_ in message.get("files", ())}
    carried |= {
        source["file_id"] for message in then["messages"] for source in message.get("sources", ())
    }
    then["files"] = [file for file in then["files"] if file["id"] in carried]
    held = {file["sha256"] for file in then["files"]}
    then["contents"] = [one for one in then["contents"] if one["sha256"] in held]
    assert now_ == then


def check_archive(config: Config, before: dict[str, bytes], expected: Expected) -> None:
    kept = archives(config)
    for session_id in expected.purged:
        assert kept[session_id] == [before[session_id]]
        assert brought_back(before[session_id]) == before[session_id]
    words = {one["id"]: one for text in before.values() for one in tree(text)["messages"]}
    archived = {
        one["id"]: one
        for texts in kept.values()
        for text in texts
        for one in tree(text)["messages"]
    }
    for message_id in expected.wiped:
        assert archived[message_id] == words[message_id]
    about = {id_.rpartition(".")[0] for id_ in expected.wiped} | expected.purged
    assert kept.keys() == about, "and of nothing else"


def named(plan: Any) -> Expected:
    """What a plan names."""
    return Expected(
        {item.session_id for item in plan.trash},
        {id_ for item in plan.shorten for id_ in item.message_ids},
        {item.session_id for item in plan.purge},
        {id_ for item in plan.wipe for id_ in item.message_ids},
    )


@settings(
    deadline=None,
    max_examples=120,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking takes minutes here
)
@given(st.data(), RULES)
def test_retention_never_touches_what_it_must_keep(data: st.DataObject, rules: Rules) -> None:
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(pace, "REST_SECONDS", 0)
        config = rules.config(Path(folder))
        with connected(config) as db:
            data.draw(st.composite(lambda draw: fill(draw, db))())
            before, expected, as_it_was = of_all(db), expect(db, rules), dump(db)

        dry = with_database(config, lambda database: Retention(config, database).plan())
        assert named(dry) == expected, "a dry run names exactly what the rules say"
        with connected(config) as db:
            assert dump(db) == as_it_was, "and changes nothing"

        async def twice(database: Any) -> tuple[Done, Done]:
            first = await Retention(config, database).run()
            second = await Retention(config, database).run()
            await sweep_files(database)
            return first, second

        done, again = with_database(config, twice)
        assert done.plan == dry, "the run does exactly what the dry run named"
        assert again.counts() == dict.fromkeys(again.counts(), 0), "and all of it"

        with connected(config) as db:
            check_whole(db)
            after = of_all(db)
            assert after.keys() == before.keys() - expected.purged
            for session_id, text in after.items():
                check_remaining(before[session_id], text, expected)
                counted = sum(one.get("deleted_at") is None for one in tree(text)["messages"])
                [count] = db.execute(
                    "SELECT message_count FROM sessions WHERE id = ?", (session_id,)
                ).fetchone()
                assert count == counted
            loaded = messages.load(db, sorted(expected.wiped), siblings=False)
            assert all(one.tool is None and not one.content for one in loaded)
            gone = {f"run-of-{id_}" for id_ in expected.wiped}
            for run_id, events in db.execute(
                "SELECT id, (SELECT count(*) FROM run_events WHERE run = number) FROM runs"
            ):
                assert events == (0 if run_id in gone else 3)
        if rules.archive:
            check_archive(config, before, expected)
        else:
            assert archives(config) == {}
        assert msgspec.json.encode(done.counts())
