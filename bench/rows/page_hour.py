"""What a page holds after as many events as an hour of streaming has, never reloaded."""

from __future__ import annotations

import sqlite3
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bench import seed
from bench.browser import SHOWN, Missing, ended, metrics, opened
from bench.figure import Figure
from bench.options import Options

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession

PER_SECOND = 50
"""Deltas of an answer, as models send them."""
EACH = 3_000
KINDS = {
    "JSHeapUsedSize": ("heap", "MB"),
    "Nodes": ("nodes", ""),
    "JSEventListeners": ("listeners", ""),
}


def measure(options: Options) -> Iterator[Figure]:
    """Half of the events in one session, the rest in others, opened one after another."""
    answers = max(2, int(options.minutes * 60 * PER_SECOND / EACH))
    # The first, and one for each four answers of the second half.
    count = 1 + -(-(answers - answers // 2) // 4)

    def fill(db: sqlite3.Connection) -> None:
        for number in range(count):
            seed.session(db, 2, id=f"session-{number}", said=seed.turn)

    try:
        with opened(fill) as bench, bench.page() as (page, tools):
            page.goto(f"{bench.server.url}/sessions/session-0")
            page.evaluate(SHOWN, 1)
            # What is loaded when it is first needed is no leak.
            ended(page, bench.ask("session-0", 500))
            before = rest(tools)
            for number in range(answers):
                session_id = "session-0"
                if number >= answers // 2:
                    session_id = f"session-{1 + (number - answers // 2) // 4}"
                    page.locator(f'a[href="/sessions/{session_id}"]').first.click()
                    page.wait_for_url(f"**/sessions/{session_id}")
                ended(page, bench.ask(session_id, EACH))
                print(f"\r  {(number + 1) * EACH:,} events", end="", file=sys.stderr)
            print(file=sys.stderr)
            page.locator('a[href="/sessions/session-0"]').first.click()
            page.wait_for_url("**/sessions/session-0")
            after = rest(tools)
    except Missing as missing:
        yield Figure(row="page_hour", name="in a browser", unit="", note=str(missing))
        return
    for kind, (name, unit) in KINDS.items():
        scale = 1e6 if unit == "MB" else 1
        yield Figure(
            row="page_hour",
            name=f"{name} after {answers * EACH:,} events",
            unit=unit,
            values=(after[kind] / scale,),
            beside=f"at first {before[kind] / scale:,.1f}",
        )


def rest(tools: CDPSession) -> dict[str, float]:
    """The metrics when what is not needed any more is gone."""
    for _ in range(3):
        tools.send("HeapProfiler.collectGarbage")
        time.sleep(0.1)
    return metrics(tools)
