"""Jobs: due once, claimed by one, taken over from the dead."""

from __future__ import annotations

import sqlite3

from squid.store import upkeep

HOUR = 3_600_000


def state(db: sqlite3.Connection) -> upkeep.JobState:
    [found] = upkeep.last(db)
    return found


def test_a_new_job_is_due_at_once_and_an_old_one_keeps_its_time(db: sqlite3.Connection) -> None:
    assert upkeep.last(db) == []
    upkeep.settle(db, {"tidy": HOUR}, 1000)
    assert state(db).due_at == 1000
    upkeep.settle(db, {"tidy": HOUR}, 2000)
    assert state(db).due_at == 1000


def test_a_time_that_no_interval_explains_is_mended(db: sqlite3.Connection) -> None:
    upkeep.settle(db, {"tidy": HOUR}, 10**15)
    upkeep.settle(db, {"tidy": HOUR}, 1000)
    assert state(db).due_at == 1000 + HOUR


def test_one_claims_it_until_it_is_finished(db: sqlite3.Connection) -> None:
    upkeep.settle(db, {"tidy": HOUR}, 1000)
    assert not upkeep.claim(db, "tidy", "a", 999), "not due yet"
    assert upkeep.claim(db, "tidy", "a", 1000)
    assert not upkeep.claim(db, "tidy", "b", 1001)
    assert not upkeep.claim(db, "tidy", "b", 1001, early=True)
    upkeep.finish(db, "tidy", "b", at=1002, due_at=9, outcome=None, error=None)
    assert state(db).worker == "a", "only who does it can end it"
    upkeep.finish(db, "tidy", "a", at=1002, due_at=5000, outcome={"n": 1}, error=None)
    done = state(db)
    assert (done.worker, done.started_at, done.ended_at) == (None, 1000, 1002)
    assert (done.due_at, done.outcome, done.error) == (5000, {"n": 1}, None)
    assert not upkeep.claim(db, "tidy", "b", 4999)
    assert upkeep.claim(db, "tidy", "b", 4999, early=True), "by hand, due or not"


def test_of_two_that_take_over_from_the_dead_one_gets_it(db: sqlite3.Connection) -> None:
    upkeep.settle(db, {"tidy": HOUR}, 1000)
    upkeep.claim(db, "tidy", "dead", 1000)
    assert upkeep.claim(db, "tidy", "a", 1, of="dead")
    assert not upkeep.claim(db, "tidy", "b", 1, of="dead")
