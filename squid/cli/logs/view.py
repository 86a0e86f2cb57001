"""Reading `squid.log`: the newest lines that are wanted, and what comes behind them."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from datetime import time as Clock
from pathlib import Path
from typing import IO, Any, NamedTuple

import typer

from squid.errors import InvalidRequest
from squid.log_file import KEPT
from squid.logs import escape

LEVELS = ("debug", "info", "warning", "error", "critical")
COLOURS = {"warning": "yellow", "error": "red", "critical": "red"}
LOOK_SECONDS = 0.2

_AGO = re.compile(r"(\d{1,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Wanted(NamedTuple):
    level: int
    run: str | None
    request: str | None
    since: datetime | None

    def has(self, line: str) -> bool:
        """Whether to show it. A line that is broken is shown where nothing is sought."""
        record = parse(line)
        if record is None:
            return self == (0, None, None, None)
        return (
            _rank(record) >= self.level
            and self.run in (None, record.get("run_id"))
            and self.request in (None, record.get("request_id"))
            and (self.since is None or _time(record) >= self.since)
        )


def level(text: str) -> int:
    """Its rank. Raises InvalidRequest."""
    if text.lower() not in LEVELS[:4]:
        raise InvalidRequest(
            f"There is no level {text!r}.", hint=f"It is one of {', '.join(LEVELS[:4])}."
        )
    return LEVELS.index(text.lower())


def since(text: str) -> datetime:
    """When: so long ago (`10m`), a time of today, a day, or both. Raises InvalidRequest."""
    now = datetime.now(UTC).astimezone()
    try:
        if ago := _AGO.fullmatch(text):
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        if re.match(r"\d{1,2}:", text):
            return datetime.combine(now.date(), Clock.fromisoformat(text.zfill(5))).astimezone()
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError):
        raise InvalidRequest(
            f"{text!r} is no time.", hint="It is like 10m, 2h, 3d, 14:30 or 2026-05-01T14:30."
        ) from None


def show(file: Path, wanted: Wanted, *, lines: int | None, follow: bool, as_json: bool) -> None:
    """Print the newest `lines`, or all, and with `follow` what comes, without end."""
    current = _open(file)
    if current is None and not _older(file):
        typer.echo(f"squid: There is no log yet: {file} is written by squid serve.", err=True)
        if not follow:
            return
    for line in newest(file, current, wanted, lines):
        _print(line, as_json)
    sys.stdout.flush()
    if follow:
        for line in coming(file, current):
            if wanted.has(line):
                _print(line, as_json)
                sys.stdout.flush()


def newest(
    file: Path, current: IO[bytes] | None, wanted: Wanted, lines: int | None
) -> Iterable[str]:
    """The newest `lines` of all that are wanted, oldest first; all where it is None.
    `current` is left behind its last whole line."""
    found: deque[str] = deque(maxlen=lines)
    if current is not None:
        found.extend(filter(wanted.has, _whole(current)))
    for old in _older(file):
        if lines is not None and len(found) >= lines:
            break
        left = None if lines is None else lines - len(found)
        opened = _open(old)
        if opened is not None:
            with opened:
                before = deque(filter(wanted.has, _whole(opened)), maxlen=left)
            found.extendleft(reversed(before))
    return found


def coming(file: Path, current: IO[bytes] | None) -> Iterator[str]:
    """Lines as they are written, also when the file is full and another is begun."""
    while True:
        if current is not None:
            yield from _whole(current)
        if current is None or _replaced(file, current):
            following = _open(file)
            if following is not None:
                if current is not None:
                    yield from _whole(current)  # what came before it was put aside
                    current.close()
                current = following
                continue
        time.sleep(LOOK_SECONDS)


def _whole(opened: IO[bytes]) -> Iterator[str]:
    """Lines up to the last whole one; one that is being written is left for later."""
    while line := opened.readline():
        if not line.endswith(b"\n"):
            opened.seek(-len(line), os.SEEK_CUR)
            return
        yield line.decode("utf-8", "replace").rstrip("\r\n")


def _open(file: Path) -> IO[bytes] | None:
    try:
        return file.open("rb")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InvalidRequest(f"{file} cannot be read: {error.strerror}.") from None


def _older(file: Path) -> list[Path]:
    """Those that are full, the newest first."""
    named = (file.with_name(f"{file.name}.{number}") for number in range(1, KEPT + 1))
    return [one for one in named if one.exists()]


def _replaced(file: Path, current: IO[bytes]) -> bool:
    try:
        there = file.stat()
    except FileNotFoundError:
        return False
    here = os.fstat(current.fileno())
    same = (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)
    return not same or there.st_size < current.tell()


# -- one line ------------------------------------------------------------------------


def parse(line: str) -> dict[str, Any] | None:
    """A line's fields; None where it is broken, as by a disk that was full."""
    try:
        record = json.loads(line)
        datetime.fromisoformat(record["time"]).astimezone()
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None
    return record if {"level", "message"} <= record.keys() else None


def _rank(record: dict[str, Any]) -> int:
    named = record["level"]
    return LEVELS.index(named) if named in LEVELS else len(LEVELS)


def _time(record: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(record["time"]).astimezone()


def _print(line: str, as_json: bool) -> None:
    sys.stdout.write((line if as_json else readable(line, colours=_colours())) + "\n")


def _colours() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def readable(line: str, *, colours: bool) -> str:
    """A line for a person: the time here, the level, what happened, and its ids."""
    record = parse(line)
    if record is None:
        return escape(line)

    def style(text: str, **how: Any) -> str:
        return typer.style(text, **how) if colours else text

    named = escape(str(record["level"]))
    ids = [
        f"{name}={escape(str(record[f'{name}_id']))}"
        for name in ("request", "run")
        if f"{name}_id" in record
    ]
    parts = [
        style(_time(record).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3], dim=True),
        style(f"{named:7}", fg=COLOURS.get(named)),
        escape(str(record["message"])),
        *(style(id_, dim=True) for id_ in ids),
    ]
    below = str(record.get("exception", "")).splitlines()
    return "\n".join(["  ".join(parts), *(f"    {escape(one)}" for one in below)])
