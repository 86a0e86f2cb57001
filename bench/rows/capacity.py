"""How many answers a server keeps up with, at 50 deltas a second each."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench import processes
from bench.figure import Figure, short
from bench.load import Job, Load, asked
from bench.options import Options

STEPS = (25, 50, 75, 100, 125, 150, 200, 250, 300, 400, 500, 700, 1000)
PER_SECOND, DELTAS = 50, 250
LAG_SECONDS = 0.25
"""An answer has fallen behind where 1 delta of 100 comes later than this after it was sent,"""
RATE = 0.95
"""or where fewer than this come of what is due."""
WARM_SECONDS = 1.0
"""All of them begin in the same instant, which is the row `first`."""


def measure(options: Options) -> Iterator[Figure]:
    steps = STEPS[:2] if options.quick else STEPS
    with (
        tempfile.TemporaryDirectory() as folder,
        processes.upstream() as up,
        processes.relay(up) as relay,
        processes.both(Path(folder), up) as squids,
    ):
        # What the upstream does alone is what a server may be asked to do.
        own, said = _most("upstream", up, steps)
        yield Figure(
            row="capacity",
            name="answers at 50 deltas/s: the upstream asked directly",
            unit="at once",
            values=(own,),
            beside=said,
        )
        steps = tuple(step for step in steps if step <= own)
        for name, server in {**squids, "relay": relay}.items():
            most, said = _most(name, server, steps)
            who = "the relay" if name == "relay" else f"synchronous={name}"
            yield Figure(
                row="capacity",
                name=f"answers at 50 deltas/s until the first falls behind, {who}",
                unit="at once",
                values=(most,),
                beside=said,
            )


def _most(name: str, server: processes.Running, steps: tuple[int, ...]) -> tuple[int, str]:
    """The last step at which none fell behind, and what happened at the next one."""
    _ask(name, server, 1)
    most = 0
    for step in steps:
        load = _ask(name, server, step)
        due = step * DELTAS
        late = [lag for at, lag in load.lags if at >= WARM_SECONDS]
        p99 = statistics.quantiles(late, n=100)[-1] if len(late) > 1 else float("inf")
        # Upstream's own sleeps are a little longer than they are asked to be.
        share = due / (load.wall * step * PER_SECOND)
        said = f"at {step}: p99 {short(p99 * 1000)} ms behind, {share:.0%} of the rate"
        if load.deltas != due or p99 > LAG_SECONDS or share < RATE:
            return most, said
        most = step
    return most, f"{said}; more were not tried"


def _ask(name: str, server: processes.Running, at_once: int) -> Load:
    model = f"script:text=clock,size=24,deltas={DELTAS},delay_ms={1000 / PER_SECOND:g}"
    match name:
        case "relay":
            body: dict[str, object] = {"content": "Go", "model": model}
            path, end = "/chat", "[DONE]"
        case "upstream":
            question = {"role": "user", "content": "Go"}
            body = {"model": model, "max_tokens": 1000, "stream": True, "messages": [question]}
            path, end = "/v1/messages", "message_stop"
        case _:
            body = {"message": {"content": "Go"}, "model": model}
            path, end = "/api/chat", '"RUN_FINISHED"'
    return asked(
        Job.of(
            f"{server.url}{path}",
            [body] * at_once,
            end=end,
            headers={"x-api-key": "bench"},
            clock=True,
        )
    )
