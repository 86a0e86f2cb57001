"""`python -m bench page`: the figures of one part, as a table, and as JSON with `--json FILE`."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from bench import page
from bench.figures import Figures

PARTS: dict[str, Callable[[Figures], Awaitable[None]]] = {"page": page.measure}


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--quick", action="store_true", help="less of everything, to try it out")
    options = parser.parse_args()
    figures = Figures(quick=options.quick)
    asyncio.run(PARTS[options.part](figures))
    print(figures.table())
    if options.json:
        options.json.write_bytes(figures.json())


if __name__ == "__main__":
    main()
