from __future__ import annotations

import argparse
import importlib
import json
import sys
from pathlib import Path

import msgspec

from bench.report import Figure, machine, markdown
from bench.rows import ROWS


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure Squid.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help="which rows; else all of them")
    parser.add_argument("--list", action="store_true", help="say which rows there are")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    options = parser.parse_args()
    if unknown := set(options.rows) - set(ROWS):
        parser.error(f"no such row: {', '.join(sorted(unknown))}; there are: {', '.join(ROWS)}")
    if options.list:
        for row in ROWS:
            about = importlib.import_module(f"bench.rows.{row}").__doc__ or ""
            print(f"{row:12} {about.strip().splitlines()[0]}")
        return
    about = machine()
    figures: list[Figure] = []
    for row in options.rows or ROWS:
        print(f"{row} …", file=sys.stderr, flush=True)
        figures += importlib.import_module(f"bench.rows.{row}").measure()
    print(markdown(figures, about))
    if options.json:
        table = {"machine": about, "figures": msgspec.to_builtins(figures)}
        options.json.write_text(json.dumps(table, indent=2) + "\n")


if __name__ == "__main__":
    main()
