"""P7, by chance: nothing that is sent is a fault of ours."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import httpx2
import msgspec
import pytest
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from squid.app import create_app
from squid.config import load
from tests.http.addresses import ADDRESSES, Address, any_problem
from tests.http.talk import question
from tests.upstream import Upstream


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, upstream: Upstream
) -> Iterator[tuple[httpx2.Client, dict[str, str]]]:
    """A server in a thread, for tests that cannot be async, and a session in it."""
    config = load(
        environ={},
        flags={
            "data": str(tmp_path_factory.mktemp("fuzz")),
            "provider.name": "anthropic",
            "provider.anthropic.api_key": "test",
            "provider.anthropic.base_url": upstream.url,
            "provider.anthropic.model": "script:deltas=1",
        },
    )
    running = uvicorn.Server(uvicorn.Config(create_app(config), port=0, log_level="critical"))
    thread = threading.Thread(target=lambda: asyncio.run(running.serve()))
    thread.start()
    try:
        while not running.started:
            assert thread.is_alive()
        port = running.servers[0].sockets[0].getsockname()[1]
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            session_id = client.post("/api/sessions", json={}).json()["id"]
            sent = client.post(f"/api/sessions/{session_id}/messages", json=question()).json()
            ids = {
                "session_id": session_id,
                "message_id": sent["messages"][0]["id"],
                "run_id": sent["run"]["id"],
                "file_id": "none",
            }
            yield client, ids
    finally:
        running.should_exit = True
        thread.join()


TEXTS = st.text(max_size=20) | st.sampled_from(["", "\0", "'", "script:deltas=1", "\ud7ff", "null"])
OF_SQUID = ["id", "title", "system", "model", "head", "message", "content", "files", "run_id"]
OF_AG_UI = ["threadId", "runId", "messages", "tools", "context", "role", "forwardedProps"]
NAMES = st.sampled_from([*OF_SQUID, *OF_AG_UI, "parent_id", "session_id"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | TEXTS, inner, max_size=5),
    max_leaves=12,
)
STREAMS = ("/api/events", "/api/runs/{run_id}/events")


@settings(deadline=None, max_examples=250, suppress_health_check=list(HealthCheck))
@given(
    address=st.sampled_from([a for a in ADDRESSES if a.path not in STREAMS]),
    body=st.dictionaries(NAMES, JSON, max_size=5) | JSON,
    query=st.dictionaries(
        st.sampled_from(["limit", "cursor", "before", "after", "deleted"]), TEXTS, max_size=3
    ),
    headers=st.dictionaries(
        st.sampled_from(["Last-Event-ID", "Content-Type", "Accept", "Content-Length-X"]),
        st.sampled_from(["", "1", "x", "application/json", "text/html", "9" * 30]),
        max_size=2,
    ),
    known=st.booleans(),
    strange=st.text(st.characters(codec="utf-8"), min_size=1, max_size=10),
)
def test_nothing_that_is_sent_is_a_fault_of_ours(
    server: tuple[httpx2.Client, dict[str, str]],
    address: Address,
    body: Any,
    query: dict[str, str],
    headers: dict[str, str],
    known: bool,
    strange: str,
) -> None:
    client, ids = server
    if not known:
        ids = dict.fromkeys(ids, httpx2.URL("http://x").join(f"/{strange!r}").path.strip("/"))
    url = address.fill(**ids)
    content = None if address.method == "GET" else msgspec.json.encode(body)
    with client.stream(
        address.method, url, params=query, content=content, headers=headers
    ) as response:
        if response.status_code >= 400:
            response.read()
            any_problem(response)
        else:
            assert response.status_code in (200, 201, 202, 204, 307)
