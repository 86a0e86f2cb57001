"""`squid cleanup` that is killed: what it removes is in the archive or in the database,
never in neither."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from squid.config import Config
from squid.store import sessions
from tests.conftest import ME
from tests.server import environment
from tests.store.tree import add_session, chain
from tests.transfer.talk import exported
from tests.upkeep.talk import ago, archives, brought_back, check_whole, configured, connected

pytestmark = pytest.mark.slow

SESSIONS = 60


@pytest.fixture
def config(tmp_path: Path) -> Config:
    config = configured(tmp_path / "data")
    with connected(config) as db:
        db.execute("BEGIN")
        for number in range(SESSIONS):
            add_session(db, id=f"s{number}")
            ids = chain(db, f"s{number}", 1)
            db.execute("UPDATE messages SET id = ? WHERE id = ?", (f"m{number}", ids[0]))
            db.execute(
                "UPDATE sessions SET head = ?, message_count = 1, deleted_at = ? WHERE id = ?",
                (f"m{number}", ago(40), f"s{number}"),
            )
        db.execute("COMMIT")
    return config


def cleanup(config: Config) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "squid", "cleanup"],
        env=environment(config.data_folder),
        cwd=config.data_folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def test_killed_at_random_moments_it_loses_nothing(config: Config) -> None:
    chance = random.Random(time.time_ns())
    with connected(config) as db:
        before = {f"s{number}": exported(db, f"s{number}") for number in range(SESSIONS)}
    for _ in range(4):
        done = len(archives(config))
        with cleanup(config) as process:
            until = min(SESSIONS, done + chance.randrange(1, SESSIONS // 4))
            while process.poll() is None and len(archived(config)) < until:
                time.sleep(chance.random() / 500)
            process.kill()
        kept = archives(config)
        with connected(config) as db:
            for session_id, text in before.items():
                whole = (
                    sessions.exists(db, session_id)
                    and db.execute(
                        "SELECT 1 FROM members WHERE session_id = ?", (session_id,)
                    ).fetchone()
                )
                if whole:
                    assert exported(db, session_id) == text
                else:
                    assert text in kept[session_id]
            assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    with cleanup(config) as process:
        output = process.stdout.read() if process.stdout else b""
    assert process.returncode == 0, output
    kept = archives(config)
    with connected(config) as db:
        check_whole(db)
        assert db.execute("SELECT count(*) FROM sessions").fetchone() == (0,)
        assert sessions.newest(db, ME) is None
    for session_id, text in before.items():
        assert kept[session_id] == [text], "archived again, it is the same file"
        assert brought_back(text) == text


def archived(config: Config) -> list[Path]:
    return list((config.data_folder / "archive").glob("*/*.gz"))
