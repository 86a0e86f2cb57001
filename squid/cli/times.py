"""Times as people type and read them. Inside they are milliseconds, UTC."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from squid.errors import InvalidRequest

_AGO = re.compile(r"([0-9]{1,6})([hdw])")
_HOURS = {"h": 1, "d": 24, "w": 7 * 24}


def read(text: str, now: int, *, whole_day: bool = False) -> int:
    """The time that somebody typed: a date or a time in ISO 8601, in the local zone
    unless it says another, or `12h`, `7d`, `2w` for so long before `now`. A date is its
    first moment, or, as a `whole_day`, the first one behind it. Raises InvalidRequest."""
    try:
        if ago := _AGO.fullmatch(text):
            return max(0, now - int(ago[1]) * _HOURS[ago[2]] * 3_600_000)
        try:
            day = date.fromisoformat(text) + timedelta(days=whole_day)
            at = datetime(day.year, day.month, day.day)
        except ValueError:
            at = datetime.fromisoformat(text)
        return max(0, round(at.timestamp() * 1000))
    except (ValueError, OverflowError, OSError):
        raise InvalidRequest(
            f"{text!r} is no time.", hint="2026-10-31, 2026-10-31T18:30, 12h, 7d or 2w."
        ) from None


def exact(at: int) -> str:
    """For a program, and still in the local zone: `2026-10-31T18:30:00+01:00`."""
    return _local(at).isoformat(timespec="seconds")


def short(at: int, now: int) -> str:
    """As little as tells a person when it was."""
    when, today = _local(at), _local(now)
    age = (now - at) // 60_000
    if 0 <= age < 60:
        return f"{age} min ago" if age else "now"
    if when.date() == today.date():
        return f"{when:%H:%M}"
    if timedelta() < today.date() - when.date() < timedelta(days=7):
        return f"{when:%a %H:%M}"
    if when.year == today.year:
        return f"{when.day} {when:%b}"
    return f"{when:%Y-%m-%d}"


def _local(at: int) -> datetime:
    when = datetime.fromtimestamp(at / 1000, UTC)
    try:
        return when.astimezone()
    except (ValueError, OverflowError, OSError):  # at the very ends of the calendar
        return when
