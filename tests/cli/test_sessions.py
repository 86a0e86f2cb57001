"""`squid sessions`: with and without a server beside it."""

from __future__ import annotations

import json
import os
import pty
import re
import sqlite3
import struct
import termios
from collections.abc import Callable
from contextlib import closing
from fcntl import ioctl
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from squid.cli.sessions import listing
from squid.models import Session
from squid.store import once, sessions
from tests.cli.conftest import Squid, config_of, fetch
from tests.conftest import ME
from tests.store.tree import add_message, add_session

NASTY = "evil \x1b]0;owned\x07\x1b[2J\r\x9b2J\ttab\nline \u202eback"
SIGNS = st.text(
    st.characters() | st.sampled_from("a 中🦑👩\u0301\u200d\ufe0f\u200b\t"), max_size=80
)
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]")


@pytest.fixture
def filled(squid: Squid) -> Squid:
    """Three sessions: a trip, a recipe, and one with whatever a terminal could obey."""

    def fill(db: sqlite3.Connection) -> None:
        for number, (id_, title) in enumerate(
            [("trip-to-rome", "A trip"), ("recipe-1", "Soup"), ("nasty-one", NASTY)]
        ):
            add_session(db, id=id_, title=title)
            question = add_message(db, id_, f"q{number}", content=f"What about {title}?")
            add_message(
                db, id_, f"a{number}", question, role="assistant", model="small",
                content=f"**Olive** oil.\n\nAnd {title}",
            )  # fmt: skip
            db.execute(
                "UPDATE sessions SET message_count = 2, active_at = ? WHERE id = ?",
                (1_790_000_000_000 + number, id_),
            )
        db.execute("UPDATE messages SET created_at = CASE role WHEN 'user' THEN 1 ELSE 2 END")

    once.write(config_of(squid), fill)
    return squid


def get(squid: Squid, session_id: str) -> Session:
    return once.read(config_of(squid), sessions.get, ME, session_id, deleted=True)


def on_terminal(squid: Squid, *args: str, width: int = 100) -> str:
    """All that a terminal of this width is sent."""
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    process = squid.start(*args, stdout=theirs, stderr=theirs)
    os.close(theirs)
    sent = b""
    try:
        while chunk := os.read(ours, 65536):
            sent += chunk
    except OSError:  # as Linux says that the other end is closed
        pass
    os.close(ours)
    assert process.wait(timeout=20) == 0, sent
    return sent.decode().replace("\r\n", "\n")


def test_list_into_a_pipe(filled: Squid) -> None:
    done = filled("sessions", "list", TZ="UTC")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "nasty-one\tevil ]0;owned[2J2J tab line back\t2\t2026-09-21T14:13:20+00:00\tsmall",
        "recipe-1\tSoup\t2\t2026-09-21T14:13:20+00:00\tsmall",
        "trip-to-rome\tA trip\t2\t2026-09-21T14:13:20+00:00\tsmall",
    ]


def test_list_as_json(filled: Squid) -> None:
    told = json.loads(filled("sessions", "list", "--json", "-n", "2").stdout)
    assert told["more"] is True
    assert [one["id"] for one in told["sessions"]] == ["nasty-one", "recipe-1"]
    assert told["sessions"][0]["title"] == NASTY
    with filled.serve() as server:
        assert told["sessions"] == fetch(f"{server.url}/api/sessions?limit=2")["sessions"]


@pytest.mark.parametrize(
    ("args", "found"),
    [
        (("--text", "SOUP"), ["recipe-1"]),
        (("--model", "small", "-n", "1"), ["nasty-one"]),
        (("--model", "large"), []),
        (("--since", "2026-09-21"), ["nasty-one", "recipe-1", "trip-to-rome"]),
        (("--since", "2026-09-22"), []),
        (("--until", "2026-09-21"), ["nasty-one", "recipe-1", "trip-to-rome"]),
        (("--until", "2026-09-20"), []),
        (("--sort", "title"), ["trip-to-rome", "nasty-one", "recipe-1"]),
        (("--sort", "date"), ["trip-to-rome", "recipe-1", "nasty-one"]),
        (("--archived",), []),
        (("--deleted",), []),
    ],
)
def test_what_is_listed(filled: Squid, args: tuple[str, ...], found: list[str]) -> None:
    done = filled("sessions", "list", *args, TZ="UTC")
    listed = [line.split("\t")[0] for line in done.stdout.splitlines()]
    assert (sorted(listed) if "date" in args else listed) == (
        sorted(found) if "date" in args else found
    )
    assert done.returncode == 0
    assert ("There is no such session." in done.stderr) == (not found)


def test_nothing_yet(squid: Squid) -> None:
    done = squid("sessions", "list")
    assert (done.returncode, done.stdout) == (0, "")
    assert "squid ask" in done.stderr
    assert json.loads(squid("sessions", "list", "--json").stdout) == {"sessions": [], "more": False}


