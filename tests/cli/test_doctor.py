"""`squid doctor`: says what is wrong, whatever is, and changes nothing."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from squid.store.migrate import bundled, migrate
from squid.store.worker import Worker
from tests.cli.conftest import Squid


def examined(squid: Squid, *args: str, **env: str) -> dict[str, list[dict[str, Any]]]:
    done = squid("doctor", "--json", *args, **env)
    assert done.stderr == ""
    told = json.loads(done.stdout)
    assert told["ok"] == (done.returncode == 0)
    assert done.returncode in (0, 1)
    found: dict[str, list[dict[str, Any]]] = {}
    for one in told["checks"]:
        found.setdefault(one["check"], []).append(one)
    return found


def levels(found: list[dict[str, Any]]) -> list[str]:
    return [one["level"] for one in found]


def tree(folder: Path) -> dict[str, Any]:
    return {
        str(path.relative_to(folder)): (
            path.lstat().st_mode,
            path.lstat().st_mtime_ns,
            path.read_bytes() if path.is_file() else None,
        )
        for path in folder.rglob("*")
    }


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return str(taken.getsockname()[1])


@pytest.fixture
def used(squid: Squid) -> Squid:
    """A data folder with a session in it, and a free port to serve at."""
    squid.env["SQUID_SERVER_PORT"] = free_port()
    squid.talk("Hello")
    squid.data.chmod(0o700)
    return squid


def test_a_new_folder(squid: Squid) -> None:
    squid.data.rmdir()
    squid.env["SQUID_SERVER_PORT"] = free_port()
    # Not in the data folder, which is not there.
    done = examined_from(squid)
    assert "Nothing is wrong." in done
    assert not squid.data.exists()


def examined_from(squid: Squid) -> str:
    import subprocess

    done = subprocess.run(
        squid.command("doctor"), env=squid.environment({}), cwd=squid.data.parent,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_all_is_well(used: Squid) -> None:
    used("backup")
    before = tree(used.data)
    found = examined(used, "--full")
    assert {level for one in found.values() for level in levels(one)} == {"ok"}
    assert "1 sessions, 2 messages" in found["database"][0]["detail"]
    assert "all of it is whole" in found["database"][0]["detail"]
    assert tree(used.data) == before
    text = used("doctor").stdout
    assert text.endswith("Nothing is wrong.\n")


def test_beside_a_server(used: Squid) -> None:
    with used.serve() as server:
        found = examined(used, "--online")
        assert found["server"][0]["detail"].startswith(f"running at {server.url}, version ")
        assert found["processes"][0]["detail"] == "1 working on the database"
        assert found["model"][1]["detail"].startswith("it answers, and lists ")
        assert server.stderr == ""


def test_after_a_kill(used: Squid) -> None:
    with used.serve() as server:
        used("ask", "Hello")
        server.kill()
        before = tree(used.data)
        found = examined(used, "--full")
        assert levels(found["processes"]) == ["ok", "warning"]
        assert "2 sessions" in found["database"][0]["detail"], "also what is in the log alone"
        assert tree(used.data) == before


def test_the_key_is_never_shown(used: Squid) -> None:
    done = used("doctor", "--online", SQUID_PROVIDER_ANTHROPIC_API_KEY="sk-very-secret")
    assert "sk-very-secret" not in done.stdout + done.stderr


def test_no_model(used: Squid) -> None:
    env = {"SQUID_PROVIDER_ANTHROPIC_API_KEY": "", "SQUID_PROVIDER_ANTHROPIC_BASE_URL": ""}
    [found] = examined(used, **env)["model"]
    assert (found["level"], found["detail"]) == ("problem", "There is no key for Anthropic.")
    assert "ANTHROPIC_API_KEY" in found["hint"]


def test_a_model_that_is_out_of_reach(used: Squid) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    found = examined(used, "--online", SQUID_PROVIDER_ANTHROPIC_BASE_URL=url)["model"]
    assert levels(found) == ["ok", "problem"]


def test_a_wrong_configuration_hides_nothing_else(used: Squid) -> None:
    found = examined(used, SQUID_SERVER_PROT="1")
    assert levels(found["configuration"]) == ["problem", "warning"]
    assert found["configuration"][0]["hint"] == "Did you mean SQUID_SERVER_PORT?"
    assert "1 sessions" in found["database"][0]["detail"]


def test_a_port_that_is_taken(used: Squid) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        [found] = examined(used, SQUID_SERVER_PORT=port)["server"]
    assert found["level"] == "problem"
    assert f"port {port}" in found["detail"]


def test_others_can_read_it(used: Squid) -> None:
    # pytest's own folders are closed to others, which would be enough.
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        shutil.copy(used.data / "squid.db", folder / "squid.db")
        (folder / "squid.db").chmod(0o644)
        found = examined(used, SQUID_DATA=str(folder))["data folder"]
        assert levels(found) == ["ok", "warning"]
        assert found[1]["hint"] == f"chmod 700 {folder}"
        folder.chmod(0o700)
        assert levels(examined(used, SQUID_DATA=str(folder))["data folder"]) == ["ok"]


def test_an_older_database(squid: Squid) -> None:
    migrate(squid.data / "squid.db", bundled()[:3])
    before = tree(squid.data)
    found = examined(squid)["database"]
    assert levels(found) == ["ok", "warning"]
    assert "squid migrate" in found[1]["hint"]
    assert tree(squid.data) == before


def test_backups_that_are_old_and_copies_of_upgrades(used: Squid) -> None:
    assert levels(examined(used)["backups"]) == ["warning"]
    used("backup")
    [path] = (used.data / "backups").iterdir()
    os.utime(path, (0, 0))
    (used.data / "squid.db.before-0002.20260101T000000Z.backup").write_bytes(bytes(2_000_000))
    found = examined(used)["backups"]
    assert levels(found) == ["warning", "ok"]
    assert found[1]["detail"].startswith("1 kept from before upgrades, 2.0 MB")


def test_a_file_that_was_removed_under_a_process(used: Squid) -> None:
    worker = Worker(used.data / "squid.db")
    (used.data / "squid.db").unlink()
    [found] = examined(used)["database"]
    worker.close()
    assert "was removed under a running Squid" in found["detail"]


def garbage(data: Path) -> None:
    (data / "squid.db").write_bytes(os.urandom(100_000))


def cut(data: Path) -> None:
    os.truncate(data / "squid.db", 40_000)


def overwritten(data: Path) -> None:
    with (data / "squid.db").open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(4096 * 30))


def a_folder(data: Path) -> None:
    (data / "squid.db").unlink()
    (data / "squid.db").mkdir()


def a_loop(data: Path) -> None:
    (data / "squid.db").unlink()
    (data / "squid.db").symlink_to("squid.db")


def only_the_log(data: Path) -> None:
    (data / "squid.db").rename(data / "squid.db-wal")


def half_a_log(data: Path) -> None:
    (data / "squid.db-wal").write_bytes(os.urandom(5000))


def of_another_program(data: Path) -> None:
    (data / "squid.db").unlink()
    db = sqlite3.connect(data / "squid.db")
    db.execute("CREATE TABLE bookmarks (url TEXT)")
    db.close()


def without_tables(data: Path) -> None:
    db = sqlite3.connect(data / "squid.db")
    db.execute("PRAGMA foreign_keys = 0")
    for table in ("sessions", "migrations"):
        db.execute(f"DROP TABLE {table}")
    db.close()


def a_file_of_workers(data: Path) -> None:
    shutil.rmtree(data / "squid.db.workers")
    (data / "squid.db.workers").write_text("mine")


def a_file_of_backups(data: Path) -> None:
    (data / "backups").write_text("mine")


def a_dangling_backup(data: Path) -> None:
    (data / "backups").mkdir()
    (data / "backups" / "mine.db").symlink_to("nowhere")


def half_a_file_of_settings(data: Path) -> None:
    (data / "squid.toml").write_bytes(b"[server\n\xff")


def a_folder_of_settings(data: Path) -> None:
    (data / "squid.toml").mkdir()


BREAKAGES: list[tuple[Callable[[Path], None], str, str]] = [
    (garbage, "database", "problem"),
    (cut, "database", "problem"),
    (overwritten, "database", "problem"),
    (a_folder, "database", "problem"),
    (a_loop, "database", "problem"),
    (only_the_log, "database", "problem"),
    (half_a_log, "database", "ok"),
    (of_another_program, "database", "problem"),
    (without_tables, "database", "problem"),
    (a_file_of_workers, "processes", "ok"),
    (a_file_of_backups, "backups", "warning"),
    (a_dangling_backup, "backups", "warning"),
    (half_a_file_of_settings, "configuration", "problem"),
    (a_folder_of_settings, "configuration", "ok"),
]


@pytest.mark.parametrize(
    ("breaks", "check", "level"), BREAKAGES, ids=lambda x: getattr(x, "__name__", x)
)
def test_whatever_is_broken(
    used: Squid, breaks: Callable[[Path], None], check: str, level: str
) -> None:
    breaks(used.data)
    before = tree(used.data)
    found = examined(used)
    assert level in levels(found[check]), found[check]
    assert tree(used.data) == before
    assert all(
        "It could not be looked at" not in one["detail"] for all_ in found.values() for one in all_
    )
    for one in found[check]:
        if one["level"] == "problem":
            assert str(used.data) in one["detail"] or "squid.toml" in one["detail"]


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="POSIX permissions")
def test_a_folder_that_is_closed(used: Squid, tmp_path: Path) -> None:
    import subprocess
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        data = Path(name) / "data"
        shutil.copytree(used.data, data)
        Path(name).chmod(0o755)
        for mode in (0o000, 0o555):
            data.chmod(mode)
            program = (
                "import os, sys; sys.argv = ['squid', 'doctor', '--json']\n"
                "import squid.cli, squid.cli.doctor.examine\n"
                "if os.geteuid() == 0: os.setuid(65534)  # root may do anything\n"
                "squid.cli.main()"
            )
            done = subprocess.run(
                [*used.command()[:1], "-c", program],
                env={**used.environment({"SQUID_DATA": str(data)}), "TMPDIR": name}, cwd=name,
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert (done.returncode, done.stderr) == (1, "")
            found = [one for one in json.loads(done.stdout)["checks"] if one["level"] == "problem"]
            assert f"{data} cannot be written by this user." in [one["detail"] for one in found]
        data.chmod(0o755)


def test_a_file_in_place_of_the_folder(used: Squid, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    found = examined(used, SQUID_DATA=str(tmp_path / "file"))
    assert levels(found["data folder"]) == ["problem"]
    found = examined(used, SQUID_DATA=str(tmp_path / "file" / "below"))
    assert levels(found["data folder"]) == ["problem"]


def test_a_model_that_is_none(used: Squid, tmp_path: Path) -> None:
    poem = tmp_path / "poem.gguf"
    poem.write_text("Roses are red")
    told = examined(used, SQUID_PROVIDER_NAME="local", SQUID_PROVIDER_LOCAL_MODEL=str(poem))
    assert levels(told["model"]) == ["problem"]


def test_a_secret_that_others_can_read(used: Squid, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("[server]\ntoken = 'a-token-of-some-length'\n")
    for mode, expected in ((0o644, ["ok", "warning"]), (0o600, ["ok"])):
        file.chmod(mode)
        told = examined(used, SQUID_CONFIG=str(file))
        assert levels(told["configuration"]) == expected
    assert "a-token" not in str(told)
