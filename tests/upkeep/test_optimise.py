"""Room is given back bit by bit, and never where it might not fit."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from squid.errors import DiskFull
from squid.store import space
from squid.upkeep.optimise import optimise, vacuum
from tests.store.tree import add_message, add_session
from tests.upkeep.talk import check_whole, configured, connected, with_database


def test_free_room_goes_back_to_the_disk_in_small_steps(tmp_path: Path) -> None:
    config = configured(tmp_path)
    with connected(config) as db:
        add_session(db, id="s")
        add_message(db, "s", "m", content=os.urandom(3_000_000).hex())
        db.execute("DELETE FROM messages")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    before = config.database_path.stat().st_size
    assert before > 6_000_000
    outcome = with_database(config, optimise)
    after = config.database_path.stat().st_size
    assert after < 2_000_000
    assert before - after == outcome["bytes_freed"]
    with connected(config) as db:
        check_whole(db)
        assert db.execute("PRAGMA freelist_count").fetchone() == (space.SLACK,)


def test_a_database_from_before_is_left_as_it_is(tmp_path: Path) -> None:
    config = configured(tmp_path)
    with connected(config) as db:
        db.execute("PRAGMA auto_vacuum = NONE")
        db.execute("VACUUM")
    assert with_database(config, optimise) == {"bytes_freed": 0}


def test_no_vacuum_without_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = configured(tmp_path)
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(DiskFull, match="no room") as refused:
        vacuum(config.database_path, 1)
    assert refused.value.hint