@pytest.mark.parametrize("width", [30, 60, 80, 120])
def test_list_on_a_terminal_fits(
    filled: Squid, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    sent = on_terminal(filled, "sessions", "list", width=width)
    text = re.sub(r"\x1b\[[0-9;]*m", "", sent)
    assert not CONTROLS.search(text)
    assert max(map(cell_len, text.splitlines())) <= width
    for id_ in ("trip-to-rome", "recipe-1", "nasty-one"):
        assert re.search(rf"^{id_}( |$)", text, re.M)


@settings(deadline=None)
@given(
    titles=st.lists(SIGNS, min_size=1, max_size=4),
    model=SIGNS,
    width=st.integers(1, 150),
)
def test_table_fits_whatever_is_in_it(titles: list[str], model: str, width: int) -> None:
    id_ = "01a1fec7-8bd6-7052-bfee-b1fa809ee8b7"
    found = [
        Session(
            id=id_, title=title, system=None, model=model, head=None, message_count=10**number,
            input_tokens=0, output_tokens=0, live_run_id=None, version=1, created_at=0, active_at=0,
        )
        for number, title in enumerate(titles)
    ]  # fmt: skip
    rows = listing.table(listing.Listed(found, False, {id_: model}), width, 10**12)
    plain = [re.sub(r"\x1b\[[0-9;]*m", "", row) for row in rows]
    assert sum(row.startswith(id_) for row in plain) == len(titles), "no id is cut"
    assert max(map(cell_len, plain)) <= max(width, len(id_))
    assert not any(CONTROLS.search(row) or "\n" in row for row in plain)


def test_show_into_a_pipe_is_the_markdown_export(filled: Squid) -> None:
    done = filled("sessions", "show", "trip")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == filled("export", "trip", "--format", "markdown").stdout
    assert done.stdout.startswith("# A trip\n")
    last = filled("sessions", "show", "trip", "-n", "1").stdout
    assert last.startswith("# A trip\n")
    assert "What about" not in last
    assert "**Olive** oil." in last


def test_show_on_a_terminal_is_rendered_and_harmless(filled: Squid) -> None:
    sent = on_terminal(filled, "sessions", "show", "nasty-one")
    assert "\x1b[1mOlive\x1b[0m oil." in sent
    assert "\x1b]0;" not in sent
    assert "\x07" not in sent
    assert "\r" not in sent
    assert "\x9b" not in sent
    assert "\x1b[2J" not in sent


def test_show_as_json_is_what_the_api_has(filled: Squid) -> None:
    told = json.loads(filled("sessions", "show", "trip", "--json").stdout)
    part = json.loads(filled("sessions", "show", "trip", "--json", "-n", "1").stdout)
    assert part == {**told, "messages": told["messages"][1:], "older": True}
    with filled.serve() as server:
        assert told == fetch(f"{server.url}/api/sessions/trip-to-rome")


def test_search(filled: Squid) -> None:
    done = filled("sessions", "search", "soup", TZ="UTC")
    assert (done.returncode, done.stderr) == (0, "")
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert [(row[0], row[1], row[2], row[4]) for row in rows] == [
        ("recipe-1", "", "title", "Soup"),
        ("recipe-1", "a1", "assistant", "**Olive** oil. And Soup"),
        ("recipe-1", "q1", "user", "What about Soup?"),
    ]
    told = json.loads(filled("sessions", "search", "--json", "soup").stdout)
    [one] = told["sessions"]
    assert (one["session"]["id"], one["match_count"], told["more"]) == ("recipe-1", 2, False)
    match = one["matches"][0]
    assert match["excerpt"][match["start"] : match["end"]] == "Soup"
    nothing = filled("sessions", "search", "nowhere")
    assert (nothing.returncode, nothing.stdout) == (0, "")
    assert filled("sessions", "search", " ").returncode == 2
    assert filled("sessions", "search", "x" * 501).returncode == 2


def test_search_on_a_terminal_marks_what_it_found(filled: Squid) -> None:
    sent = on_terminal(filled, "sessions", "search", "OLIVE")
    assert sent.count("\x1b[1m\x1b[7mOlive\x1b[0m") == 3
    assert not CONTROLS.search(re.sub(r"\x1b\[[0-9;]*m", "", sent))


def test_rename(filled: Squid) -> None:
    before = get(filled, "trip-to-rome")
    done = filled("sessions", "rename", "trip", "Two trips")
    assert (done.returncode, done.stdout) == (0, "Renamed: Two trips (trip-to-rome)\n")
    after = get(filled, "trip-to-rome")
    assert (after.title, after.version) == ("Two trips", before.version + 1)
    assert filled("sessions", "rename", "trip", "x" * 501).returncode == 2
    assert get(filled, "trip-to-rome") == after


def test_delete_and_restore(filled: Squid) -> None:
    done = filled("sessions", "delete", "trip", "recipe-1", "trip-to-rome")
    assert done.stdout == (
        "Deleted: A trip (trip-to-rome)\nDeleted: Soup (recipe-1)\n"
        "To have it back: squid sessions restore trip-to-rome recipe-1\n"
    )
    assert filled("sessions", "list").stdout.count("\n") == 1
    assert filled("sessions", "list", "--deleted").stdout.count("\n") == 2
    assert filled("sessions", "show", "trip").returncode == 0, "the trash can be looked into"
    done = filled("sessions", "restore", "trip", "recipe")
    assert done.stdout == "Restored: A trip (trip-to-rome)\nRestored: Soup (recipe-1)\n"
    assert get(filled, "recipe-1").deleted_at is None


def test_archive_and_back(filled: Squid) -> None:
    assert filled("sessions", "archive", "trip").stdout == "Archived: A trip (trip-to-rome)\n"
    assert "trip" not in filled("sessions", "list").stdout
    assert filled("sessions", "list", "--archived").stdout.startswith("trip-to-rome\t")
    done = filled("sessions", "unarchive", "trip")
    assert done.stdout == "Back in the lists: A trip (trip-to-rome)\n"
    assert get(filled, "trip-to-rome").archived_at is None


@pytest.mark.parametrize("command", ["delete", "archive", "unarchive", "restore"])
def test_several_are_all_or_nothing(filled: Squid, command: str) -> None:
    before = filled("export", "--all").stdout
    done = filled("sessions", command, "trip", "nowhere")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "squid: There is no session nowhere.\nhint: See what there is: squid sessions list\n"
    )
    assert filled("export", "--all").stdout == before


