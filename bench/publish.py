"""Puts what was measured into docs/performance.md, a table for each file:

    python -m bench --json short.json
    python -m bench growth hour page_hour --json long.json
    python -m bench.publish short.json long.json

Where the row `growth` is in one of them, its plot is drawn as well (docs/growth.svg).
"""

from __future__ import annotations

import argparse
from pathlib import Path

from bench import plot, table
from bench.processes import ROOT

BEGIN, END = "<!-- figures: python -m bench.publish -->", "<!-- end of the figures -->"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.publish", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="from bench --json")
    reports = [table.read(path) for path in parser.parse_args().files]
    page = ROOT / "docs" / "performance.md"
    page.write_text(published(page.read_text("utf-8"), reports), "utf-8")
    points = [one for report in reports for one in report.figures if one.curve and one.values]
    if points:
        drawn = plot.svg("As the history grows (median)", "messages", points)
        (ROOT / "docs" / "growth.svg").write_text(drawn, "utf-8")


def published(page: str, reports: list[table.Report]) -> str:
    """The page with these figures in place of the ones that it had."""
    before, _, rest = page.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise SystemExit(f"docs/performance.md has no place for figures: {BEGIN} … {END}")
    tables = "\n".join(table.markdown(report) for report in reports)
    return f"{before}{BEGIN}\n\n{tables}\n{END}{after}"


if __name__ == "__main__":
    main()
