"""`squid backup` and `squid restore`, really killed: one state or the other, whole."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from squid.store.backup import back_up
from squid.store.migrate import migrate
from squid.store.workplace import PREFIX
from tests.server import Server, environment

pytestmark = pytest.mark.slow

SESSIONS = 300


def fill(path: Path, title: str, megabytes: int) -> None:
    """Sessions of one title, and weight, so that a kill meets it at work."""
    migrate(path)
    db = sqlite3.connect(path)
    with db:
        db.execute("DELETE FROM members")
        db.execute("DELETE FROM sessions")
        for number in range(SESSIONS):
            db.execute(
                "INSERT INTO sessions (id, title, created_at, active_at) VALUES (?, ?, 0, 0)",
                (f"{title}-{number}", title),
            )
        for number in range(megabytes):
            sha = f"{title}-{number}"
            content = (sha, 1_000_000, "identity", os.urandom(1_000_000))
            db.execute("INSERT OR IGNORE INTO file_contents VALUES (?, ?, ?, ?)", content)
    db.close()


def state(path: Path) -> str:
    """Which of the two states it is in: all of one, or the test fails."""
    db = sqlite3.connect(path)
    try:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        [(title, count)] = db.execute("SELECT title, count(*) FROM sessions GROUP BY title")
        assert count == SESSIONS
        return str(title)
    finally:
        db.close()


def start(data: Path, *args: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "squid", *args], env=environment(data), cwd=data,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def seconds(process: subprocess.Popen[bytes]) -> float:
    began = time.monotonic()
    assert process.wait(timeout=120) == 0
    return time.monotonic() - began


@pytest.mark.parametrize("served", [False, True])
def test_a_killed_restore(tmp_path: Path, served: bool) -> None:
    data, chance = tmp_path / "data", random.Random(time.time_ns())
    path = data / "squid.db"
    fill(path, "old", 20)
    fill(tmp_path / "new" / "squid.db", "new", 30)
    back_up(tmp_path / "new" / "squid.db", tmp_path / "new.db")
    back_up(path, tmp_path / "old.db")
    with Server(data) as server:
        if not served:
            server.stop()
        usual = seconds(start(data, "restore", "--yes", str(tmp_path / "new.db")))
        assert state(path) == "new"
        seen = set()
        for number in range(8):
            wanted = "old" if state(path) == "new" else "new"
            before = state(path)
            process = start(data, "restore", "--yes", str(tmp_path / f"{wanted}.db"))
            # The later part is where pages are written over.
            time.sleep(usual * chance.uniform(0.3, 1.1) if number else usual * 0.6)
            process.kill()
            process.wait()
            after = state(path)
            assert after in (before, wanted)
            seen.add(after != before)
            for safety in (data / "backups").glob("before-restore-*.db"):
                state(safety)
                safety.unlink()
        if served:
            assert server.stderr == ""
            server.restart()
        else:
            server.start()
        server.kill()
    assert state(path) in ("old", "new")
    seconds(start(data, "restore", "--yes", str(tmp_path / "new.db")))
    assert [name for name in os.listdir(data) if name.startswith(PREFIX)] == []


def test_a_killed_restore_over_what_cannot_be_read(tmp_path: Path) -> None:
    data, chance = tmp_path / "data", random.Random(time.time_ns())
    path = data / "squid.db"
    fill(tmp_path / "new" / "squid.db", "new", 10)
    back_up(tmp_path / "new" / "squid.db", tmp_path / "new.db")
    data.mkdir()
    path.write_bytes(b"Dear diary, " * 1000)
    usual = seconds(start(data, "restore", "--yes", str(tmp_path / "new.db")))
    for _ in range(6):
        for left in data.glob("squid.db*"):
            if left.is_file():
                left.unlink()
        path.write_bytes(b"Dear diary, " * 1000)
        process = start(data, "restore", "--yes", str(tmp_path / "new.db"))
        time.sleep(usual * chance.uniform(0.3, 1.1))
        process.kill()
        process.wait()
        if path.read_bytes() != b"Dear diary, " * 1000:
            assert state(path) == "new"
            assert [one.read_bytes() for one in data.glob("squid.db.damaged-*")] == [
                b"Dear diary, " * 1000
            ]


def test_a_killed_backup(tmp_path: Path) -> None:
    data, chance = tmp_path / "data", random.Random(time.time_ns())
    path, folder = data / "squid.db", tmp_path / "backups"
    fill(path, "old", 40)
    usual = seconds(start(data, "backup", str(folder / "first.db")))
    for number in range(12):
        process = start(data, "backup", str(folder / f"{number}.db"))
        time.sleep(usual * chance.uniform(0.3, 1.1))
        process.kill()
        process.wait()
    for made in folder.glob("*.db"):
        assert state(made) == "old"
    assert seconds(start(data, "backup", str(folder / "last.db")))
    assert [name for name in os.listdir(folder) if name.startswith(PREFIX)] == []
    assert state(path) == "old"