@pytest.mark.parametrize(
    "args",
    [
        ("sessions", "show", "same"),
        ("sessions", "rename", "same", "T"),
        ("sessions", "delete", "same"),
        ("export", "same"),
        ("ask", "-s", "same", "Hello"),
    ],
)
def test_a_beginning_of_several_names_them(squid: Squid, args: tuple[str, ...]) -> None:
    for id_ in ("same-one", "same-two"):
        once.write(config_of(squid), sessions.create, ME, id=id_)
    done = squid(*args)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "squid: Several sessions begin with same: same-two, same-one.\n"
        "hint: Give as much of the id as tells it from the others.\n"
    )


def test_a_beginning_will_do_everywhere(filled: Squid) -> None:
    out = filled("export", "trip")
    assert json.loads(out.stdout)["sessions"][0]["id"] == "trip-to-rome"
    filled("sessions", "archive", "trip")
    done = filled("ask", "-s", "trip", "--json", "And?")
    assert json.loads(done.stdout)["session"]["id"] == "trip-to-rome"
    assert get(filled, "trip-to-rome").archived_at is None, "asked in, it is back"


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("list", "--since", "yesterday"), "'yesterday' is no time."),
        (("list", "--sort", "size"), "'size' is no order: there are activity, date, title."),
        (("list", "--text", "x" * 501), "500 characters at most"),
        (("list", "-n", "0"), "0 is not in the range from 1"),
        (("show",), "Missing argument 'ID'."),
        (("show", "tri"), "There is no session tri."),
        (("show", os.fsdecode(b"\xff")), "It is not text in UTF-8."),
        (("delete",), "Missing argument 'ID...'."),
        (("liszt",), "No such command 'liszt'."),
    ],
)
def test_errors_are_one_line_and_a_hint(squid: Squid, args: tuple[str, ...], says: str) -> None:
    done = squid("sessions", *args)
    assert (done.returncode, done.stdout) == (2, "")
    first, *rest = done.stderr.splitlines()
    assert first.startswith("squid: ")
    assert says in first
    assert [line[:6] for line in rest] in ([], ["hint: "])


def test_a_database_that_cannot_be_used(squid: Squid) -> None:
    (squid.data / "squid.db").write_bytes(b"words")
    done = squid("sessions", "list")
    assert (done.returncode, done.stdout) == (3, "")
    assert "is not an SQLite database." in done.stderr


def test_an_old_database_is_migrated_first(squid: Squid, tmp_path: Path) -> None:
    from squid.store.migrate import bundled, migrate

    migrate(squid.data / "squid.db", bundled()[:8])
    with closing(sqlite3.connect(squid.data / "squid.db")) as db:
        db.execute("INSERT INTO sessions (id, created_at, active_at) VALUES ('old', 1, 1)")
        db.execute(
            "INSERT INTO members (session_id, user_id, role, joined_at)"
            " VALUES ('old', 'local', 'owner', 1)"
        )
        db.commit()
    assert squid("sessions", "list").stdout.startswith("old\t")
    assert len(list(squid.data.glob("*.before-0009.*.backup"))) == 1


@pytest.mark.parametrize("args", [("list",), ("search", "x"), ("delete", "nowhere")])
def test_it_starts_at_once(
    filled: Squid, imported_by: Callable[..., str], args: tuple[str, ...]
) -> None:
    told = imported_by(filled, "sessions", *args)
    names = {line.rpartition("|")[2].strip() for line in told.splitlines()}
    assert "squid.store.once" in names
    assert not names & {"asyncio", "pydantic", "anthropic", "filelock", "rich.console"}
