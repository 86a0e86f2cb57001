"""What of a client's conversation is taken, and where in the tree it goes."""

from __future__ import annotations

import asyncio
import base64
import sqlite3
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import pytest

from squid.config import Config
from squid.core import Squid
from squid.models import Message
from squid.store import files, messages, runs, sessions
from tests.ag_ui.rules import check, events_of
from tests.conftest import ME, serving, until
from tests.upstream import Upstream

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 32
TOOL = {"name": "weather", "description": "", "parameters": {"type": "object"}}


class Talk:
    """A client that keeps its conversation, as AG-UI's do."""

    def __init__(self, http: httpx2.AsyncClient, squid: Squid) -> None:
        self.http = http
        self.squid = squid
        self.runs = 0

    async def post(self, said: list[dict[str, Any]], script: str = "deltas=2", **more: Any) -> Any:
        self.runs += 1
        body = {
            "threadId": "thread-1",
            "runId": f"run-{self.runs}",
            "messages": said,
            "forwardedProps": {"model": f"script:{script}"},
            **more,
        }
        return await self.http.post("/api/ag-ui", json=body)

    async def say(self, said: list[dict[str, Any]], script: str = "deltas=2", **more: Any) -> str:
        """Returns the answer's id; it is there when this returns."""
        answer = await self.post(said, script, **more)
        assert answer.status_code == 200, answer.text
        check(events_of(answer.content))
        run_id = answer.headers["x-squid-run"]
        await until(lambda: self.squid.engine.log(run_id) is None)
        run = await self.squid.database.read(runs.get, ME, run_id)
        return run.message_id

    async def kept(self, thread: str = "thread-1") -> list[Message]:
        return (await self.squid.database.read(messages.page, ME, thread)).messages

    async def shown(self) -> list[str]:
        return [message.content for message in await self.kept()]


@pytest.fixture
async def talk(configure: Callable[..., Config]) -> AsyncIterator[Talk]:
    async with serving(configure()) as (client, squid):
        yield Talk(client, squid)


def user(id_: str, content: Any) -> dict[str, Any]:
    return {"id": id_, "role": "user", "content": content}


def assistant(id_: str, content: str = "w0 w1 ") -> dict[str, Any]:
    return {"id": id_, "role": "assistant", "content": content}


def part(kind: str, content: bytes, mime_type: str, **more: Any) -> dict[str, Any]:
    value = base64.b64encode(content).decode()
    return {"type": kind, "source": {"type": "data", "value": value, "mimeType": mime_type}, **more}


async def test_the_same_run_id_finds_the_same_run(talk: Talk) -> None:
    both = await asyncio.gather(
        *(talk.post([user("q", "Hi")], "deltas=30,delay_ms=2", runId="mine") for _ in range(2))
    )
    later = await talk.post([user("q", "Hi")], runId="mine")
    assert {answer.content for answer in both} == {later.content}
    assert len(await talk.kept()) == 2


async def test_a_reader_that_comes_back_gets_the_rest(talk: Talk) -> None:
    said = [user("q", "Hi")]
    whole = events_of((await talk.post(said, runId="mine")).content)
    body = {"threadId": "thread-1", "runId": "mine", "messages": said}
    rest = await talk.http.post("/api/ag-ui", json=body, headers={"Last-Event-ID": "3"})
    assert events_of(rest.content) == whole[3:]


async def test_only_what_is_new_is_taken(talk: Talk) -> None:
    first = await talk.say([user("q1", "One")])
    forged = [user("x", "Never said"), assistant(first, "Never answered")]
    await talk.say([user("q1", "One"), *forged, user("q2", "Two")])
    assert await talk.shown() == ["One", "w0 w1 ", "Two", "w0 w1 "]


async def test_asking_the_same_again_gives_another_answer(talk: Talk) -> None:
    first = await talk.say([user("q1", "One")])
    second = await talk.say([user("q1", "One")], "deltas=3")
    assert await talk.shown() == ["One", "w0 w1 w2 "]
    assert (await talk.kept())[-1].siblings == (first, second)


async def test_the_same_message_in_other_words_is_an_edit(talk: Talk) -> None:
    first = await talk.say([user("q1", "One")])
    second = await talk.say([user("q1", "One"), assistant(first), user("q2", "Two")])
    said = [user("q1", "One"), assistant(first), user("q2", "Zwei")]
    third = await talk.say(said)
    assert await talk.shown() == ["One", "w0 w1 ", "Zwei", "w0 w1 "]
    assert len((await talk.kept())[2].siblings) == 2
    # From there it goes on, and the other branch is still to be had.
    await talk.say([*said, assistant(third), user("q3", "Three")])
    assert (await talk.shown())[2:] == ["Zwei", "w0 w1 ", "Three", "w0 w1 "]
    said[2] = user("q2", "Two")
    await talk.say([*said, assistant(second), user("q4", "Four")])
    assert (await talk.shown())[2:] == ["Two", "w0 w1 ", "Four", "w0 w1 "]


