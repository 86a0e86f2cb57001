"""What `squid sessions show` does: a conversation, for a reader or a program."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from typing import NamedTuple

from squid.cli.sessions.listing import print_json
from squid.config import Config
from squid.models import File, Message, Session
from squid.store import exports, once, sessions
from squid.store.users import LOCAL
from squid.transfer import markdown


class Conversation(NamedTuple):
    session: Session
    messages: list[Message]
    older: bool
    """Whether there are messages before these."""
    files: dict[str, File]


def show(config: Config, given: str, *, last: int | None, as_json: bool) -> None:
    """Raises SquidError."""
    found = once.read(config, _read, given, last)
    if as_json:
        session, messages, older, _ = found
        print_json({"session": session, "messages": messages, "older": older})
    elif sys.stdout.isatty():
        from squid.cli.markdown import show

        show(_parts(found))
    else:
        for part in _parts(found):
            sys.stdout.write(part)


def _read(db: sqlite3.Connection, given: str, last: int | None) -> Conversation:
    session = sessions.find(db, LOCAL, given, deleted=True)
    more = None if last is None else last + 1
    pages = exports.branch(db, LOCAL, session.id, last=more, siblings=True)
    found = [_so_far(db, message) for page in pages for message in page]
    older = last is not None and len(found) > last
    files = {file.id: file for file in exports.files(db, LOCAL, session.id)}
    return Conversation(session, found[1:] if older else found, older, files)


def _so_far(db: sqlite3.Connection, message: Message) -> Message:
    if message.status not in ("pending", "streaming"):
        return message
    from squid.runs.follow import replayed  # takes a while to import, and is rarely needed

    return replayed(db, message.id)


def _parts(found: Conversation) -> Iterator[str]:
    yield markdown.head(found.session)
    for message in found.messages:
        yield markdown.turn(message, found.files)
