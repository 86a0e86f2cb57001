"""A figure: one measured thing, and what it is held against."""

from __future__ import annotations

import statistics

import msgspec


class Figure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`values` are all that were measured, in the order of the tries."""

    row: str
    name: str
    unit: str
    values: tuple[float, ...] = ()
    beside: str = ""
    """What it is held against, and what that came to."""
    bar: str = ""
    """What it has to reach."""
    reached: bool | None = None
    """Null where there is no bar, or it was not measured."""
    note: str = ""
    curve: str = ""
    """Of a figure that is a point of a curve: which one, and where on it (`at`)."""
    at: int = 0

    @property
    def median(self) -> float:
        return statistics.median(self.values)


def at_most(
    limit: float, *, row: str, name: str, unit: str, values: tuple[float, ...], beside: str = ""
) -> Figure:
    """A figure whose median may not be more than `limit`."""
    return Figure(
        row=row,
        name=name,
        unit=unit,
        values=values,
        beside=beside,
        bar=f"{limit:g} {unit}",
        reached=statistics.median(values) <= limit,
    )


def short(value: float) -> str:
    """A number with as many digits as it deserves."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