async def test_a_client_that_missed_the_answer_does_not_branch(talk: Talk) -> None:
    await talk.say([user("q1", "One")])
    await talk.say([user("q1", "One"), user("q2", "Two")])
    assert await talk.shown() == ["One", "w0 w1 ", "Two", "w0 w1 "]


async def test_a_client_that_forgot_everything_goes_on_where_it_was(talk: Talk) -> None:
    await talk.say([user("q1", "One")])
    await talk.say([user("q2", "Two")])
    assert await talk.shown() == ["One", "w0 w1 ", "Two", "w0 w1 "]


async def test_a_conversation_from_elsewhere_is_taken_over(talk: Talk, upstream: Upstream) -> None:
    call = {"id": "call-1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    said = [
        {"id": "s", "role": "system", "content": "Be brief."},
        {"id": "d", "role": "developer", "content": "Be kind."},
        user("q1", [{"type": "text", "text": "Look"}, part("image", PNG, "image/png")]),
        {"id": "r", "role": "reasoning", "content": "Hm."},
        {"id": "a1", "role": "assistant", "toolCalls": [call]},
        {"id": "t1", "role": "tool", "toolCallId": "call-1", "content": "rain"},
        {"id": "p", "role": "activity", "activityType": "PLAN", "content": {"steps": []}},
        assistant("a2", "It rains."),
        user("q2", "Thanks"),
    ]
    await talk.say(said)
    kept = await talk.kept()
    roles = ["user", "assistant", "tool", "assistant", "user", "assistant"]
    assert [message.role for message in kept] == roles
    assert kept[0].files[0].media_type == "image/png"
    assert kept[1].reasoning == "Hm."
    assert kept[2].tool is not None
    assert kept[2].tool.result == "rain"
    session = await talk.squid.database.read(sessions.get, ME, "thread-1")
    assert (session.system, session.title, session.message_count) == (
        "Be brief.\n\nBe kind.",
        "Look",
        6,
    )
    asked = upstream.requests[-1]["body"]
    assert asked["system"][0]["text"] == "Be brief.\n\nBe kind."
    kinds = [
        [block["type"] for block in turn["content"]] if isinstance(turn["content"], list) else turn
        for turn in asked["messages"]
    ]
    assert kinds == [["image", "text"], ["tool_use"], ["tool_result"], ["text"], ["text"]]
    # What was taken over is known by the client's own ids from then on.
    await talk.say([*said[:-1], user("q3", "Bye")])
    assert [m.content for m in await talk.kept()][3:5] == ["It rains.", "Bye"]


async def test_files_come_along(talk: Talk, upstream: Upstream) -> None:
    named = part("document", b"# Squids", "text/markdown", metadata={"filename": "../squid.md"})
    content = [{"type": "text", "text": "Read"}, part("image", PNG, "image/jpeg"), named]
    await talk.say([user("q", content)])
    sent = (await talk.kept())[0].files
    assert [(file.name, file.media_type) for file in sent] == [
        ("image.jpg", "image/png"),
        ("squid.md", "text/markdown"),
    ]
    assert await talk.squid.database.read(files.content, ME, sent[0].id) == PNG
    blocks = upstream.requests[-1]["body"]["messages"][0]["content"]
    assert [block["type"] for block in blocks] == ["image", "document", "text"]
    await talk.say([user("q", content)])
    assert len((await talk.kept())[-1].siblings) == 2


async def test_context_goes_along_once(talk: Talk, upstream: Upstream) -> None:
    context = [{"description": "The page", "value": "Prices"}]
    first = await talk.say([user("q1", "One")], context=context)
    said = [user("q1", "One"), assistant(first), user("q2", "Two")]
    second = await talk.say(said, context=context)
    said += [assistant(second), user("q3", "Three")]
    await talk.say(said, context=[{"description": "The page", "value": "Terms"}])
    kept = await talk.kept()
    assert [len(m.files) for m in kept if m.role == "user"] == [1, 0, 1]
    assert kept[0].content == "One"
    told = upstream.requests[-1]["body"]["messages"][0]["content"][0]
    assert told["source"]["data"] == "## The page\n\nPrices"


async def test_results_of_tools_are_answered(talk: Talk, upstream: Upstream) -> None:
    asked = [user("q", "Weather?")]
    first = await talk.say(asked, "deltas=1,tools=1", tools=[TOOL])
    assert upstream.requests[-1]["body"]["tools"][0]["input_schema"] == {"type": "object"}
    result = {"id": "t", "role": "tool", "toolCallId": "toolu_01Squid", "content": "sunny"}
    told = [*asked, assistant(first), result]
    second = await talk.say(told, tools=[TOOL])
    kept = await talk.kept()
    assert [m.role for m in kept] == ["user", "assistant", "tool", "assistant"]
    results = upstream.requests[-1]["body"]["messages"][-1]["content"]
    assert results[0]["tool_use_id"] == "toolu_01Squid"
    assert "sunny" in str(results[0]["content"])
    # The opened session shows it too, not what the cache had before.
    view = (await talk.http.get("/api/sessions/thread-1")).json()
    assert view["messages"][2]["tool"]["result"] == "sunny"
    third = await talk.say(told)
    assert (await talk.kept())[-1].siblings == (second, third)
    other = await talk.post([*asked, assistant(first), {**result, "content": "rainy"}])
    assert other.status_code == 409


