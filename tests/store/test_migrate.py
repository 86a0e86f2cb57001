"""Versioned SQL: what is brought up to date, and what is refused with nothing touched."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from squid.errors import DatabaseError, MigrationError
from squid.store import files, messages, sessions, verify
from squid.store.migrate import Migration, bundled, load, migrate, statements

ALL = bundled()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "squid.db"


def schema(path: Path) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(
            "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name"
        ).fetchall()


def applied(path: Path) -> list[tuple[int, str]]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute("SELECT version, name FROM migrations ORDER BY version").fetchall()


def backups(path: Path) -> list[Path]:
    return sorted(path.parent.glob("*.backup"))


def test_fresh_database_has_everything(path: Path) -> None:
    assert migrate(path).migrations == ALL
    assert applied(path) == [(m.version, m.name) for m in ALL]
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert db.execute("SELECT id FROM users").fetchall() == [("local",)]
    assert backups(path) == [], "there was nothing to back up"


def test_second_time_does_nothing(path: Path) -> None:
    migrate(path)
    before = path.read_bytes()
    assert migrate(path).migrations == []
    assert path.read_bytes() == before
    assert backups(path) == []


def test_empty_file_is_a_fresh_database(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    assert migrate(path).migrations == ALL


@pytest.mark.parametrize("known", range(1, len(ALL)))
def test_upgraded_database_equals_a_fresh_one(path: Path, tmp_path: Path, known: int) -> None:
    fresh = tmp_path / "fresh.db"
    migrate(fresh)
    migrate(path, ALL[:known])
    assert migrate(path).migrations == ALL[known:]
    assert schema(path) == schema(fresh)
    assert applied(path) == applied(fresh)


def test_backup_is_made_before_upgrading_and_opens(path: Path) -> None:
    migrate(path, ALL[:3])
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("INSERT INTO users VALUES ('ann', 'Ann', 1)")
    before = schema(path)
    migrate(path)
    [backup] = backups(path)
    assert schema(backup) == before
    with closing(sqlite3.connect(backup)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("SELECT name FROM users WHERE id = 'ann'").fetchone() == ("Ann",)
    shutil.copy(backup, path.with_name("restored.db"))
    assert migrate(path.with_name("restored.db")).migrations == ALL[3:]


def test_backup_holds_what_is_only_in_the_log_of_another_process(path: Path) -> None:
    migrate(path, ALL[:3])
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA wal_autocheckpoint = 0")
        with other:
            other.execute("INSERT INTO users VALUES ('ann', 'Ann', 1)")
        migrate(path)
        [backup] = backups(path)
        with closing(sqlite3.connect(backup)) as db:
            assert db.execute("SELECT count(*) FROM users").fetchone() == (2,)


# -- refused, and untouched -----------------------------------------------------------


def untouched(path: Path, says: str, kind: type[DatabaseError] = DatabaseError) -> DatabaseError:
    before = path.read_bytes()
    with pytest.raises(kind) as refused:
        migrate(path)
    assert path.read_bytes() == before
    assert backups(path) == []
    assert str(path) in refused.value.detail
    assert says in refused.value.detail
    return refused.value


def test_edited_migration_is_refused(path: Path) -> None:
    edited = [ALL[0], ALL[1]._replace(sql=ALL[1].sql + "\n-- edited\n")]
    migrate(path, edited)
    error = untouched(path, "0002_sessions was edited", MigrationError)
    assert error.hint


def test_newer_database_is_refused(path: Path) -> None:
    newer = Migration(len(ALL) + 1, "later", "CREATE TABLE later (id INTEGER);")
    migrate(path, [*ALL, newer])
    error = untouched(path, "newer Squid", MigrationError)
    assert error.hint


@pytest.mark.parametrize("content", [b"xy", b"Dear diary, " * 1000, bytes(range(256)) * 40])
def test_file_that_is_no_database_is_refused(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    untouched(path, "not an SQLite database")


def test_file_that_only_begins_like_a_database_is_refused(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"SQLite format 3\0" * 100)
    untouched(path, "another program")


def test_database_of_another_program_is_refused(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE bookmarks (url TEXT)")
    untouched(path, "another program")


def test_other_program_that_has_migrations_too_is_refused(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE migrations (id INTEGER, migration TEXT, batch INTEGER)")
    untouched(path, "another program")


def test_directory_in_the_way_is_refused(path: Path) -> None:
    path.mkdir(parents=True)
    (path / "precious").write_text("mine")
    with pytest.raises(DatabaseError, match="cannot be used"):
        migrate(path)
    assert [p.name for p in path.iterdir()] == ["precious"]


def test_file_where_the_folder_should_be_is_refused(path: Path) -> None:
    path.parent.write_text("mine")
    with pytest.raises(DatabaseError, match="cannot be used"):
        migrate(path)
    assert path.parent.read_text() == "mine"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that a user without rights can reach, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
@pytest.mark.parametrize("read_only", ["file", "folder"])
def test_what_cannot_be_written_is_refused(open_folder: Path, read_only: str) -> None:
    path = open_folder / "squid.db"
    if read_only == "file":
        migrate(path, ALL[:3])
        path.chmod(0o444)
        open_folder.chmod(0o777)
    else:
        open_folder.chmod(0o555)
    before = path.read_bytes() if path.exists() else None
    program = (
        "import os, sys; from pathlib import Path; from squid.errors import DatabaseError\n"
        "import filelock\n"
        "from squid.store.migrate import bundled, migrate\n"
        "known = bundled()\n"
        "if os.geteuid() == 0: os.setuid(65534)  # root may write anything\n"
        "try: migrate(Path(sys.argv[1]), known)\n"
        "except DatabaseError as error: print(type(error).__name__, error.detail)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert done.stdout.startswith(f"DatabaseError {path} "), done.stderr
    assert "cannot be" in done.stdout
    assert (path.read_bytes() if path.exists() else None) == before
    open_folder.chmod(0o755)


# -- failing ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE half (id INTEGER);\nINSERT INTO nowhere VALUES (1);",
        "CREATE TABLE half (id INTEGER);\nCREATE TABLE users (id TEXT);",
        "CREATE TABLE half (id INTEGER);\nCREATE TABLE unfinished (",
        "CREATE TABLE half (id INTEGER); CREATE TABLE same_line (id INTEGER);",
    ],
)
def test_failing_migration_leaves_nothing(path: Path, sql: str) -> None:
    migrate(path)
    before = schema(path)
    with pytest.raises(MigrationError, match=f"{len(ALL) + 1:04}_bad failed"):
        migrate(path, [*ALL, Migration(len(ALL) + 1, "bad", sql)])
    assert schema(path) == before
    assert applied(path) == [(m.version, m.name) for m in ALL]
    assert migrate(path).migrations == []


def test_failing_first_migration_leaves_a_file_that_can_be_migrated(path: Path) -> None:
    with pytest.raises(MigrationError):
        migrate(path, [Migration(1, "bad", "CREATE TABLE a (id); SELECT nothing FROM nowhere;")])
    assert migrate(path).migrations == ALL


def _migrate_at_once(path: Path, ready: object, results: object) -> None:
    ready.wait()  # type: ignore[attr-defined]
    try:
        results.put(len(migrate(path).migrations))  # type: ignore[attr-defined]
    except Exception as error:
        results.put(repr(error))  # type: ignore[attr-defined]


@pytest.mark.parametrize("known", [0, 3])
def test_processes_that_migrate_at_once_do_it_once(path: Path, known: int) -> None:
    if known:
        migrate(path, ALL[:known])
    context = multiprocessing.get_context("spawn")
    ready, results = context.Barrier(3), context.Queue()
    processes = [
        context.Process(target=_migrate_at_once, args=(path, ready, results)) for _ in range(3)
    ]
    for process in processes:
        process.start()
    done = sorted(str(results.get(timeout=30)) for _ in processes)
    for process in processes:
        process.join()
    results.close()
    results.join_thread()
    assert done == ["0", "0", str(len(ALL) - known)]
    assert applied(path) == [(m.version, m.name) for m in ALL]
    assert len(backups(path)) == (1 if known else 0)


# -- reading the files ----------------------------------------------------------------


def test_migrations_must_be_numbered_without_gaps(tmp_path: Path) -> None:
    (tmp_path / "0001_one.sql").write_text("SELECT 1;")
    (tmp_path / "0003_three.sql").write_text("SELECT 3;")
    with pytest.raises(MigrationError, match="not numbered"):
        load(tmp_path)


def test_line_ends_do_not_change_a_checksum(tmp_path: Path) -> None:
    unix, windows = tmp_path / "unix", tmp_path / "windows"
    for folder, end in ((unix, b"\n"), (windows, b"\r\n")):
        folder.mkdir()
        (folder / "0001_one.sql").write_bytes(b"CREATE TABLE a (" + end + b"id INTEGER);" + end)
    assert load(unix)[0].checksum == load(windows)[0].checksum


@pytest.mark.parametrize(
    ("sql", "count"),
    [
        ("", 0),
        ("-- nothing but a remark; really\n", 0),
        ("SELECT 1;\nSELECT\n 2;\n-- the end\n", 2),
        ("SELECT ';';\n", 1),
        ("SELECT 1; -- with a remark; and a semicolon\nSELECT 2;\n", 2),
        (
            "CREATE TRIGGER t AFTER DELETE ON a\nBEGIN\n  DELETE FROM b;\n  DELETE FROM c;\n"
            "END;\nSELECT 1;\n",
            2,
        ),
        ("SELECT 1;\nSELECT 2", 2),
    ],
)
def test_script_is_split_into_its_statements(sql: str, count: int) -> None:
    assert len(list(statements(sql))) == count
    assert "".join(statements(sql)).strip() in sql


def test_what_is_made_is_for_its_owners_eyes_only(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        migrate(tmp_path / "data" / "squid.db")
    finally:
        os.umask(before)
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    for path in (tmp_path / "data").glob("squid.db*"):
        assert path.suffix == ".lock" or path.stat().st_mode & 0o777 == 0o600, path


def test_a_database_with_files_is_whole(tmp_path: Path) -> None:
    """SQLite 3.40 said of one that it was damaged."""
    path = tmp_path / "squid.db"
    migrate(path, bundled()[:10])
    with closing(sqlite3.connect(path)) as db, db:
        sessions.create(db, "local", id="s")
        new = files.New(files.pack(b"words"), "notes.txt", "text/plain")
        file_id = files.add(db, "local", new).id
        messages.insert(
            db, id="m", session_id="s", parent_id=None, role="user", content="", file_ids=[file_id]
        )
    with closing(sqlite3.connect(path)) as db:
        assert verify.integrity(db) is verify.integrity(db, full=False) is None
    migrate(path)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert [file.id for file in messages.load(db, ["m"])[0].files] == [file_id]
