"""What the model gets to see, as the upstream really received it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from squid.config import Config
from squid.core import Squid, open_squid
from squid.models import File, ToolCall
from squid.runs import start
from squid.store import files, messages, sessions
from tests.conftest import ME, answered, say
from tests.upstream import Upstream


def sent(upstream: Upstream, started: start.Started) -> dict[str, Any]:
    """The last request that came with the run's model."""
    bodies = [one["body"] for one in upstream.requests if isinstance(one["body"], dict)]
    return next(body for body in reversed(bodies) if body.get("model") == started.run.model)


def texts(body: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (turn["role"], "".join(block.get("text", "") for block in turn["content"]))
        for turn in body["messages"]
    ]


async def upload(squid: Squid, name: str, media_type: str, content: bytes) -> File:
    return await squid.database.write(
        files.add, ME, files.New(files.pack(content), name, media_type)
    )


async def test_history_goes_along_in_order(squid: Squid, upstream: Upstream) -> None:
    first = await say(squid, "one", "deltas=1,key=history1")
    await answered(squid, first)
    second = await say(squid, "two", "deltas=1,key=history2", session_id=first.session.id)
    await answered(squid, second)
    assert texts(sent(upstream, second)) == [
        ("user", "one"),
        ("assistant", "w0 "),
        ("user", "two"),
    ]


async def test_deleted_and_failed_turns_are_left_out(squid: Squid, upstream: Upstream) -> None:
    first = await say(squid, "secret", "deltas=1,key=left1")
    await answered(squid, first)
    failed = await say(squid, "failing", "status=400,key=left2", session_id=first.session.id)
    await answered(squid, failed)
    await squid.database.write(messages.set_deleted, ME, first.messages[0].id, True)
    last = await say(squid, "last", "deltas=1,key=left3", session_id=first.session.id)
    await answered(squid, last)
    roles = texts(sent(upstream, last))
    assert roles == [("user", "failinglast")]


async def test_newest_turns_win(configure: Callable[..., Config], upstream: Upstream) -> None:
    async with open_squid(configure(context__max_tokens=256)) as squid:
        session_id = None
        for number in range(12):
            started = await say(
                squid, f"{number} " + "x" * 100, f"deltas=1,key=win{number}", session_id=session_id
            )
            session_id = started.session.id
            await answered(squid, started)
        seen = [text for role, text in texts(sent(upstream, started)) if role == "user"]
        assert seen[-1].startswith("11 ")
        assert seen == sorted(seen, key=lambda text: int(text.split()[0]))
        assert 3 <= len(seen) <= 8


async def test_the_question_goes_along_however_long(
    configure: Callable[..., Config], upstream: Upstream
) -> None:
    async with open_squid(configure(context__max_tokens=256)) as squid:
        started = await say(squid, "y" * 10_000, "deltas=1,key=long")
        await answered(squid, started)
        assert texts(sent(upstream, started)) == [("user", "y" * 10_000)]


async def test_system_prompt_of_session_then_of_configuration(
    configure: Callable[..., Config], upstream: Upstream
) -> None:
    async with open_squid(configure(context__system="Be brief.")) as squid:
        common = await say(squid, script="deltas=1,key=system1")
        own = await say(squid, script="deltas=1,key=system2", system="Be long.")
        for started, expected in ((common, "Be brief."), (own, "Be long.")):
            await answered(squid, started)
            assert sent(upstream, started)["system"][0]["text"] == expected


async def test_files_go_as_what_they_are(squid: Squid, upstream: Upstream) -> None:
    text = await upload(squid, "notes.txt", "text/plain", b"Squids have three hearts.")
    image = await upload(squid, "dot.png", "image/png", b"\x89PNG\r\n\x1a\n")
    started = await say(
        squid, "What?", "deltas=3,citations=1,key=files", file_ids=[text.id, image.id]
    )
    message = await answered(squid, started)
    blocks = sent(upstream, started)["messages"][0]["content"]
    assert [block["type"] for block in blocks] == ["document", "image", "text"]
    assert blocks[0]["citations"] == {"enabled": True}
    assert [file.name for file in started.messages[0].files] == ["notes.txt", "dot.png"]
    assert message.sources, "citations become sources"
    assert message.sources[0].file_id == text.id
    assert message.sources[0].title == "notes.txt"


