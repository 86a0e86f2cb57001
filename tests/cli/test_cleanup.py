"""`squid cleanup`: with and without a server beside it."""

from __future__ import annotations

import gzip
import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Squid
from tests.store.tree import add_session, chain
from tests.transfer.talk import exported
from tests.upkeep.talk import ago, configured, connected

LIMITS = {"SQUID_SESSION_MAX_AGE_DAYS": "90"}


@pytest.fixture
def filled(squid: Squid) -> Squid:
    """With a session that is old, one that is in the trash for long, and one that is
    neither."""
    with connected(configured(squid.data)) as db:
        for name in ("old", "thrown", "new"):
            add_session(db, id=name, title=f"The {name} one")
        chain(db, "thrown", 4)
        db.execute("UPDATE sessions SET active_at = ? WHERE id != 'new'", (ago(100),))
        db.execute("UPDATE sessions SET deleted_at = ? WHERE id = 'thrown'", (ago(40),))
    return squid


def left(squid: Squid) -> list[tuple[Any, ...]]:
    return squid.rows("SELECT id, deleted_at IS NOT NULL FROM sessions ORDER BY id")


def test_a_dry_run_says_what_the_run_then_does(filled: Squid, tmp_path: Path) -> None:
    dry = filled("cleanup", "--dry-run", **LIMITS)
    assert (dry.returncode, dry.stderr) == (0, "")
    assert "Would move 1 session into the trash:\n  old  The old one  last active 2" in dry.stdout
    assert "not active for 90 days" in dry.stdout
    assert "Would remove 1 session for good:\n  thrown  The thrown one" in dry.stdout
    assert dry.stdout.endswith("Nothing was changed.\n")
    assert left(filled) == [("new", 0), ("old", 0), ("thrown", 1)]
    assert not (filled.data / "archive").exists()
    with connected(configured(filled.data)) as db:
        before = exported(db, "thrown")

    done = filled("cleanup", **LIMITS)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Moved 1 session into the trash:\n  old  The old one" in done.stdout
    assert "Removed 1 session for good:\n  thrown" in done.stdout
    assert left(filled) == [("new", 0), ("old", 1)]
    [archive] = (filled.data / "archive").glob("*/thrown-*.json.gz")
    assert f"Archived: {archive}\n" in done.stdout

    other = Squid(tmp_path / "other", "http://127.0.0.1:9")
    text = gzip.decompress(archive.read_bytes())
    assert text == before
    assert other("import", "-", stdin=text).returncode == 0
    assert other("export", "thrown").stdout.encode() == before

    again = filled("cleanup", **LIMITS)
    assert again.stdout == (
        "Nothing is due. In [session], max_age_days = 90; the trash is kept 30 days (trash_days).\n"
    )


def test_where_nothing_is_set_it_names_the_keys(squid: Squid) -> None:
    done = squid("cleanup")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 1
    for key in ("max_age_days", "max_sessions_per_user", "max_messages_per_session", "trash_days"):
        assert key in done.stdout


def test_json(filled: Squid) -> None:
    dry = json.loads(filled("cleanup", "--dry-run", "--json", "--older-than", "90").stdout)
    done = json.loads(filled("cleanup", "--json", "--older-than", "90").stdout)
    assert (dry["dry_run"], done["dry_run"]) == (True, False)
    for part in ("trash", "shorten", "purge", "wipe"):
        assert dry[part] == done[part]
    [item] = done["trash"]
    assert (item["session_id"], item["title"], item["reason"]) == ("old", "The old one", "age")
    assert done["outcome"]["sessions_purged"] == len(done["archived"]) == 1


def test_beside_a_server(filled: Squid) -> None:
    with filled.serve(**LIMITS) as server:
        done = filled("cleanup", **LIMITS)
        assert done.returncode == 0, done.stderr
        with urllib.request.urlopen(f"{server.url}/api/sessions", timeout=10) as response:
            listed = json.load(response)["sessions"]
        assert [one["id"] for one in listed] == ["new"]
        with urllib.request.urlopen(f"{server.url}/api/sessions?deleted=true") as response:
            [thrown] = json.load(response)["sessions"]
        assert thrown["id"] == "old"
        refused = filled("cleanup", "--vacuum")
        assert refused.returncode == 3
        assert f"in use by the server at {server.url}" in refused.stderr


def test_vacuum_says_what_it_gave_back(squid: Squid) -> None:
    with connected(configured(squid.data)) as db:
        db.execute("PRAGMA auto_vacuum = NONE")
        db.execute("VACUUM")  # as in a database from before
        db.execute("CREATE TABLE filler (data BLOB)")
        db.execute("INSERT INTO filler VALUES (randomblob(9000000))")
        db.execute("DROP TABLE filler")
    done = squid("cleanup", "--vacuum")
    assert (done.returncode, done.stderr) == (0, "")
    assert "The database had 8." in done.stdout
    assert (squid.data / "squid.db").stat().st_size < 1_000_000
    assert squid.rows("PRAGMA auto_vacuum") == [(2,)], "from now on bit by bit"


@pytest.mark.parametrize(
    ("args", "env", "says"),
    [
        (("--older-than", "0"), {}, "not in the range"),
        (("--older-than", "1.5"), {}, "not a whole number"),
        (("--dry-run", "--vacuum"), {}, "Leave one of them out."),
        ((), {"SQUID_SESSION_MAX_AGE_DAYS": "-1"}, "a whole number from 0 to 36500"),
        ((), {"SQUID_SESSION_CLEANUP_INTERVAL_HOURS": "0"}, "a whole number from 1 to 8760"),
        ((), {"SQUID_SESSION_CLEANUP_INTERVAL_HOURS": "0.5"}, "SQUID_SESSION_CLEANUP_INTERVAL_"),
        ((), {"SQUID_SESSION_MAX_SESSIONS_PER_USER": "9" * 30}, "from 0 to 1000000000"),
    ],
)
def test_what_is_wrong_is_said(
    squid: Squid, args: tuple[str, ...], env: dict[str, str], says: str
) -> None:
    done = squid("cleanup", *args, **env)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert not (squid.data / "squid.db").exists()


def test_an_archive_that_cannot_be_written(filled: Squid) -> None:
    (filled.data / "archive").touch()
    done = filled("cleanup")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("squid: The archive could not be written: ")
    assert "hint: Nothing was removed." in done.stderr
    assert left(filled) == [("new", 0), ("old", 0), ("thrown", 1)]
