"""`squid migrate`, and what every command does of it by itself."""

from __future__ import annotations

from squid.store.migrate import bundled, kept, migrate
from squid.store.worker import Worker
from tests.cli.conftest import Squid

ALL = bundled()


def test_from_nothing(squid: Squid) -> None:
    path = squid.data / "squid.db"
    done = squid("migrate", "--check")
    assert (done.returncode, done.stderr) == (1, "")
    assert "it would be made" in done.stdout
    assert not path.exists()
    done = squid("migrate")
    assert (done.returncode, done.stdout) == (0, f"Made {path}, at version {len(ALL)}.\n")
    done = squid("migrate")
    assert done.stdout == f"Nothing to do: {path} is at this program's version.\n"
    assert squid("migrate", "--dry-run").returncode == 0


def test_an_older_one(squid: Squid) -> None:
    path = squid.data / "squid.db"
    migrate(path, ALL[:3])
    done = squid("migrate", "--check")
    assert done.returncode == 1
    assert done.stdout.startswith(f"{path} would be brought from version 3 to {len(ALL)}:\n")
    assert f"  0004 {ALL[3].name}\n" in done.stdout
    assert kept(path) == []
    done = squid("migrate")
    [copy] = kept(path)
    assert done.stdout.startswith(f"Brought {path} from version 3 to {len(ALL)}:\n")
    assert done.stdout.endswith(f"How it was before is in {copy}\n")
    assert copy.stat().st_mode & 0o077 == 0
    assert squid("migrate", "--check").returncode == 0


def test_not_under_an_older_process(squid: Squid) -> None:
    path = squid.data / "squid.db"
    migrate(path, ALL[:3])
    older = Worker(path)
    before = path.read_bytes()
    for command in (["migrate"], ["ask", "Hello"], ["serve", "--port", "0"]):
        done = squid(*command)
        assert done.returncode == 3
        assert done.stderr.startswith(f"squid: An older Squid is running on {path}")
        assert "hint: End that one first" in done.stderr
    assert path.read_bytes() == before
    older.close()
    assert squid("migrate").returncode == 0


def test_a_file_that_is_no_database(squid: Squid) -> None:
    (squid.data / "squid.db").write_text("Dear diary")
    for args in (["migrate"], ["migrate", "--check"]):
        done = squid(*args)
        assert done.returncode == 3
        assert "is not an SQLite database." in done.stderr