async def test_what_the_model_cannot_read_is_said(squid: Squid) -> None:
    binary = await upload(squid, "a.zip", "application/zip", b"PK\x03\x04\xff\xfe\x00")
    message = await answered(squid, await say(squid, "What?", file_ids=[binary.id]))
    assert message.status == "error"
    assert message.error is not None
    assert "a.zip" in message.error.detail


async def test_tool_results_follow_their_calls(squid: Squid, upstream: Upstream) -> None:
    first = await say(squid, "weather?", "deltas=1,tools=1,key=tool1")
    await answered(squid, first)
    page = await squid.database.read(messages.page, ME, first.session.id)
    called = page.messages[-1]
    assert called.tool is not None
    assert called.role == "tool"
    done = msgspec.structs.replace(called.tool, result="Sunny")
    assert isinstance(done, ToolCall)

    def fill(db: sqlite3.Connection) -> None:
        messages.set_result(db, called.id, done)
        sessions.touch(db, first.session.id, "message", message_id=called.id)

    await squid.database.write(fill)
    second = await say(squid, "thanks", "deltas=1,key=tool2", session_id=first.session.id)
    await answered(squid, second)
    turns = sent(upstream, second)["messages"]
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user"]
    assert turns[1]["content"][-1]["type"] == "tool_use"
    assert turns[2]["content"][0]["type"] == "tool_result"
    assert turns[2]["content"][0]["content"] == "Sunny"


async def test_continue_asks_to_go_on(squid: Squid, upstream: Upstream) -> None:
    cut = await answered(squid, await say(squid, "count", "deltas=5,cut_after=2,key=on1"))
    more = await squid.ask(ME, start.resume, cut.id, model="script:deltas=1,key=on2")
    await answered(squid, more)
    turns = texts(sent(upstream, more))
    assert [role for role, _ in turns] == ["user", "assistant", "user"]
    assert turns[1][1].strip() == cut.content.strip()
    assert "where it stopped" in turns[2][1]


@pytest.mark.parametrize("text", ["\x00", "\u202e", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 🦑", "'; DROP TABLE messages; --"])
async def test_any_text_arrives_as_it_is(squid: Squid, upstream: Upstream, text: str) -> None:
    started = await say(squid, f"a{text}b", "deltas=1,key=any")
    await answered(squid, started)
    assert texts(sent(upstream, started)) == [("user", f"a{text}b")]


async def test_file_of_an_earlier_turn_does_not_end_the_conversation(
    squid: Squid, upstream: Upstream
) -> None:
    binary = await upload(squid, "a.zip", "application/zip", b"PK\x03\x04\xff\xfe\x00")
    first = await answered(squid, await say(squid, "What?", file_ids=[binary.id]))
    assert first.status == "error"
    later = await say(squid, "Never mind", "deltas=1,key=later", session_id=first.session_id)
    assert (await answered(squid, later)).status == "complete"
    assert "a.zip" in texts(sent(upstream, later))[0][1]


async def test_window_does_not_begin_with_a_tools_result(
    configure: Callable[..., Config], upstream: Upstream
) -> None:
    async with open_squid(configure(context__max_tokens=256)) as squid:
        first = await say(squid, "weather " + "x" * 600, "deltas=1,tools=1,key=orphan1")
        await answered(squid, first)
        last = await say(squid, "y" * 500, "deltas=1,key=orphan2", session_id=first.session.id)
        message = await answered(squid, last)
        assert message.status == "complete"
        assert sent(upstream, last)["messages"][0]["content"][0]["type"] == "text"


async def test_a_long_answer_is_continued_with_its_question(
    configure: Callable[..., Config], upstream: Upstream
) -> None:
    """Though the answer alone is more than the window takes."""
    async with open_squid(configure(context__max_tokens=256)) as squid:
        script = "deltas=9,size=500,cut_after=8,key=longanswer"
        cut = await answered(squid, await say(squid, "count", script))
        more = await squid.ask(ME, start.resume, cut.id, model="script:deltas=1,key=longon")
        assert (await answered(squid, more)).status == "complete"
        assert texts(sent(upstream, more))[0] == ("user", "count")
