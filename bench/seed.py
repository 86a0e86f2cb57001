"""Databases with something in them, made through the store."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from squid.ids import message_id, new_id, now
from squid.store import messages, runs, sessions
from squid.store.migrate import migrate
from squid.store.users import ASSISTANT, LOCAL

WORDS = "the quick brown squid writes it down before it shows it to anybody at all "

_sea = random.Random(1)
PROSE = " ".join(
    "".join(_sea.choice("etaoinshrdlu") for _ in range(_sea.randint(2, 9)))
    if _sea.random() < 0.9
    else _sea.choice(WORDS.split())
    for _ in range(8000)
)
"""Words of all kinds, so that a search has something to read."""


def database(data: Path, fill: Callable[[sqlite3.Connection], None]) -> None:
    """A data folder whose database `fill` has put something into."""
    data.mkdir(parents=True, exist_ok=True)
    path = data / "squid.db"
    migrate(path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA synchronous = OFF")
        with db:
            fill(db)
            # As upkeep does sooner or later: the planner then chooses by what is there.
            db.execute("ANALYZE")


def line(number: int) -> str:
    """What a message says: some 300 characters."""
    return WORDS * 4 + str(number)


def turn(number: int) -> str:
    """Of very different heights on a screen, each with its number in it."""
    if number % 2 == 0:
        return f"turn {number}: what about the tides?"
    return f"turn {number}: " + "\n\n".join([WORDS * 4] * (1 + number // 2 % 4))


def prose(chance: random.Random) -> Callable[[int], str]:
    """Questions of a line or two, and answers of a few paragraphs."""

    def said(number: int) -> str:
        longest, spread = (4, 0.8) if number % 2 == 0 else (6, 0.7)
        words = min(2000, round(4 * chance.lognormvariate(longest / 2, spread)))
        begun = chance.randrange(len(PROSE) // 2)
        return PROSE[begun : begun + 6 * words + 1]

    return said


def session(
    db: sqlite3.Connection,
    count: int,
    *,
    id: str | None = None,
    title: str = "",
    said: Callable[[int], str] = line,
) -> str:
    """A conversation of `count` messages; `said` is the text of each."""
    made = sessions.create(db, LOCAL, id=id, title=title)
    parent: str | None = None
    at, rows = now(), []
    for number in range(count):
        mine = number % 2 == 0
        one = message_id(LOCAL, ASSISTANT) if mine else message_id(ASSISTANT, LOCAL)
        role = "user" if mine else "assistant"
        rows.append((one, made.id, parent, number, role, "complete", at, at, said(number)))
        parent = one
    # All at once: a million of them one by one would take minutes.
    db.executemany(
        "INSERT INTO messages (id, session_id, parent_id, depth, role, status, created_at,"
        " updated_at, content) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )
    if parent is not None:
        sessions.grew(db, made.id, head=parent, messages=count, question=WORDS)
    return made.id


def cut_run(db: sqlite3.Connection, events: int) -> None:
    """A run that its process left behind when it was killed, with that many events."""
    session_id = session(db, 2)
    head = sessions.get(db, LOCAL, session_id).head
    assert head is not None
    answer = messages.load(db, [head])[0]
    assert answer.parent_id is not None
    messages.set_status(db, head, "streaming")
    number = runs.start(
        db,
        id=new_id(),
        session_id=session_id,
        message_id=head,
        question_id=answer.parent_id,
        kind="answer",
        provider="anthropic",
        model="m",
        worker="killed",
        text_start=0,
    )
    delta = f'{{"type":"TEXT_MESSAGE_CONTENT","messageId":"{head}","delta":"hello again "}}'
    runs.append(db, [runs.EventRow(number, seq, delta) for seq in range(1, events + 1)])
