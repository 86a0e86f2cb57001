"""Figures as a table, and as JSON."""

from __future__ import annotations

import statistics
from pathlib import Path

import msgspec

from bench.figure import Figure, short

MARKS = {True: "✓", False: "**short**", None: ""}


class Report(msgspec.Struct, kw_only=True):
    """All of one call of the bench."""

    machine: dict[str, str]
    """Where and with what it was measured."""
    quick: bool
    figures: list[Figure]


def encode(report: Report) -> bytes:
    """With the medians, which a reader would else work out."""
    whole = msgspec.to_builtins(report)
    for raw, figure in zip(whole["figures"], report.figures, strict=True):
        raw["median"] = figure.median if figure.values else None
    return msgspec.json.format(msgspec.json.encode(whole), indent=2) + b"\n"


def read(path: Path) -> Report:
    return msgspec.json.decode(path.read_bytes(), type=Report)


def markdown(report: Report) -> str:
    lines = [
        "| row | figure | median | least to most | n | beside | bar | |",
        "|---|---|---:|---:|---:|---|---|---|",
    ]
    for one in report.figures:
        beside = "; ".join(filter(None, (one.beside, one.note)))
        cells = [one.row, one.name, *_measured(one), beside, one.bar, MARKS[one.reached]]
        lines.append(f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |")
    where = "; ".join(f"{name} {value}" for name, value in report.machine.items())
    lines += ["", f"Measured with {where}."]
    if report.quick:
        lines += ["", "**Too few tries to say anything** (`--quick`)."]
    return "\n".join(lines) + "\n"


def line(figure: Figure) -> str:
    """For whoever waits."""
    median, spread, _ = _measured(figure)
    beside = "; ".join(filter(None, (figure.beside, figure.note)))
    return " | ".join(filter(None, (figure.name, median, spread, beside, MARKS[figure.reached])))


def _measured(figure: Figure) -> tuple[str, str, str]:
    values = figure.values
    if not values:
        return "not measured", "", ""
    median = f"{short(statistics.median(values))} {figure.unit}".strip()
    if len(values) == 1:
        return median, "", "1"
    return median, f"{short(min(values))} to {short(max(values))}", str(len(values))
