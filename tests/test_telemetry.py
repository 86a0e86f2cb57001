from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from squid import telemetry
from squid.config import Config, Telemetry
from squid.errors import ConfigError
from tests.collector import Collector, attributes, collecting
from tests.conftest import serving, until
from tests.http.talk import asked, question
from tests.upstream import Upstream

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as collector:
        yield collector


async def test_a_question_is_a_span_in_the_callers_trace_and_its_answer_one_within(
    configure: Callable[..., Config], collector: Collector, upstream: Upstream
) -> None:
    async with serving(configure(telemetry__otlp_endpoint=collector.url)) as (client, squid):
        response = await client.post(
            "/api/chat?secret=1",
            json=question("my secret question", "deltas=5,last_ms=50"),
            headers={"traceparent": f"00-{TRACE}-{PARENT}-01", "X-Request-Id": "question-1"},
        )
        run_id = response.headers["x-squid-run"]
        await until(lambda: squid.engine.live_runs == 0)
        for path in ("/healthz", "/readyz", "/metrics"):
            await client.get(path)
        sent = upstream.requests[-1]["headers"]
    request, run = collector.named("POST /api/chat"), collector.named("run")
    assert len(collector.spans) == 2
    assert request.trace_id.hex() == run.trace_id.hex() == TRACE
    assert request.parent_span_id.hex() == PARENT
    assert run.parent_span_id == request.span_id
    assert attributes(request) == {
        "http.request.method": "POST",
        "http.route": "/api/chat",
        "http.response.status_code": 200,
        "squid.request_id": "question-1",
    }
    told = attributes(run)
    assert told["squid.run.id"] == run_id
    assert told["squid.run.status"] == "complete"
    assert told["gen_ai.provider.name"] == "anthropic"
    assert told["gen_ai.request.model"] == "script:deltas=5,last_ms=50"
    assert told["gen_ai.usage.output_tokens"] > 0
    (first,) = run.events
    assert first.name == "first_delta"
    assert run.start_time_unix_nano < first.time_unix_nano < run.end_time_unix_nano
    assert not [body for body in collector.raw if b"secret" in body or b"w0 w1" in body]
    # And nobody but the collector is told of the trace.
    assert "traceparent" not in sent


async def test_errors_are_told_by_their_code(
    configure: Callable[..., Config], collector: Collector
) -> None:
    config = configure(telemetry__otlp_endpoint=f"{collector.url}/v1/traces")
    async with serving(config) as (client, squid):
        await asked(client, script="status=401")
        await client.get("/api/sessions/nope")
        await until(lambda: squid.engine.live_runs == 0)
    run = collector.named("run")
    assert (run.status.code, attributes(run)["error.type"]) == (2, "provider-auth")
    missing = collector.named("GET /api/sessions/{session_id}")
    assert missing.status.code == 0  # a mistake of the client's
    assert len(missing.trace_id.hex()) == 32
    assert not missing.parent_span_id


async def test_a_traceparent_that_is_nonsense(
    configure: Callable[..., Config], collector: Collector
) -> None:
    async with serving(configure(telemetry__otlp_endpoint=collector.url)) as (client, _):
        for given in ("x", "00-0-0-00", "00-" + "g" * 32 + "-" + "0" * 16 + "-01"):
            response = await client.get("/api/sessions", headers={"traceparent": given})
            assert response.status_code == 200
    assert len(collector.spans) == 3


@pytest.mark.parametrize("way", ["closed", "silent", "failing"])
async def test_a_collector_that_is_away_is_nobodys_trouble(
    configure: Callable[..., Config],
    collector: Collector,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
) -> None:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "20")
    monkeypatch.setattr(telemetry, "SEND_SECONDS", 0.5)
    collector.status = 500
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        if way == "closed":
            silent.close()
        if way == "failing":
            url = collector.url
        async with serving(configure(telemetry__otlp_endpoint=url)) as (client, _):
            await asked(client)  # which also loads the SDK
            began = time.monotonic()
            for _ in range(3):
                await asked(client)
            assert time.monotonic() - began < 5
            await until(lambda: "takes no traces" in caplog.text)
            await asked(client)
            began = time.monotonic()
        assert time.monotonic() - began < 4
    said = [one for one in caplog.records if one.name.startswith(("squid.tele", "opentel"))]
    assert [one.levelname for one in said] == ["WARNING"]


def test_an_address_that_is_none() -> None:
    for endpoint in ("127.0.0.1:4318", "ftp://x", "http://"):
        config = Config(telemetry=Telemetry(otlp_endpoint=endpoint))
        with pytest.raises(ConfigError, match="no address of a collector"):
            telemetry.tracing(config).__enter__()


def test_where_it_is_not_installed_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(ConfigError) as caught:
        telemetry.tracing(Config(telemetry=Telemetry(otlp_endpoint="http://x"))).__enter__()
    assert caught.value.hint == "Install it with: pip install 'squid-chat[telemetry]'"


def test_off_nothing_of_it_is_imported_nor_anything_to_count_with(tmp_path: Path) -> None:
    code = """
import asyncio, sys
from squid.app import create_app
from squid.config import load

async def main():
    app = create_app(load(environ={}, flags={"data": sys.argv[1]}))
    async with app.router.lifespan_context(app):
        sent = []
        async def send(message): sent.append(message)
        async def receive(): return {"type": "http.disconnect"}
        for path in ("/api/sessions", "/healthz", "/readyz"):
            scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(),
                     "query_string": b"", "root_path": "", "headers": [(b"host", b"localhost")]}
            await app(scope, receive, send)
    print([one["status"] for one in sent if "status" in one])

asyncio.run(main())
late = ("opentelemetry", "prometheus_client", "google.protobuf", "requests")
print(sorted(name for name in sys.modules if name.startswith(late)))
"""
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, env=env
    )
    assert done.stdout.splitlines() == ["[200, 200, 200]", "[]"], done.stderr


def test_off_a_span_is_nothing() -> None:
    with telemetry.tracing(Config()) as tracing, tracing.request({}) as span:
        span.set({"a": 1})
        span.event("x", 0.1)
        span.fail("y")
        span.name("z")
    assert tracing is telemetry.OFF
