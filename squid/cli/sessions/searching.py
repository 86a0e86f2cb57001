"""What `squid sessions search` does: where a text stands, session by session."""

from __future__ import annotations

import sqlite3
import sys
from typing import NamedTuple

import typer

from squid.cli import times
from squid.cli.render import line
from squid.cli.sessions.listing import Chosen, choose, nothing, print_json, print_row, tell_more
from squid.config import Config
from squid.errors import InvalidRequest
from squid.ids import now
from squid.models import Session
from squid.store import matches, once
from squid.store.matches import Match

EXCERPTS = 3
"""Of a session, for a person. A program gets up to a hundred."""


class Found(NamedTuple):
    session: Session
    matches: list[Match]
    total: int
    """Of messages that have the text, of which `matches` are the newest."""


def search(config: Config, chosen: Chosen, *, limit: int, as_json: bool) -> None:
    """Raises SquidError."""
    if not (chosen.text or "").strip():
        raise InvalidRequest("There is nothing to look for.", hint="squid sessions search TEXT")
    to_person = sys.stdout.isatty() and not as_json
    found, more = once.read(config, _search, chosen, limit, EXCERPTS if to_person else 100)
    if as_json:
        told = [
            {
                "session": one.session,
                "matches": [match._asdict() for match in one.matches],
                "match_count": one.total,
            }
            for one in found
        ]
        print_json({"sessions": told, "more": more})
    elif not found:
        typer.echo(nothing(chosen), err=True)
    elif to_person:
        typer.echo("\n\n".join(_told(one, chosen.text or "") for one in found))
    else:
        for one in found:
            _rows(one, chosen.text or "")
    tell_more(more and not as_json, limit)


def _search(
    db: sqlite3.Connection, chosen: Chosen, limit: int, excerpts: int
) -> tuple[list[Found], bool]:
    listed = choose(db, chosen, limit)
    text = chosen.text or ""
    found = [
        Found(session, *matches.in_session(db, session.id, text, excerpts))
        for session in listed.sessions
    ]
    return found, listed.more


def _told(one: Found, text: str) -> str:
    """A session and its excerpts, with the text marked in them."""
    title = one.session.title
    start, end = matches.place(title, text) or (0, 0)
    named = _marked(title, start, end) if title else "Untitled"
    lines = [f"{named}  " + typer.style(times.short(one.session.active_at, now()), dim=True)]
    lines.append(one.session.id)
    for match in one.matches:
        who = typer.style(f"{match.role}, {times.short(match.created_at, now())}:", dim=True)
        lines.append(f"  {who} {_marked(match.excerpt, match.start, match.end)}")
    if one.total > len(one.matches):
        lines.append(typer.style(f"  and {one.total - len(one.matches):,} more", dim=True))
    return "\n".join(lines)


def _marked(text: str, start: int, end: int) -> str:
    before, found, behind = line(text[:start]), line(text[start:end]), line(text[end:])
    return before + (typer.style(found, bold=True, reverse=True) if found else "") + behind


def _rows(one: Found, text: str) -> None:
    if matches.place(one.session.title, text):
        print_row(
            one.session.id, "", "title", times.exact(one.session.active_at), one.session.title
        )
    for match in one.matches:
        print_row(
            *(one.session.id, match.message_id, match.role),
            *(times.exact(match.created_at), match.excerpt),
        )
