"""Figures, and the table that they make."""

from __future__ import annotations

import os
import platform
import sqlite3
import statistics
import sys
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec

PACKAGES = ("squid-chat", "anthropic", "starlette", "uvicorn", "uvloop", "msgspec", "aiosqlite")


class Figure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One measured thing. `values` are all that were measured, in the order of the tries."""

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

    @property
    def median(self) -> float | None:
        return statistics.median(self.values) if self.values else None


def rate(value: float) -> str:
    """A number with as many digits as it deserves."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 10 else f"{value:.1f}"


def spread(values: Sequence[float]) -> str:
    """The median, and from the least to the most."""
    if not values:
        return "not measured"
    middle = rate(statistics.median(values))
    if len(values) == 1:
        return middle
    return f"{middle} ({rate(min(values))}–{rate(max(values))})"


def markdown(figures: Iterable[Figure], about: dict[str, Any]) -> str:
    lines = [
        "| row | figure | median (least–most) | beside | bar | |",
        "|---|---|---|---|---|---|",
    ]
    marks = {True: "✓", False: "**short**", None: ""}
    for one in figures:
        said = f"{spread(one.values)} {one.unit}".strip() if one.values else "not measured"
        cells = [one.row, one.name, said, one.beside, one.bar, marks[one.reached]]
        lines.append("| " + " | ".join(cells) + " |")
        if one.note:
            lines.append(f"| | {one.note} | | | | |")
    lines += ["", *(f"- {name}: {value}" for name, value in about.items())]
    return "\n".join(lines) + "\n"


def machine() -> dict[str, str]:
    """Where and with what it was measured."""
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "load before": " ".join(f"{load:.2f}" for load in os.getloadavg()),
        "python": sys.version.split()[0],
        "sqlite": sqlite3.sqlite_version,
        **{name: version for name in PACKAGES if (version := _version(name))},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
