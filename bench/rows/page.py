"""What the page costs: to load, to open a long session, to follow an answer."""

from __future__ import annotations

import gzip
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import squid
from bench import seed
from bench.browser import SHOWN, Bench, Missing, ended, metrics, opened
from bench.figure import Figure, at_most
from bench.options import Options

PAGE = Path(squid.__file__).parent / "page"
LENGTHS = (20, 10_000)
OPENED, FOLLOWED, DELTAS = 9, 5, 5_000


def measure(options: Options) -> Iterator[Figure]:
    yield from _weight()
    followed = options.tries(FOLLOWED)

    def fill(db: sqlite3.Connection) -> None:
        for count in LENGTHS:
            seed.session(db, count, id=f"of-{count}", said=seed.turn)
        for number in range(followed):
            seed.session(db, 2, id=f"followed-{number}", said=seed.turn)

    try:
        with opened(fill) as bench:
            yield from _opening(bench, options.tries(OPENED))
            yield from _following(bench, followed)
    except Missing as missing:
        yield Figure(row="page", name="in a browser", unit="", note=str(missing))


def _weight() -> Iterator[Figure]:
    """The scripts that the document names are what is loaded before anything is shown."""
    if not (PAGE / "index.html").exists():
        yield Figure(row="page", name="weight", unit="KB", note="the page is not built")
        return
    document = (PAGE / "index.html").read_text("utf-8")
    named = re.findall(r'(?:src|href)="/(assets/[^"]+)"', document)
    scripts = [PAGE / name for name in named if name.endswith(".js")]
    styles = [PAGE / name for name in named if name.endswith(".css")]
    # What was compressed when the page was built lies beside it.
    everything = [one for one in PAGE.rglob("*.*") if one.suffix not in (".br", ".gz")]
    name = "JavaScript at first, gzip"
    yield at_most(300, row="page", name=name, unit="KB", values=(_packed(scripts),))
    name = "styles at first, gzip"
    yield Figure(row="page", name=name, unit="KB", values=(_packed(styles),))
    size = sum(path.stat().st_size for path in everything) / 1000
    yield Figure(row="page", name="all of its files, as they are", unit="KB", values=(size,))


def _packed(paths: list[Path]) -> float:
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in paths) / 1000


def _opening(bench: Bench, tries: int) -> Iterator[Figure]:
    """From the navigation's start to its last message on the screen, with an empty cache."""
    for count in LENGTHS:
        times = []
        for _ in range(tries):
            with bench.page() as (page, _tools):
                page.goto(f"{bench.server.url}/sessions/of-{count}", wait_until="commit")
                times.append(float(page.evaluate(SHOWN, count - 1)))
        yield Figure(
            row="page",
            name=f"last message of {count:,} shown",
            unit="ms",
            values=tuple(times),
            note=f"Chromium {bench.browser.version}",
        )


def _following(bench: Bench, tries: int) -> Iterator[Figure]:
    """The main thread's time for each 1,000 events of an answer that streams as fast as it
    comes: no frame is left in which nothing new is there."""
    kinds: dict[str, list[float]] = {"Task": [], "Script": [], "Layout": [], "RecalcStyle": []}
    rates = []
    for number in range(tries):
        session_id = f"followed-{number}"
        with bench.page() as (page, tools):
            page.goto(f"{bench.server.url}/sessions/{session_id}")
            page.evaluate(SHOWN, 1)
            before = metrics(tools)
            ended(page, bench.ask(session_id, DELTAS))
            after = metrics(tools)
        for kind, values in kinds.items():
            values.append((after[f"{kind}Duration"] - before[f"{kind}Duration"]) / DELTAS * 1e6)
        rates.append(DELTAS / (after["Timestamp"] - before["Timestamp"]))
    layout = [a + b for a, b in zip(kinds["Layout"], kinds["RecalcStyle"], strict=True)]
    for name, found in {
        "all": kinds["Task"],
        "scripts": kinds["Script"],
        "layout and style": layout,
    }.items():
        yield Figure(
            row="page",
            name=f"main thread per 1,000 events: {name}",
            unit="ms",
            values=tuple(found),
        )
    yield Figure(row="page", name="events shown, as they came", unit="/s", values=tuple(rates))
