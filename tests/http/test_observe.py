"""What is told of every request."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
from starlette.types import Message, Receive, Scope, Send

from squid import logs
from squid.config import Config
from squid.core import Squid
from squid.errors import DatabaseBusy
from squid.figures import RequestFigures
from squid.http import observe
from squid.runs import feed, follow
from tests.conftest import serving, until
from tests.http.talk import asked, problem, question

Served = tuple[httpx2.AsyncClient, Squid]


class Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        told = {"logger": record.name, "level": record.levelname, "message": record.getMessage()}
        ids = {"request_id": record.request_id, "run_id": record.run_id}  # type: ignore[attr-defined]
        self.lines.append(told | ids | getattr(record, "told", {}))

    def named(self, name: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["logger"] == name]


@pytest.fixture
def kept() -> Iterator[Kept]:
    root, ours = logging.getLogger(), logging.getLogger("squid")
    level, handler = ours.level, Kept()
    logs.attach(handler, "debug")
    yield handler
    root.removeHandler(handler)
    ours.setLevel(level)


async def test_every_answer_has_an_id(client: httpx2.AsyncClient) -> None:
    found = [
        (await client.get("/healthz")).headers["x-request-id"],
        (await client.get("/api/nope")).headers["x-request-id"],
        (await client.get("/healthz", headers={"Host": "evil.example"})).headers["x-request-id"],
        (await client.post("/api/chat", json=question())).headers["x-request-id"],
    ]
    assert len(set(found)) == 4
    assert all(found)


@pytest.mark.parametrize("given", ["a", "Root=1-67891233-abcdef012345678912345678", "x" * 128])
async def test_an_id_of_the_callers_own_is_kept(client: httpx2.AsyncClient, given: str) -> None:
    response = await client.get("/healthz", headers={"X-Request-Id": given})
    assert response.headers.get_list("x-request-id") == [given]


@pytest.mark.parametrize("given", ["", "x" * 129, "a b", "a\tb", "é", '"', "{}"])
async def test_one_that_is_not_sane_is_not(client: httpx2.AsyncClient, given: str) -> None:
    response = await client.get("/healthz", headers={"X-Request-Id": given.encode()})
    assert response.headers["x-request-id"] != given
    assert len(response.headers["x-request-id"]) == 36


async def test_lines_of_a_question_bear_its_ids_and_nothing_that_was_said(
    served: Served, kept: Kept
) -> None:
    client, squid = served
    response = await client.post(
        "/api/chat?secret=query",
        json=question("my secret question", "deltas=5,last_ms=50", session_id=None),
        headers={"X-Request-Id": "question-1"},
    )
    run_id = response.headers["x-squid-run"]
    await until(lambda: squid.engine.live_runs == 0)
    (request,) = [one for one in kept.named("squid.http.observe") if one["method"] == "POST"]
    assert (request["request_id"], request["run_id"]) == ("question-1", None)
    assert (request["route"], request["status"]) == ("/api/chat", 200)
    assert request["milliseconds"] > 0
    begun, ended = kept.named("squid.runs.report")
    for line in (begun, ended):
        assert (line["request_id"], line["run_id"]) == ("question-1", run_id)
    assert (begun["provider"], begun["kind"]) == ("anthropic", "answer")
    assert (ended["status"], ended["stop_reason"]) == ("complete", "end")
    assert 0 < ended["first_delta_milliseconds"] < ended["milliseconds"]
    assert ended["output_tokens"] > 0
    said = repr([line for line in kept.lines if line["logger"].startswith("squid")])
    assert "secret" not in said
    assert "w0 w1" not in said


async def test_a_run_that_failed_says_which_error(served: Served, kept: Kept) -> None:
    client, squid = served
    await asked(client, script="status=401")
    await until(lambda: squid.engine.live_runs == 0)
    ended = kept.named("squid.runs.report")[-1]
    assert (ended["status"], ended["error"]) == ("error", "provider-auth")


async def test_what_machines_ask_all_day_is_not_in_the_log(
    client: httpx2.AsyncClient, kept: Kept
) -> None:
    for path in ("/healthz", "/readyz", "/metrics"):
        await client.get(path)
    assert {line["level"] for line in kept.named("squid.http.observe")} == {"DEBUG"}


async def test_a_request_that_went_well_is_for_debug_alone(
    served: Served, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, squid = served

    async def level(path: str = "/api/sessions", **headers: str) -> str:
        kept.lines.clear()
        await client.get(path, headers=headers)
        (line,) = kept.named("squid.http.observe")
        return str(line["level"])

    assert await level() == "DEBUG"
    assert await level("/api/sessions/nope") == "DEBUG"
    assert await level(Host="evil.example") == "INFO"
    with monkeypatch.context() as slow:
        slow.setattr(observe, "SLOW_SECONDS", 0.0)
        assert await level() == "INFO"

    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("oh no")

    monkeypatch.setattr(squid.database, "read", broken)
    assert await level("/api/sessions/x") == "INFO"


@pytest.mark.parametrize(("refusal", "status"), [("token", 401), ("rate", 429)])
async def test_who_is_refused_is_in_the_log(
    configure: Callable[..., Config], kept: Kept, refusal: str, status: int
) -> None:
    settings: dict[str, Any] = (
        {"server__token": "t" * 20}
        if refusal == "token"
        else {"performance__rate_limit_requests_per_minute": 1}
    )
    async with serving(configure(**settings)) as (client, _):
        found = [(await client.get("/api/sessions")).status_code for _ in range(2)]
    assert found[-1] == status
    assert kept.named("squid.http.observe")[-1]["level"] == "INFO"


async def test_an_address_that_is_not_there_is_not_repeated(
    client: httpx2.AsyncClient, kept: Kept
) -> None:
    await client.get("/nope%0aforged line%1b[31m")
    (line,) = kept.named("squid.http.observe")
    assert line["message"].startswith("GET none: 404 in ")


async def test_a_bug_is_logged_once_and_can_be_found(served: Served, kept: Kept) -> None:
    client, squid = served

    async def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("oh no")

    squid.database.read = broken  # type: ignore[method-assign]
    response = await client.get("/api/sessions/x", headers={"X-Request-Id": "bug-1"})
    found = problem(response, 500, "error")
    assert found["hint"] == "squid logs --request bug-1"
    assert response.headers["x-request-id"] == "bug-1"
    errors = [line for line in kept.lines if line["level"] == "ERROR"]
    assert [(one["logger"], one["request_id"]) for one in errors] == [
        ("squid.http.errors", "bug-1")
    ]
    assert errors[0]["message"] == "GET /api/sessions/{session_id} failed"
    (request,) = kept.named("squid.http.observe")
    assert request["status"] == 500


@pytest.mark.parametrize("of", ["run", "changes"])
async def test_a_stream_that_cannot_go_on_ends_and_is_no_bug(
    served: Served, kept: Kept, monkeypatch: pytest.MonkeyPatch, of: str
) -> None:
    client, squid = served
    run = await asked(client)
    path = f"/api/runs/{run['run']['id']}/events?after=0" if of == "run" else "/api/events"
    _fail_later(squid, monkeypatch, DatabaseBusy("Held."))
    async with client.stream("GET", path) as response:
        assert response.status_code == 200
        lines = [line async for line in response.aiter_lines()]
    assert any(line.startswith("id: ") for line in lines)
    (told,) = [line for line in kept.lines if line["level"] in ("WARNING", "ERROR")]
    assert (told["logger"], told["message"]) == (
        "squid.http.sse",
        "a stream ended early: database-busy",
    )


async def test_a_stream_that_breaks_looks_like_it(
    served: Served, monkeypatch: pytest.MonkeyPatch, kept: Kept
) -> None:
    client, squid = served
    await asked(client)
    _fail_later(squid, monkeypatch, RuntimeError("oh no"))
    async with client.stream("GET", "/api/events") as response:
        with pytest.raises(httpx2.RemoteProtocolError):
            await response.aread()
    (line,) = kept.named("squid.http.errors")
    assert line["level"] == "ERROR"


def _fail_later(squid: Squid, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Have a stream's first batch come, and what it reads behind that fail."""
    real, seen = squid.database.read, 0

    async def read(transaction: Any, *args: Any, **kwargs: Any) -> Any:
        nonlocal seen
        if transaction in (feed._seen, follow._look):
            seen += 1
            if seen > 1:
                raise error
            if transaction is feed._seen:
                squid.engine.feed._news.set()  # something new, whatever it is
            else:
                found = await real(transaction, *args, **kwargs)
                return found._replace(frames=found.frames[:1])
        return await real(transaction, *args, **kwargs)

    monkeypatch.setattr(squid.database, "read", read)


