"""What is told of a run: a line in the log when it ends, its figures, and a span."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from squid import logs
from squid.figures import RunFigures
from squid.models import Run
from squid.runs.finish import Ending
from squid.runs.log import RunLog
from squid.telemetry import Span, Tracing

logger = logging.getLogger(__name__)


class Report:
    def __init__(self, run: Run, log: RunLog, figures: RunFigures, span: Span) -> None:
        self._run = run
        self._log = log
        self._figures = figures
        self._span = span

    def ended(self, ending: Ending) -> None:
        """Its end is written."""
        run, log, figures, usage = self._run, self._log, self._figures, self._log.answer.usage
        seconds = time.perf_counter() - log.opened
        first = None if log.first_shown is None else log.first_shown - log.opened
        error = ending.error.code if ending.error else None
        figures.ended[ending.status] += 1
        figures.deltas += log.deltas
        figures.seconds.observe(seconds)
        if usage is not None:
            figures.tokens[run.provider, "input"] += usage.input_tokens
            figures.tokens[run.provider, "output"] += usage.output_tokens
        logger.info(
            "run ended: %s in %s ms%s",
            *(ending.status, _milliseconds(seconds), f", {error}" if error else ""),
            extra=logs.told(
                status=ending.status,
                error=error,
                stop_reason=ending.stop_reason,
                milliseconds=_milliseconds(seconds),
                first_delta_milliseconds=_milliseconds(first),
                events=log.shown_event,
                input_tokens=usage.input_tokens if usage else None,
                output_tokens=usage.output_tokens if usage else None,
            ),
        )
        if first is not None:
            self._span.event("first_delta", first)
        self._span.set(
            {
                "squid.run.status": ending.status,
                "squid.run.events": log.shown_event,
                "gen_ai.usage.input_tokens": usage.input_tokens if usage else None,
                "gen_ai.usage.output_tokens": usage.output_tokens if usage else None,
            }
        )
        if ending.status == "error":
            self._span.fail(error or "error")


@contextmanager
def reporting(run: Run, log: RunLog, figures: RunFigures, tracing: Tracing) -> Iterator[Report]:
    """Around all that a run's task does, which has a context of its own."""
    logs.run_id.set(run.id)
    with tracing.span("run") as span:
        span.set(
            {
                "squid.run.id": run.id,
                "squid.run.kind": run.kind,
                "gen_ai.provider.name": run.provider,
                "gen_ai.request.model": run.model,
            }
        )
        logger.debug(
            "run begun: %s, %s",
            *(run.provider, run.model),
            extra=logs.told(
                kind=run.kind, provider=run.provider, model=run.model, session_id=run.session_id
            ),
        )
        yield Report(run, log, figures, span)


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)
