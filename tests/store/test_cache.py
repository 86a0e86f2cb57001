"""The cache: bounded in bytes, counted, and never staler than the database."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from squid.errors import NotFound
from squid.models import Message, Session
from squid.store import history, messages, sessions
from squid.store.cache import TAIL, Entry, SessionCache
from squid.store.database import Database
from tests.conftest import ME
from tests.store.tree import add_message, add_session, chain, fresh


def entry(id: str, version: int = 1, title: str = "") -> Entry:
    session = Session(
        id=id,
        title=title,
        system=None,
        model=None,
        head=None,
        message_count=0,
        input_tokens=0,
        output_tokens=0,
        live_run_id=None,
        version=version,
        created_at=0,
        active_at=0,
    )
    return Entry(session, (), older=False)


SIZE = len(msgspec.json.encode(entry("a")))


def test_least_recently_used_goes_first() -> None:
    cache = SessionCache(3 * SIZE)
    for id_ in "abc":
        cache.put(entry(id_))
    assert cache.get("a", 1) is not None
    cache.put(entry("d"))
    assert [cache.get(id_, 1) is not None for id_ in "abcd"] == [True, False, True, True]
    assert (cache.hits, cache.misses, cache.evictions) == (4, 1, 1)
    assert (len(cache), cache.bytes) == (3, 3 * SIZE)


def test_bytes_are_bounded_whatever_the_sizes() -> None:
    cache = SessionCache(10 * SIZE)
    for number in range(200):
        cache.put(entry(f"{number % 17}", title="x" * (number * 37 % 500)))
        assert cache.bytes <= cache.max_bytes
    assert cache.evictions > 0
    for number in range(17):
        cache.drop(f"{number}")
    assert (len(cache), cache.bytes) == (0, 0)


def test_entry_larger_than_the_cache_is_not_kept_and_evicts_nobody() -> None:
    cache = SessionCache(2 * SIZE)
    cache.put(entry("a"))
    cache.put(entry("b", title="x" * 3 * SIZE))
    assert (len(cache), cache.evictions) == (1, 0)
    cache.put(entry("a", version=2, title="x" * 3 * SIZE))
    assert (len(cache), cache.bytes) == (0, 0), "the old one must not stay"


def test_no_bytes_means_no_cache() -> None:
    cache = SessionCache(0)
    cache.put(entry("a"))
    assert cache.get("a", 1) is None
    assert (len(cache), cache.misses) == (0, 1)


def test_other_version_is_a_miss() -> None:
    cache = SessionCache(10 * SIZE)
    cache.put(entry("a", version=2))
    assert cache.get("a", 3) is None
    assert cache.get("a", 1) is None
    assert cache.get("a", 2) is not None
    assert (cache.hits, cache.misses) == (1, 2)


async def test_opening_twice_reads_once(database: Database) -> None:
    await database.write(add_session, ME, id="s")
    await database.write(chain, "s", 3)
    cache = SessionCache(1 << 20)
    first = await history.newest(database, cache, ME, "s")
    assert await history.newest(database, cache, ME, "s") is first
    assert (cache.hits, cache.misses) == (1, 1)
    assert [message.id for message in first.tail] == ["m00000", "m00001", "m00002"]


async def test_foreign_commit_is_noticed_at_the_next_read(database: Database) -> None:
    """P8"""
    await database.write(add_session, ME, id="s")
    cache = SessionCache(1 << 20)
    await history.newest(database, cache, ME, "s")
    with closing(sqlite3.connect(database.path)) as other, other:
        sessions.update(other, ME, "s", title="by another process")
    seen = await history.newest(database, cache, ME, "s")
    assert seen.session.title == "by another process"


async def test_cached_session_is_only_its_owners(database: Database) -> None:
    """P6"""
    await database.write(add_session, ME, id="s")
    cache = SessionCache(1 << 20)
    await history.newest(database, cache, ME, "s")
    with pytest.raises(NotFound):
        await history.newest(database, cache, "ann", "s")


async def test_deleted_session_is_not_served_from_the_cache(database: Database) -> None:
    await database.write(add_session, ME, id="s")
    cache = SessionCache(1 << 20)
    await history.newest(database, cache, ME, "s")
    await database.write(sessions.delete, ME, "s")
    with pytest.raises(NotFound):
        await history.newest(database, cache, ME, "s")
    await database.write(sessions.restore, ME, "s")
    assert (await history.newest(database, cache, ME, "s")).session.deleted_at is None


async def test_entry_read_before_a_commit_does_not_outlive_it(database: Database) -> None:
    """A slow reader puts what it read after a newer commit was written through."""
    await database.write(add_session, ME, id="s")
    cache = SessionCache(1 << 20)
    old = await database.read(history.read, ME, "s")
    await database.write(sessions.update, ME, "s", title="new")
    cache.put(old)
    assert (await history.newest(database, cache, ME, "s")).session.title == "new"


async def test_many_readers_at_once_agree(database: Database) -> None:
    await database.write(add_session, ME, id="s")
    cache = SessionCache(1 << 20)
    seen = await asyncio.gather(*(history.newest(database, cache, ME, "s") for _ in range(50)))
    assert len({entry.session.version for entry in seen}) == 1


# -- write-through equals a fresh read, whatever is done ---------------------------------

Written = tuple[Session, tuple[Message, ...]]


class Story:
    """A session that things happen to; each says what it writes through, if it does."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self.ids: list[str] = []
        add_session(db, ME, id="s")

    def _touched(self, *ids: str) -> Written:
        sessions.touch(self.db, "s", "message")
        return history.changed(self.db, ME, "s", *ids)

    def _insert(self, parent: str | None, role: str) -> str:
        id_ = f"m{len(self.ids):04}"
        self.ids.append(id_)
        return add_message(self.db, "s", id_, parent, role=role)

    def send(self, pick: int) -> Written:
        """A question and its answer at the end of the shown branch."""
        question = self._insert(sessions.get(self.db, ME, "s").head, "user")
        return self._touched(question, self._insert(question, "assistant"))

    def many(self, pick: int) -> None:
        for _ in range(TAIL // 2):
            self.send(pick)

    def answer_again(self, pick: int) -> Written | None:
        if not self.ids:
            return None
        parent = self.ids[pick % len(self.ids)]
        return self._touched(self._insert(parent, "assistant"))

    def finish(self, pick: int) -> Written | None:
        """A run that ended, wherever in the tree its message is, deleted or not."""
        if not self.ids:
            return None
        id_ = self.ids[-1 - pick % min(3, len(self.ids))]
        messages.finish(
            self.db,
            id_,
            status="complete",
            content=f"finished {pick}",
            reasoning="",
            sources_=(),
            model=None,
            usage=None,
            stop_reason=None,
            error=None,
        )
        return self._touched(id_)

    def delete(self, pick: int) -> None:
        if self.ids:
            messages.set_deleted(self.db, ME, self.ids[-1 - pick % len(self.ids)], True)

    def restore(self, pick: int) -> None:
        if self.ids:
            messages.set_deleted(self.db, ME, self.ids[-1 - pick % len(self.ids)], False)

    def switch(self, pick: int) -> None:
        if self.ids:
            messages.update_session(self.db, ME, "s", head=self.ids[pick % len(self.ids)])

    def rename(self, pick: int) -> None:
        sessions.update(self.db, ME, "s", title=str(pick))


OPERATIONS = ("send", "many", "answer_again", "finish", "delete", "restore", "switch", "rename")
STEPS = st.lists(
    st.tuples(st.sampled_from(OPERATIONS), st.integers(0, 99), st.booleans()), max_size=25
)


@settings(deadline=None, max_examples=150)
@given(STEPS)
@example([("send", 0, True), ("delete", 0, True), ("finish", 0, True)])
def test_writing_through_equals_a_fresh_read(steps: list[tuple[str, int, bool]]) -> None:
    """The last of each step says whether somebody opens the session after it."""
    with closing(fresh()) as db:
        story, cache = Story(db), SessionCache(1 << 24)
        cache.put(history.read(db, ME, "s"))
        for operation, pick, opened in steps:
            written = getattr(story, operation)(pick)
            if written is not None:
                cache.write(*written)
            found = cache.get("s", sessions.version(db, ME, "s"))
            expected = history.read(db, ME, "s")
            if found is not None:
                assert found == expected, operation
            elif opened:
                cache.put(expected)


def test_sending_is_written_through(db: sqlite3.Connection, tmp_path: Path) -> None:
    """The hot path does not read a session anew after each message."""
    story, cache = Story(db), SessionCache(1 << 24)
    cache.put(history.read(db, ME, "s"))
    for number in range(60):
        cache.write(*story.send(0))
        found = cache.get("s", sessions.version(db, ME, "s"))
        assert found == history.read(db, ME, "s"), number
    assert (cache.hits, cache.misses) == (60, 0)
