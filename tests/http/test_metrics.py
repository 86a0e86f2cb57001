"""The figures, as Prometheus reads them."""

from __future__ import annotations

import re
import sqlite3
from typing import Any

import httpx2
import pytest
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as parse

from squid.core import Squid
from tests.conftest import ME, answered, say, stalled, until
from tests.http.talk import asked, events

Served = tuple[httpx2.AsyncClient, Squid]
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


async def scrape(client: httpx2.AsyncClient) -> Samples:
    response = await client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    found: Samples = {}
    for family in parse(response.text):
        assert family.documentation, family.name
        for sample in family.samples:
            key = (sample.name, frozenset(sample.labels.items()))
            assert key not in found
            found[key] = sample.value
    return found


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, frozenset(labels.items())]


async def test_figures_of_an_answer(served: Served) -> None:
    client, squid = served
    run = await asked(client, script="deltas=7")
    found = await events(client, f"/api/runs/{run['run']['id']}/events")
    await until(lambda: squid.engine.live_runs == 0)
    samples = await scrape(client)
    assert value(samples, "squid_runs_ended_total", status="complete") == 1
    assert value(samples, "squid_runs_ended_total", status="error") == 0
    assert value(samples, "squid_runs_live") == 0
    assert value(samples, "squid_events_total") == len(found)
    assert value(samples, "squid_deltas_total") == 7  # not its usage, nor its end
    stored = await squid.database.read(usage)
    for direction, tokens in zip(("input", "output"), stored, strict=True):
        labels = {"provider": "anthropic", "direction": direction}
        assert value(samples, "squid_tokens_total", **labels) == tokens
    for name in ("run_first_event_seconds", "run_first_delta_seconds", "run_duration_seconds"):
        assert value(samples, f"squid_{name}_count") == 1
        assert 0 < value(samples, f"squid_{name}_sum") < 30
        assert value(samples, f"squid_{name}_bucket", le="+Inf") == 1
    assert value(samples, "squid_commits_total") == squid.database.commits > 0
    assert value(samples, "squid_commit_duration_seconds_count") == squid.database.commits
    assert value(samples, "squid_commit_writes_sum") == squid.database.writes
    assert value(samples, "squid_database_size_bytes") == squid.database.path.stat().st_size
    assert value(samples, "squid_disk_free_bytes") > 0
    assert value(samples, "squid_run_readers") == 0


def usage(db: sqlite3.Connection) -> tuple[int, int]:
    found: tuple[int, int] = db.execute(
        "SELECT sum(input_tokens), sum(output_tokens) FROM sessions"
    ).fetchone()
    return found


async def test_live_answers_and_their_readers(served: Served) -> None:
    client, squid = served
    started = await stalled(squid)
    async with client.stream("GET", f"/api/runs/{started.run.id}/events") as stream:
        lines = stream.aiter_lines()
        await anext(lines)
        samples = await scrape(client)
        assert value(samples, "squid_runs_live") == 1
        assert value(samples, "squid_run_readers") == 1
        await lines.aclose()  # type: ignore[attr-defined]
    await until(lambda: squid.engine.figures.readers == 0)
    await squid.engine.stop(ME, started.run.id)
    samples = await scrape(client)
    assert value(samples, "squid_runs_ended_total", status="stopped") == 1


async def test_errors_of_the_models_server(squid: Squid) -> None:
    figures = squid.engine.figures
    await answered(squid, await say(squid, script="status=529,times=1,key=figures,retry_after=0"))
    assert figures.errors == {("anthropic", "provider-overloaded"): 1}
    assert (figures.retries, figures.ended["complete"]) == (1, 1)
    await answered(squid, await say(squid, script="status=401"))
    assert figures.errors["anthropic", "provider-auth"] == 1
    assert figures.ended["error"] == 1


async def test_requests_by_route_and_never_by_what_they_are_about(served: Served) -> None:
    client, _ = served
    run = await asked(client)
    session_id = run["session"]["id"]
    await client.get(f"/api/sessions/{session_id}")
    await client.get("/api/sessions/nope")
    await client.get("/api/nothing/of/ours")
    await client.request("PROPFIND", "/healthz")
    await client.post("/api/files", files={"f": ("secret-name.txt", b"12345")})
    samples = await scrape(client)
    name, route = "squid_http_requests_total", "/api/sessions/{session_id}"
    assert value(samples, name, route=route, method="GET", status="2xx") == 1
    assert value(samples, name, route=route, method="GET", status="4xx") == 1
    assert value(samples, name, route="none", method="GET", status="4xx") == 1
    assert value(samples, name, route="/healthz", method="other", status="4xx") == 1
    duration = "squid_http_request_duration_seconds_count"
    assert value(samples, duration, route=route, method="GET") == 2
    assert value(samples, "squid_uploaded_bytes_total") == 5
    text = (await client.get("/metrics")).text
    assert session_id not in text
    assert "nothing/of" not in text
    assert "secret-name" not in text
    labels = {key for _, pairs in samples for key, _ in pairs}
    known = {"route", "method", "status", "provider", "direction", "code", "le", "version"}
    assert {one for one in labels if one not in known} <= {
        *("implementation", "major", "minor", "patchlevel")
    }


async def test_units_are_the_base_ones(client: httpx2.AsyncClient) -> None:
    text = (await client.get("/metrics")).text
    names = set(re.findall(r"^# TYPE (squid_\w+) ", text, re.M))
    assert len(names) > 25
    assert not {name for name in names if re.search("_(ms|milliseconds|mb|kb|percent)", name)}


@pytest.mark.parametrize(
    "accept",
    [
        "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5",
        "application/openmetrics-text; version=nonsense",
    ],
)
async def test_openmetrics_for_whoever_accepts_it(client: httpx2.AsyncClient, accept: str) -> None:
    response = await client.get("/metrics", headers={"Accept": accept})
    assert response.headers["content-type"].startswith("application/openmetrics-text; version=1")
    assert response.text.endswith("# EOF\n")
    assert {family.name for family in parse_openmetrics(response.text)} >= {"squid_runs_ended"}


@pytest.mark.parametrize("accept", ["text/plain; version=x", "image/png", "text/plain;version="])
async def test_whatever_else_is_accepted_is_plain_text(
    client: httpx2.AsyncClient, accept: str
) -> None:
    response = await client.get("/metrics", headers={"Accept": accept})
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain")


async def test_a_run_that_was_cut_off_is_told_apart(configure: Any) -> None:
    from squid.core import open_squid

    async with open_squid(configure()) as squid:
        started = await stalled(squid)
        await squid.database.write(orphan, started.run.id)
        recovered = await squid.engine._recover()
        assert (recovered, squid.engine.figures.recovered) == (1, 1)


def orphan(db: sqlite3.Connection, run_id: str) -> None:
    db.execute("UPDATE runs SET worker = 'gone' WHERE id = ?", (run_id,))
