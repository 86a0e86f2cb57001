"""`/metrics`: the figures that everybody keeps, as Prometheus reads them.

The library is loaded when somebody first asks, and reads plain numbers: counting costs
the hot path an addition. Labels are routes, methods, statuses, providers and codes,
of which there are few; never an id, nor a model's name, which anybody may choose.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from squid import __version__
from squid.core import Squid
from squid.figures import Histogram, RequestFigures
from squid.http.exchange import squid
from squid.store.database import Sizes

if TYPE_CHECKING:
    from prometheus_client.core import Metric

STATUSES = ("complete", "error", "interrupted", "stopped")
OPENMETRICS = "application/openmetrics-text"


async def metrics(request: Request) -> Response:
    """Tell the figures of this server for Prometheus, as plain text, or as OpenMetrics
    for whoever accepts that."""
    app, state = squid(request), request.app.state
    sizes = await asyncio.to_thread(_load_and_measure, app)
    from prometheus_client import exposition

    # Not by all that the header says, of which the library takes some at its word.
    open_ = OPENMETRICS in request.headers.get("accept", "")
    wanted = f"{OPENMETRICS}; version=1.0.0" if open_ else "text/plain"
    encode, media_type = exposition.choose_encoder(wanted)
    text = encode(_Everything(app, state.requests, sizes))
    return Response(text, headers={"Content-Type": media_type, "Cache-Control": "no-store"})


def _load_and_measure(app: Squid) -> Sizes:
    """In a thread: the first import takes a tenth of a second, and disks may be slow."""
    import prometheus_client.exposition  # noqa: F401

    return app.database.sizes()


class _Everything:
    def __init__(self, app: Squid, requests: RequestFigures, sizes: Sizes) -> None:
        self._app = app
        self._requests = requests
        self._sizes = sizes

    def collect(self) -> Iterator[Metric]:
        from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector

        apart = CollectorRegistry()
        yield from _about(self._app)
        yield from _runs(self._app)
        yield from _database(self._app, self._sizes)
        yield from _cache(self._app)
        yield from _requests(self._requests)
        yield from ProcessCollector(registry=apart).collect()
        yield from PlatformCollector(registry=apart).collect()


def _about(app: Squid) -> Iterator[Metric]:
    from prometheus_client.core import InfoMetricFamily

    yield InfoMetricFamily("squid_build", "This program.", value={"version": __version__})


def _runs(app: Squid) -> Iterator[Metric]:
    engine, figures = app.engine, app.engine.figures
    yield _gauge("squid_runs_live", "Answers being written.", engine.live_runs)
    yield _counter(
        "squid_runs_ended",
        "Answers that ended, by how.",
        {(status,): figures.ended[status] for status in STATUSES},
        ["status"],
    )
    yield _counter("squid_runs_recovered", "Answers of dead processes.", figures.recovered)
    yield _gauge("squid_run_readers", "Readers that follow an answer.", figures.readers)
    yield _counter("squid_deltas", "Pieces of answers that came from models.", figures.deltas)
    yield _counter("squid_events", "Events that answers became, committed.", figures.events)
    yield _counter(
        "squid_tokens",
        "Tokens that models counted, of prompts and of answers.",
        figures.tokens,
        ["provider", "direction"],
    )
    yield _counter(
        "squid_provider_errors",
        "Failures of models' servers, those that a retry made good too.",
        figures.errors,
        ["provider", "code"],
    )
    yield _counter("squid_provider_retries", "Times a model was asked again.", figures.retries)
    yield _histogram(
        "squid_run_first_event_seconds",
        "From being asked to an answer's first event, which says that it has begun.",
        {(): figures.first_event},
    )
    yield _histogram(
        "squid_run_first_delta_seconds",
        "From an answer's beginning to its first piece being committed and shown.",
        {(): figures.first_delta},
    )
    yield _histogram(
        "squid_run_duration_seconds",
        "From an answer's beginning to its end.",
        {(): figures.seconds},
    )


def _database(app: Squid, sizes: Sizes) -> Iterator[Metric]:
    database = app.database
    yield _counter("squid_commits", "Transactions committed.", database.commits)
    yield _counter("squid_commits_failed", "Transactions refused as a whole.", database.refused)
    yield _counter("squid_writes", "Writes, of which a commit takes many.", database.writes)
    yield _gauge("squid_writes_waiting", "Writes that wait for the commit.", database.waiting)
    yield _histogram("squid_commit_writes", "Writes in one commit.", {(): database.gathered})
    yield _histogram(
        "squid_commit_duration_seconds",
        "From handing a commit over to its being on disk.",
        {(): database.commit_seconds},
    )
    yield _gauge("squid_database_size_bytes", "The database's file.", sizes.database)
    yield _gauge("squid_database_wal_size_bytes", "Its write-ahead log.", sizes.wal)
    yield _gauge("squid_disk_free_bytes", "Room on the disk it is on.", sizes.free)


def _cache(app: Squid) -> Iterator[Metric]:
    cache = app.cache
    yield _counter("squid_cache_hits", "Sessions opened from memory.", cache.hits)
    yield _counter("squid_cache_misses", "Sessions read from disk.", cache.misses)
    yield _counter("squid_cache_evictions", "Sessions put out for others.", cache.evictions)
    yield _gauge("squid_cache_size_bytes", "Memory that sessions take.", cache.bytes)
    yield _gauge("squid_cache_limit_bytes", "Memory that they may take.", cache.max_bytes)


def _requests(figures: RequestFigures) -> Iterator[Metric]:
    yield _counter(
        "squid_http_requests",
        "Requests answered.",
        figures.answered,
        ["route", "method", "status"],
    )
    yield _histogram(
        "squid_http_request_duration_seconds",
        "To the head of the answer, whose body may stream on for hours.",
        figures.seconds,
        ["route", "method"],
    )
    yield _counter("squid_uploaded_bytes", "Content of uploaded files.", figures.uploaded_bytes)


# -- the library's ways --------------------------------------------------------------


def _gauge(name: str, about: str, value: float) -> Metric:
    from prometheus_client.core import GaugeMetricFamily

    return GaugeMetricFamily(name, about, value=value)


def _counter(
    name: str, about: str, values: float | Mapping[Any, int], labels: list[str] | None = None
) -> Metric:
    """It adds `_total` to the name."""
    from prometheus_client.core import CounterMetricFamily

    if not isinstance(values, Mapping):
        return CounterMetricFamily(name, about, value=values)
    family = CounterMetricFamily(name, about, labels=labels)
    for named, value in values.items():
        family.add_metric(named, value)
    return family


def _histogram(
    name: str, about: str, values: Mapping[Any, Histogram], labels: list[str] | None = None
) -> Metric:
    from prometheus_client.core import HistogramMetricFamily
    from prometheus_client.utils import floatToGoString

    family = HistogramMetricFamily(name, about, labels=labels or [])
    for named, histogram in values.items():
        bounds = [*map(floatToGoString, histogram.bounds), "+Inf"]
        buckets = list(zip(bounds, map(float, accumulate(histogram.counts)), strict=True))
        family.add_metric(named, buckets=buckets, sum_value=histogram.sum)
    return family
