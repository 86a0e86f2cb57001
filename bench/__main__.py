from __future__ import annotations

import argparse
import importlib
import signal
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import FrameType

from bench import table
from bench.figure import Figure
from bench.machine import machine
from bench.options import Options
from bench.rows import LONG, ROWS


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure Squid.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help="which rows; else all short ones")
    parser.add_argument("--list", action="store_true", help="say which rows there are")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="and the table there")
    parser.add_argument("--quick", action="store_true", help="few tries, to see that it runs")
    parser.add_argument(
        "--minutes", type=float, default=Options().minutes, help="how long the hour is (60)"
    )
    given = parser.parse_args()
    if unknown := set(given.rows) - {*ROWS, *LONG}:
        there_are = ", ".join((*ROWS, *LONG))
        parser.error(f"no such row: {', '.join(sorted(unknown))}; there are: {there_are}")
    if given.list:
        for row in (*ROWS, *LONG):
            print(f"{row:12} {_about(row)}{' (long)' if row in LONG else ''}")
        return
    # Whoever ends the bench ends what it has started, in the background of a script as well.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interruption)
    report = table.Report(machine=machine(), quick=given.quick, figures=[])
    options = Options(quick=given.quick, minutes=given.minutes)
    whole = False
    try:
        whole = run(given.rows or ROWS, options, report.figures)
    except KeyboardInterrupt:
        print("interrupted: what was measured until then", file=sys.stderr)
    finally:
        written = table.markdown(report)
        print(written)
        if given.json:
            given.json.write_bytes(table.encode(report))
        if given.markdown:
            given.markdown.write_text(written, "utf-8")
    sys.exit(0 if whole else 1)


def run(rows: Iterable[str], options: Options, figures: list[Figure]) -> bool:
    """Add what the rows measure; says whether all of them could."""
    whole = True
    for row in rows:
        print(f"{row}: {_about(row)}", file=sys.stderr, flush=True)
        try:
            for figure in importlib.import_module(f"bench.rows.{row}").measure(options):
                figures.append(figure)
                print(f"  {table.line(figure)}", file=sys.stderr, flush=True)
        except Exception as error:
            if interruption.came:  # a browser's own complaint about it takes its place
                raise KeyboardInterrupt from None
            # The other rows' figures are worth having.
            traceback.print_exc()
            said = (str(error) or repr(error)).splitlines()[0]
            figures.append(Figure(row=row, name="not measured", unit="", note=said))
            whole = False
    return whole


def _about(row: str) -> str:
    return (importlib.import_module(f"bench.rows.{row}").__doc__ or "").strip().splitlines()[0]


class Interruption:
    came = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.came = True
        raise KeyboardInterrupt


interruption = Interruption()


if __name__ == "__main__":
    main()
