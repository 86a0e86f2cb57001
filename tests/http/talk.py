"""What a client of the API does, in a few words."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, NamedTuple

import httpx2
import msgspec

ANN = "ann"


class Event(NamedTuple):
    id: int | None
    name: str
    data: Any

    @property
    def type(self) -> str:
        return str(self.data.get("type", ""))


async def sse(response: httpx2.Response) -> AsyncIterator[Event]:
    """Events of a stream as they come, read as the specification says."""
    id_: int | None = None
    name, data = "message", []
    async for line in response.aiter_lines():
        field, _, value = line.partition(": ")
        if line == "":
            if data:
                yield Event(id_, name, msgspec.json.decode("\n".join(data)))
            name, data = "message", []
        elif field == "id":
            id_ = int(value)
        elif field == "event":
            name = value
        elif field == "data":
            data.append(value)
        else:
            assert line.startswith(":"), f"not a line of a stream: {line!r}"


async def events(
    client: httpx2.AsyncClient,
    url: str,
    *,
    method: str = "GET",
    json: Any = None,
    headers: dict[str, str] | None = None,
    count: int | None = None,
) -> list[Event]:
    """All events of a stream, or its first `count`."""
    found: list[Event] = []
    async with client.stream(method, url, json=json, headers=headers) as response:
        if response.status_code == 204:  # there is no more, and an EventSource must not come back
            return found
        if response.status_code != 200:
            await response.aread()
            raise AssertionError(response.text)
        assert response.headers["content-type"].startswith("text/event-stream")
        if count == 0:
            return found
        async with aclosing(sse(response)) as stream:
            async for event in stream:
                found.append(event)
                if len(found) == count:
                    break
    return found


def text(found: list[Event]) -> str:
    return "".join(e.data["delta"] for e in found if e.type == "TEXT_MESSAGE_CONTENT")


def question(content: str = "Hello", script: str = "", **fields: Any) -> dict[str, Any]:
    """The body of a message; `script` is the upstream's."""
    message = {"content": content}
    for name in ("id", "files"):
        if name in fields:
            message[name] = fields.pop(name)
    body: dict[str, Any] = {"message": message, **fields}
    if script:
        body["model"] = f"script:{script}"
    return body


async def started(response: httpx2.Response) -> dict[str, Any]:
    assert response.status_code == 202, response.text
    body: dict[str, Any] = response.json()
    assert response.headers["location"] == f"/api/runs/{body['run']['id']}/events"
    return body


async def ended(client: httpx2.AsyncClient, run_id: str) -> list[Event]:
    """A run's events when it is over, and its message written."""
    found = await events(client, f"/api/runs/{run_id}/events")
    assert found[-1].type in ("RUN_FINISHED", "RUN_ERROR")
    return found


async def asked(
    client: httpx2.AsyncClient,
    content: str = "Hello",
    script: str = "",
    session_id: str | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """Send a message, wait for the answer, and give back what the run made."""
    if session_id is None:
        session_id = (await client.post("/api/sessions", json={})).json()["id"]
    body = question(content, script, **fields)
    run = await started(await client.post(f"/api/sessions/{session_id}/messages", json=body))
    await ended(client, run["run"]["id"])
    return run


async def shown(client: httpx2.AsyncClient, session_id: str) -> list[str]:
    """Contents of the shown branch."""
    page = (await client.get(f"/api/sessions/{session_id}/messages")).json()
    return [message["content"] for message in page["messages"]]


def problem(response: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """The one shape of an error (P7)."""
    assert response.status_code == status, (response.status_code, response.text)
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["type"] == f"urn:squid:error:{code}", body
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert "Traceback" not in response.text
    return body


def anns(db: sqlite3.Connection) -> dict[str, str]:
    """Another user's session, with a message, a run and a file, straight into the tables."""
    for statement in (
        "INSERT INTO users VALUES ('ann', 'ann', 0)",
        "INSERT INTO sessions (id, title, head, created_at, active_at)"
        " VALUES ('hers', 'Secret', 'ann.assistant.1', 1, 1)",
        "INSERT INTO members VALUES ('hers', 'ann', 'owner', 0)",
        "INSERT INTO messages (id, session_id, depth, role, status, created_at, updated_at,"
        " content) VALUES ('ann.assistant.1', 'hers', 0, 'user', 'complete', 1, 1, 'Secret')",
        "INSERT INTO messages (id, session_id, parent_id, depth, role, status, created_at,"
        " updated_at, content) VALUES ('assistant.ann.2', 'hers', 'ann.assistant.1', 1,"
        " 'assistant', 'stopped', 1, 1, 'Secret')",
        "INSERT INTO runs (id, session_id, message_id, question_id, kind, status, provider,"
        " model, worker, text_start, last_event, created_at, ended_at) VALUES ('her-run', 'hers',"
        " 'assistant.ann.2', 'ann.assistant.1', 'answer', 'stopped', 'p', 'm', 'w', 0, 1, 1, 1)",
        "INSERT INTO run_events SELECT number, 1, '{}' FROM runs WHERE id = 'her-run'",
        "INSERT INTO file_contents VALUES ('abc', 6, 'identity', CAST('Secret' AS BLOB))",
        "INSERT INTO files VALUES ('her-file', 'ann', 'abc', 'secret.txt', 'text/plain', 1)",
        "INSERT INTO changes (user_id, kind, session_id, version, at)"
        " VALUES ('ann', 'session', 'hers', 1, 1)",
    ):
        db.execute(statement)
    return {
        "session_id": "hers",
        "message_id": "ann.assistant.1",
        "answer_id": "assistant.ann.2",
        "run_id": "her-run",
        "file_id": "her-file",
    }


COUNTED = ("sessions", "messages", "runs", "run_events", "files", "file_contents", "changes")


def everything(db: sqlite3.Connection) -> dict[str, int]:
    """How much is stored of each kind, and the sum of the sessions' versions."""
    counts = {table: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in COUNTED}
    versions = db.execute("SELECT coalesce(sum(version), 0) FROM sessions").fetchone()[0]
    return counts | {"versions": versions}
