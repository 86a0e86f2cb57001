"""What `squid sessions list` does, and which sessions it and `search` choose."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, get_args

import msgspec
import typer

from squid.cli import times
from squid.cli.render import line
from squid.config import Config
from squid.errors import InvalidRequest
from squid.ids import now
from squid.models import Session
from squid.store import once, sessions
from squid.store.cursors import Sort
from squid.store.users import LOCAL

TEXT_LENGTH = 500
"""As over HTTP."""

_JOINS = " \u200d\ufe0f"
"""What would join a text to its neighbour, or only take up room there."""

MIN_TITLE, MAX_MODEL = 20, 24
"""Columns of the terminal."""


class Chosen(NamedTuple):
    text: str | None = None
    model: str | None = None
    since: str | None = None
    until: str | None = None
    archived: bool = False
    deleted: bool = False
    sort: str = "activity"


class Listed(NamedTuple):
    sessions: list[Session]
    more: bool
    models: dict[str, str]


def list_(config: Config, chosen: Chosen, *, limit: int, as_json: bool) -> None:
    """Raises SquidError."""
    listed = once.read(config, choose, chosen, limit)
    if as_json:
        print_json({"sessions": listed.sessions, "more": listed.more})
    elif not listed.sessions:
        typer.echo(nothing(chosen), err=True)
    elif sys.stdout.isatty():
        for row in table(listed, shutil.get_terminal_size().columns, now()):
            typer.echo(row)
    else:
        for session in listed.sessions:
            model = listed.models.get(session.id, "")
            print_row(
                *(session.id, session.title, str(session.message_count)),
                *(times.exact(session.active_at), model),
            )
    tell_more(listed.more and not as_json, limit)


def choose(db: sqlite3.Connection, chosen: Chosen, limit: int) -> Listed:
    """A page of the list. Raises InvalidRequest."""
    if chosen.sort not in get_args(Sort):
        raise InvalidRequest(f"{chosen.sort!r} is no order: there are {', '.join(get_args(Sort))}.")
    if chosen.text is not None and len(chosen.text) > TEXT_LENGTH:
        raise InvalidRequest(f"A text to look for has {TEXT_LENGTH} characters at most.")
    since, until = chosen.since, chosen.until
    found, cursor = sessions.page(
        db,
        LOCAL,
        limit=limit,
        text=chosen.text,
        model=chosen.model,
        active_after=times.read(since, now()) if since else None,
        active_before=times.read(until, now(), whole_day=True) if until else None,
        archived=chosen.archived,
        deleted=chosen.deleted,
        sort=chosen.sort,  # type: ignore[arg-type]
    )
    return Listed(found, cursor is not None, sessions.models(db, [one.id for one in found]))


def table(listed: Listed, width: int, at: int) -> list[str]:
    """Lines that fit the terminal. An id is never cut, as it is there to be copied: where
    there is no room beside it, it has a line of its own."""
    rows = [
        (
            one.id,
            line(one.title).strip() or "Untitled",
            f"{one.message_count:,}",
            times.short(one.active_at, at),
            line(listed.models.get(one.id, "")),
        )
        for one in listed.sessions
    ]
    heads = ("ID", "TITLE", "MESSAGES", "ACTIVE", "MODEL")
    widest = [max(map(_width, column)) for column in zip(heads, *rows, strict=True)]
    widths = [*widest[:4], min(widest[4], MAX_MODEL)]
    if sum(widths) - widths[1] + 2 * 4 + MIN_TITLE > width:
        widths = widths[:4]
    room = width - (sum(widths) - widths[1] + 2 * (len(widths) - 1))
    if room < min(MIN_TITLE, widths[1]):
        return _stacked(rows, width)
    widths[1] = min(widths[1], room)
    return [
        typer.style(_row(heads, widths), dim=True),
        *(_row(row, widths) for row in rows),
    ]


def print_json(value: Mapping[str, Any]) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(value) + b"\n")


def print_row(*fields: str) -> None:
    """For a program: with tabs between the fields, and none in them."""
    typer.echo("\t".join(line(field).strip() for field in fields))


def nothing(chosen: Chosen) -> str:
    if chosen._replace(sort="activity") == Chosen():
        return "There are no sessions yet. Begin one: squid ask 'Hello'"
    return "There is no such session."


def tell_more(more: bool, limit: int) -> None:
    """To a person, also one who reads the list through a pipe."""
    if more and sys.stderr.isatty():
        typer.echo(f"There are more: -n {limit * 5}", err=True)


def _row(fields: Sequence[str], widths: Sequence[int]) -> str:
    cells = [
        field.rjust(width) if number == 2 else _fit(field, width)  # a number is plain
        for number, (field, width) in enumerate(zip(fields, widths, strict=False))
    ]
    return "  ".join(cells).rstrip()


def _stacked(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    lines = []
    for id_, title, messages, active, _ in rows:
        about = f"{active}, {messages} message{'' if messages == '1' else 's'}"
        lines += [_fit(title, width).rstrip(), id_, typer.style(_fit(about, width), dim=True), ""]
    return lines[:-1]


def _fit(text: str, width: int) -> str:
    """As wide as that, whatever is in it. Not by Rich's own function, which some joined
    signs break."""
    text = text.strip(_JOINS)
    if _width(text) > width:
        text = text[: 2 * width]
        while text and _width(f"{text}…") > width:
            text = text[:-1].rstrip(_JOINS)
        text += "…"
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)
