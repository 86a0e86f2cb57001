"""Times as people type and read them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from squid.cli import times
from squid.errors import InvalidRequest

HOUR = 3_600_000


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


NOW = int(datetime(2026, 10, 31, 12, tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "first", "behind"),
    [
        ("2026-10-31", "2026-10-31T00:00+01:00", "2026-11-01T00:00+01:00"),
        ("2026-10-25", "2026-10-25T00:00+02:00", "2026-10-26T00:00+01:00"),
        ("2026-07-01T18:30", "2026-07-01T18:30+02:00", "2026-07-01T18:30+02:00"),
        ("2026-07-01 18:30:05Z", "2026-07-01T18:30:05+00:00", "2026-07-01T18:30:05+00:00"),
        ("12h", "2026-10-31T00:00+00:00", "2026-10-31T00:00+00:00"),
        ("7d", "2026-10-24T12:00+00:00", "2026-10-24T12:00+00:00"),
        ("2w", "2026-10-17T12:00+00:00", "2026-10-17T12:00+00:00"),
        ("999999w", "1970-01-01T00:00+00:00", "1970-01-01T00:00+00:00"),
    ],
)
def test_what_people_type(text: str, first: str, behind: str) -> None:
    assert times.read(text, NOW) == at(first)
    assert times.read(text, NOW, whole_day=True) == at(behind)


@given(st.text() | st.from_regex(r"\A\d{1,9}[-hdwm]\d*\Z"))
def test_anything_is_a_time_or_a_clear_error(text: str) -> None:
    with suppress(InvalidRequest):
        assert times.read(text, NOW, whole_day=True) >= 0


@pytest.mark.parametrize(
    ("when", "says"),
    [
        ("2026-10-31T12:00:00+00:00", "now"),
        ("2026-10-31T11:55:10+00:00", "4 min ago"),
        ("2026-10-31T10:10+01:00", "10:10"),
        ("2026-10-31T18:00+01:00", "18:00"),
        ("2026-10-30T10:10+01:00", "Fri 10:10"),
        ("2026-10-24T10:10+02:00", "24 Oct"),
        ("2025-10-30T10:10+01:00", "2025-10-30"),
        ("2027-01-01T10:10+01:00", "2027-01-01"),
    ],
)
def test_what_people_read(when: str, says: str) -> None:
    assert times.short(at(when), NOW) == says


@given(st.integers(0, 253_402_300_799_999))
def test_every_time_that_can_be_imported_can_be_told(when: int) -> None:
    assert times.short(when, NOW)
    assert abs(datetime.fromisoformat(times.exact(when)).timestamp() * 1000 - when) < 1001
