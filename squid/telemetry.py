"""Traces, by OTLP over HTTP, for whoever switches them on. Off, nothing is imported.

A span tells a route or a run, how long it took and how it ended; never what anybody
wrote. The tracer is ours alone: nothing that other packages do is sent.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from squid import __version__
from squid.config import Config
from squid.errors import ConfigError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Tracer

logger = logging.getLogger(__name__)

SEND_SECONDS = 5
"""How long a collector may take; what it does not take by then is dropped."""

CLOSE_SECONDS = 1.0
"""How long the end of the process waits for what is left to be sent."""


Attributes = Mapping[str, str | int | float | None]


class Span(Protocol):
    def set(self, attributes: Attributes) -> None:
        """Add to it; None is left out."""
        ...

    def name(self, name: str) -> None: ...

    def event(self, name: str, seconds: float) -> None:
        """Something happened so long after its beginning."""
        ...

    def fail(self, code: str) -> None: ...


class Tracing(Protocol):
    def request(self, headers: Mapping[str, str]) -> AbstractContextManager[Span]:
        """A request's span, part of the trace that the caller's headers name."""
        ...

    def span(self, name: str) -> AbstractContextManager[Span]:
        """A span within the one that is current where it is begun."""
        ...


class _Off:
    """Neither a tracer nor a span."""

    @contextmanager
    def request(self, headers: Mapping[str, str]) -> Iterator[Span]:
        yield self

    @contextmanager
    def span(self, name: str) -> Iterator[Span]:
        yield self

    def set(self, attributes: Attributes) -> None: ...

    def name(self, name: str) -> None: ...

    def event(self, name: str, seconds: float) -> None: ...

    def fail(self, code: str) -> None: ...


OFF = _Off()


@contextmanager
def tracing(config: Config) -> Iterator[Tracing]:
    """What makes spans, and sends them meanwhile. Raises ConfigError where it is
    switched on and cannot be."""
    endpoint = config.telemetry.otlp_endpoint
    if not endpoint:
        yield OFF
        return
    address = urlsplit(endpoint)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise ConfigError(
            f"telemetry.otlp_endpoint is no address of a collector: {endpoint!r}.",
            hint="It looks like http://127.0.0.1:4318.",
        )
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise ConfigError(
            "telemetry.otlp_endpoint is set, and OpenTelemetry is not installed.",
            hint="Install it with: pip install 'squid-chat[telemetry]'",
        ) from None
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)  # it says so each time
    base = endpoint.rstrip("/").removesuffix("/v1/traces")
    exporter = OTLPSpanExporter(f"{base}/v1/traces", timeout=SEND_SECONDS)
    provider = TracerProvider(
        resource=Resource.create({"service.name": "squid", "service.version": __version__}),
        shutdown_on_exit=False,
    )
    provider.add_span_processor(BatchSpanProcessor(_told(exporter, base)))
    try:
        yield _Otel(provider.get_tracer("squid", __version__))
    finally:
        # Its own way to end waits for as long as the collector takes.
        closing = threading.Thread(target=provider.shutdown, daemon=True)
        closing.start()
        closing.join(CLOSE_SECONDS)


def _told(exporter: SpanExporter, base: str) -> SpanExporter:
    """The exporter, which says once that the collector is away, and once that it is
    back."""
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

    class Told(SpanExporter):
        away = False

        def export(self, spans: Any) -> SpanExportResult:
            result = exporter.export(spans)
            away = result is not SpanExportResult.SUCCESS
            if away and not self.away:
                logger.warning("The collector at %s takes no traces; they are dropped.", base)
            elif self.away and not away:
                logger.info("The collector at %s takes traces again.", base)
            self.away = away
            return result

        def shutdown(self) -> None:
            exporter.shutdown()

    return Told()


# An exception's text may hold what somebody wrote.
_QUIET: Any = {"record_exception": False, "set_status_on_exception": False}


class _Otel:
    def __init__(self, tracer: Tracer) -> None:
        from opentelemetry import trace
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._tracer = tracer
        self._kind = trace.SpanKind
        self._caller = TraceContextTextMapPropagator()

    @contextmanager
    def request(self, headers: Mapping[str, str]) -> Iterator[Span]:
        carrier = {name: headers[name] for name in ("traceparent", "tracestate") if name in headers}
        with self._tracer.start_as_current_span(
            "request", context=self._caller.extract(carrier), kind=self._kind.SERVER, **_QUIET
        ) as span:
            yield _OtelSpan(span)

    @contextmanager
    def span(self, name: str) -> Iterator[Span]:
        with self._tracer.start_as_current_span(name, **_QUIET) as span:
            yield _OtelSpan(span)


class _OtelSpan:
    def __init__(self, span: Any) -> None:
        self._span = span
        self._began = time.time_ns()

    def set(self, attributes: Attributes) -> None:
        for name, value in attributes.items():
            if value is not None:
                self._span.set_attribute(name, value)

    def name(self, name: str) -> None:
        self._span.update_name(name)

    def event(self, name: str, seconds: float) -> None:
        self._span.add_event(name, timestamp=self._began + int(seconds * 1e9))

    def fail(self, code: str) -> None:
        from opentelemetry.trace import Status, StatusCode

        self._span.set_attribute("error.type", code)
        self._span.set_status(Status(StatusCode.ERROR))
