"""Figures, with what they were measured on."""

from __future__ import annotations

import os
import platform
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from squid import __version__


@dataclass
class Row:
    name: str
    unit: str
    values: list[float]
    bar: str = ""
    """What it has to be, where something is asked of it."""

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def spread(self) -> str:
        if len(self.values) == 1:
            return ""
        return f"{_short(min(self.values))} to {_short(max(self.values))}"


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.1f}"


@dataclass
class Figures:
    quick: bool = False
    rows: list[Row] = field(default_factory=list)
    versions: dict[str, str] = field(
        default_factory=lambda: {
            "squid": __version__,
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.release()} {platform.machine()}",
            "cpu": _cpu(),
        }
    )

    def add(self, name: str, unit: str, values: Sequence[float], bar: str = "") -> None:
        self.rows.append(Row(name, unit, list(values), bar))
        print(f"  {name}: {_short(self.rows[-1].median)} {unit}", file=sys.stderr)

    def table(self) -> str:
        lines = ["| | median | least to most | n | bar |", "|---|---:|---:|---:|---:|"]
        lines += [
            f"| {row.name} | {_short(row.median)} {row.unit} | {row.spread}"
            f" | {len(row.values)} | {row.bar} |"
            for row in self.rows
        ]
        measured = ", ".join(f"{name} {value}" for name, value in self.versions.items())
        return "\n".join([*lines, "", f"Measured with {measured}."])

    def json(self) -> bytes:
        rows = [
            {
                **{"name": row.name, "unit": row.unit, "median": row.median},
                **{"values": row.values, "bar": row.bar or None},
            }
            for row in self.rows
        ]
        whole = {"versions": self.versions, "quick": self.quick, "figures": rows}
        return msgspec.json.format(msgspec.json.encode(whole)) + b"\n"


def _cpu() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            name = next(line for line in file if line.startswith("model name"))
        found = name.partition(":")[2].strip()
    except (OSError, StopIteration):
        found = platform.processor() or "of a kind that is not told"
    return f"{os.cpu_count()} × {found}"