async def test_a_tool_that_failed_and_a_question_in_one(talk: Talk, upstream: Upstream) -> None:
    asked = [user("q", "Weather?")]
    first = await talk.say(asked, "deltas=1,tools=1", tools=[TOOL])
    failed = {"id": "t", "role": "tool", "toolCallId": "toolu_01Squid", "content": ""}
    failed["error"] = "No network"
    await talk.say([*asked, assistant(first), failed, user("q2", "Then guess")])
    kept = await talk.kept()
    assert [m.role for m in kept] == ["user", "assistant", "tool", "user", "assistant"]
    assert kept[2].tool is not None
    assert (kept[2].tool.result, kept[2].tool.is_error) == ("No network", True)
    last = upstream.requests[-1]["body"]["messages"][-1]["content"]
    assert [block["type"] for block in last] == ["tool_result", "text"]


async def test_a_live_answer_is_not_disturbed(talk: Talk) -> None:
    slow = asyncio.create_task(talk.post([user("q", "Hi")], "deltas=1000,delay_ms=10"))
    await until(lambda: talk.squid.engine.log("run-1"))
    for said in ([user("q", "Hi")], [user("q", "Hi"), user("q2", "And?")]):
        refused = await talk.post(said)
        assert refused.status_code == 409
        assert refused.json()["type"] == "urn:squid:error:run-in-progress"
        assert refused.json()["run_id"] == "run-1"
    await talk.squid.engine.stop(ME, "run-1")
    ended = events_of((await slow).content)
    assert ended[-1]["outcome"] == {"type": "cancelled"}
    assert len(await talk.kept()) == 2


async def test_somebody_elses_session_is_not_there(talk: Talk) -> None:
    def theirs(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO users VALUES ('other', 'other', 0)")
        sessions.create(db, "other", id="theirs")

    await talk.squid.database.write(theirs)
    refused = await talk.post([user("q", "Hi")], threadId="theirs")
    assert refused.status_code == 404


@pytest.mark.parametrize(
    ("said", "thread"),
    [
        (user("q", "Hi"), "thread-2"),
        (user("q", "Hi there"), "thread-1"),
        (user("q2", "Hi"), "thread-1"),
    ],
)
async def test_a_run_id_is_for_one_question(talk: Talk, said: dict[str, Any], thread: str) -> None:
    await talk.say([user("q", "Hi")], runId="mine")
    refused = await talk.post([said], runId="mine", threadId=thread)
    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:squid:error:id-taken"


URL = {"type": "image", "source": {"type": "url", "value": "https://example.org/a.png"}}
BROKEN = {"type": "image", "source": {"type": "data", "value": "&", "mimeType": "image/png"}}
RESULT = {"id": "t", "role": "tool", "toolCallId": "nobody's", "content": "x"}


@pytest.mark.parametrize(
    ("changed", "status", "pointer"),
    [
        ({"threadId": "a b"}, 422, "/threadId"),
        ({"runId": ""}, 422, "/runId"),
        ({"messages": []}, 422, "/messages"),
        ({"messages": [{"id": "s", "role": "system", "content": "x"}]}, 422, "/messages"),
        ({"messages": [{"id": "s", "role": "wizard", "content": "x"}]}, 422, None),
        ({"messages": [{"role": "user", "content": "x"}]}, 422, "/messages/0"),
        ({"messages": [user("q", "  ")]}, 422, None),
        ({"messages": [user("q", [URL])]}, 422, "/messages/0/content/0/source"),
        ({"messages": [user("q", [BROKEN])]}, 422, "/messages/0/content/0/source/value"),
        ({"messages": [user("q", [part("image", PNG, "image/png")] * 11)]}, 422, "/messages/0"),
        ({"messages": [user("q", "x"), user("q", "x"), user("r", "x")]}, 422, "/messages"),
        ({"messages": [user("q", "x"), RESULT]}, 422, None),
        ({"messages": [user("q", "x"), assistant("a")]}, 409, None),
        ({"tools": [{"name": "no name"}]}, 422, "/tools/0/name"),
        ({"forwardedProps": {"model": 5}}, 422, "/forwardedProps/model"),
    ],
)
async def test_what_cannot_be_taken_is_said(
    talk: Talk, changed: dict[str, Any], status: int, pointer: str | None
) -> None:
    refused = await talk.post([user("q", "Hi")], **changed)
    assert refused.status_code == status, refused.text
    assert refused.headers["content-type"] == "application/problem+json"
    if pointer is not None:
        assert refused.json()["pointer"] == pointer
    found = await talk.http.get("/api/sessions")
    assert found.json()["sessions"] == [], "nothing is half done"


async def test_fields_that_clients_add_are_passed_over(talk: Talk) -> None:
    said = {**user("q", "Hi"), "createdAt": "now", "metadata": {"a": 1}}
    more: dict[str, Any] = {"state": {"b": 2}, "protocolVersion": "1.0", "resume": None}
    await talk.say([said], forwardedProps=None, tools=None, context=None, agentName="x", **more)
