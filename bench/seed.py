"""Databases with something in them, made through the store."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from squid.ids import message_id, new_id
from squid.store import messages, runs, sessions
from squid.store.migrate import migrate
from squid.store.users import ASSISTANT, LOCAL

WORDS = "the quick brown squid writes it down before it shows it to anybody at all "


def database(data: Path, fill: Callable[[sqlite3.Connection], None]) -> None:
    """A data folder whose database `fill` has put something into."""
    data.mkdir(parents=True, exist_ok=True)
    path = data / "squid.db"
    migrate(path)
    with closing(sqlite3.connect(path)) as db, db:
        fill(db)


def session(db: sqlite3.Connection, count: int, *, id: str | None = None, title: str = "") -> str:
    """A conversation of `count` messages of some 300 characters."""
    made = sessions.create(db, LOCAL, id=id, title=title)
    parent = None
    for number in range(count):
        mine = number % 2 == 0
        one = message_id(LOCAL, ASSISTANT) if mine else message_id(ASSISTANT, LOCAL)
        messages.insert(
            db,
            id=one,
            session_id=made.id,
            parent_id=parent,
            role="user" if mine else "assistant",
            content=WORDS * 4 + str(number),
        )
        parent = one
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