@pytest.mark.parametrize("is_whole", [True, False])
async def test_the_server_learns_of_an_answer_that_was_cut_off(is_whole: bool) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x", "more_body": not is_whole})
        raise RuntimeError("oh no")

    async def send(message: Message) -> None: ...

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    scope: Scope = {"type": "http", "method": "GET", "path": "/healthz", "headers": []}
    observed = observe.Observe(app, RequestFigures())(scope, receive, send)
    if is_whole:
        await observed
    else:
        with pytest.raises(RuntimeError):
            await observed


async def test_a_batch_keeps_its_own_id(served: Served, kept: Kept) -> None:
    client, _ = served
    requests = [{"method": "GET", "path": path} for path in ("/api/sessions", "/api/server")]
    response = await client.post("/api/batch", json={"requests": requests})
    id_ = response.headers["x-request-id"]
    lines = kept.named("squid.http.observe")
    assert [line["route"] for line in lines] == ["/api/sessions", "/api/server", "/api/batch"]
    assert [line["request_id"] == id_ for line in lines] == [False, False, True]
    assert len({line["request_id"] for line in lines}) == 3


async def test_the_journal_works_for_nobody_in_particular(
    served: Served, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is woken by one run and writes for all: its lines bear no run's id."""
    from squid.errors import DatabaseBusy
    from squid.runs import journal

    client, squid = served
    real, failures = squid.database.write, 1

    async def write(transaction: Any, *args: Any, **kwargs: Any) -> Any:
        nonlocal failures
        if transaction is journal._append and failures:
            failures -= 1
            raise DatabaseBusy("Held.")
        return await real(transaction, *args, **kwargs)

    monkeypatch.setattr(squid.database, "write", write)
    await asked(client, script="deltas=5,last_ms=50")
    (line,) = kept.named("squid.runs.journal")
    assert (line["request_id"], line["run_id"]) == (None, None)
