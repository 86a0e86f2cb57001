"""`squid backup`: beside a server and without one."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path

from tests.cli.conftest import Squid


def counted(path: Path) -> tuple[int, int]:
    db = sqlite3.connect(path)
    try:
        (sessions,) = db.execute("SELECT count(*) FROM sessions").fetchone()
        (messages,) = db.execute("SELECT count(*) FROM messages").fetchone()
        return sessions, messages
    finally:
        db.close()


def test_into_the_data_folder(squid: Squid) -> None:
    squid("ask", "Hello")
    done = squid("backup")
    assert (done.returncode, done.stderr) == (0, "")
    [name] = os.listdir(squid.data / "backups")
    path = squid.data / "backups" / name
    assert done.stdout.startswith(f"Backed up 1 session, 2 messages, 0 files to {path} (")
    assert counted(path) == (1, 2)


def test_beside_a_server_as_json(squid: Squid, tmp_path: Path) -> None:
    with squid.serve():
        squid("ask", "Hello")
        done = squid("backup", str(tmp_path / "mine.db"), "--json")
    told = json.loads(done.stdout)
    assert told["file"] == str(tmp_path / "mine.db")
    assert told["bytes"] == (tmp_path / "mine.db").stat().st_size
    assert (told["sessions"], told["messages"], told["files"]) == (1, 2, 0)
    assert counted(tmp_path / "mine.db") == (1, 2)


def test_a_folder_and_a_name_that_is_taken(squid: Squid, tmp_path: Path) -> None:
    squid.talk("Hello")
    assert squid("backup", str(tmp_path / "data" / "..")).returncode == 0
    [path] = tmp_path.glob("squid-*.db")
    done = squid("backup", str(path))
    assert done.returncode == 3
    assert done.stderr == (
        f"squid: {path} is there already.\nhint: Name another file, or replace it with --force.\n"
    )
    assert squid("backup", "--force", str(path)).returncode == 0


def test_without_a_database_nothing_is_made(squid: Squid) -> None:
    done = squid("backup")
    assert done.returncode == 3
    assert done.stderr == f"squid: There is no database at {squid.data / 'squid.db'} yet.\n"
    assert os.listdir(squid.data) == []


def test_a_place_that_cannot_be(squid: Squid, tmp_path: Path) -> None:
    squid.talk("Hello")
    (tmp_path / "file").write_text("mine")
    done = squid("backup", str(tmp_path / "file" / "mine.db"))
    assert done.returncode == 3
    assert len(done.stderr.splitlines()) == 1
    assert "cannot be written: its folder is a file." in done.stderr
