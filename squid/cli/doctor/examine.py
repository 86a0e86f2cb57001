"""What `squid doctor` does: runs every check by itself, so that one that breaks hides no
other, and says what they found."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from typing import Literal

import msgspec
import typer

from squid.cli import settings
from squid.cli.doctor import checks, database, model
from squid.cli.doctor.checks import Case, Finding
from squid.config import Config
from squid.errors import ConfigError, SquidError

Level = Literal["ok", "warning", "problem"]

CHECKS: tuple[tuple[str, Callable[[Case], Iterator[Finding]]], ...] = (
    ("program", checks.program),
    ("configuration", checks.configuration),
    ("data folder", checks.data_folder),
    ("database", database.database),
    ("backups", database.backups),
    ("upkeep", database.upkeep),
    ("processes", checks.processes),
    ("server", checks.server),
    ("model", model.model),
    ("clock", checks.clock),
    ("terminal", checks.terminal),
)
"""In the order in which they are told."""


class Told(msgspec.Struct, frozen=True):
    check: str
    level: Level
    detail: str
    hint: str | None


def examine(*, full: bool, online: bool, as_json: bool) -> bool:
    """Say what was found; whether there is no problem."""
    case = _case(full=full, online=online)
    told = [one for name, check in CHECKS for one in _findings(name, check, case)]
    problems = sum(one.level == "problem" for one in told)
    if as_json:
        typer.echo(msgspec.json.encode({"ok": not problems, "checks": told}))
    else:
        _print(told, problems)
    return not problems


def _case(*, full: bool, online: bool) -> Case:
    try:
        return Case(settings.load_with_origins(), None, full, online)
    except ConfigError as error:
        # The rest is looked at where it would be by default.
        data = settings.given.data or os.environ.get("SQUID_DATA") or ""
        return Case(Config(data=str(data)), error, full, online)


def _findings(name: str, check: Callable[[Case], Iterator[Finding]], case: Case) -> Iterator[Told]:
    try:
        for found in check(case):
            yield _told(name, *found)
    except SquidError as error:
        yield _told(name, "problem", error.detail, error.hint)
    except OSError as error:
        place = f"{error.filename} " if error.filename else ""
        why = error.strerror or str(error)
        yield _told(name, "problem", f"{place}cannot be looked at: {why}.", None)
    except Exception as error:
        if settings.given.debug:
            raise
        why = f"{type(error).__name__}: {error}"
        yield _told(name, "problem", f"It could not be looked at: {why}.", None)


def _told(name: str, level: Level, detail: str, hint: str | None) -> Told:
    def clean(text: str) -> str:  # a name of a file may be no UTF-8
        return text.encode("utf-8", "replace").decode()

    return Told(name, level, clean(detail), hint and clean(hint))


def _print(told: list[Told], problems: int) -> None:
    width = max(len(one.check) for one in told)
    marks = {"ok": "ok", "warning": "warning", "problem": "PROBLEM"}
    encoding = sys.stdout.encoding or "ascii"
    for one in told:
        lines = [f"{marks[one.level]:<9}{one.check:<{width}}  {one.detail}"]
        if one.hint:
            lines.append(f"{'':<{9 + width}}  hint: {one.hint}")
        for line in lines:
            typer.echo(line.encode(encoding, "replace").decode(encoding))
    warnings = sum(one.level == "warning" for one in told)
    if not problems and not warnings:
        typer.echo("Nothing is wrong.")
    else:
        typer.echo(f"{_count(problems, 'problem')}, {_count(warnings, 'warning')}.")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
