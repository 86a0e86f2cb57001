"""The upstream must be as strict as the real API, or a green test means nothing."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.upstream import Upstream, rules
from tests.upstream.script import Script

QUESTION: dict[str, Any] = {"role": "user", "content": "Hello"}
ANSWER: dict[str, Any] = {"role": "assistant", "content": "Hi"}
CALL: dict[str, Any] = {"type": "tool_use", "id": "t1", "name": "f", "input": {}}


def body(*messages: Any, **fields: Any) -> dict[str, Any]:
    return {"model": "script:", "max_tokens": 100, "messages": list(messages), **fields}


def says(role: str, *blocks: Any) -> dict[str, Any]:
    return {"role": role, "content": list(blocks)}


@pytest.mark.parametrize(
    "good",
    [
        body(QUESTION),
        body(QUESTION, temperature=0, system="Be kind"),
        body(QUESTION, QUESTION, ANSWER),
        body(
            QUESTION,
            says("assistant", CALL),
            says("user", {"type": "tool_result", "tool_use_id": "t1", "content": ""}),
        ),
    ],
)
def test_what_is_taken(good: dict[str, Any]) -> None:
    rules.check(good)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (None, "not valid JSON"),
        ({"model": "m", "messages": [QUESTION]}, "max_tokens: Field required"),
        (body(QUESTION, max_tokens=0), "max_tokens"),
        (body(), "at least one message"),
        (body(ANSWER), "first message"),
        (body(QUESTION, colour="red"), "Extra inputs"),
        (body({"role": "user", "content": ""}), "non-empty content"),
        (body(says("user", {"type": "text", "text": ""})), "must be non-empty"),
        (body(says("user", {"type": "text", "text": " \n"})), "non-whitespace"),
        (body(QUESTION, {"role": "assistant", "content": "Hi "}), "trailing whitespace"),
        (body(QUESTION, says("assistant", CALL)), "without tool_result"),
        (body(QUESTION, says("assistant", CALL), QUESTION), "without tool_result"),
        (body(says("user", {"type": "tool_result", "tool_use_id": "t1"})), "unexpected"),
        (body(QUESTION, says("assistant", {"type": "image", "source": {}})), "is not known|media"),
        (body(QUESTION, thinking={"type": "adaptive"}), "does not think"),
        (
            body(QUESTION, model="claude-opus-5", thinking={"type": "enabled"}),
            "is not supported",
        ),
        (
            body(
                says("user", *[{"type": "text", "text": "a", "cache_control": {"type": "e"}}] * 5)
            ),
            "4",
        ),
    ],
)
def test_what_is_refused(bad: Any, why: str) -> None:
    with pytest.raises((rules.Refused, KeyError), match=why):
        rules.check(bad)


def test_a_script_says_what_it_will_send() -> None:
    assert Script.parse("script:deltas=3").says() == "w0 w1 w2 "
    assert Script.parse("script:deltas=3,cut_after=1").says() == "w0 "
    assert Script.parse("script:text=echo,size=2").says("hello") == "hello"
    assert Script.parse("script:text=echo,size=2,deltas=4").says("abc") == "abcabc"
    assert Script.parse("script:deltas=2,size=6").says() == "w0... w1... "
    assert Script.parse("claude-sonnet-5-5") == Script()
    with pytest.raises(ValueError, match="unknown field"):
        Script.parse("script:delta=3")


def test_requests_can_be_read_from_another_process() -> None:
    with Upstream.in_thread() as up:
        data = json.dumps(body(QUESTION, stream=True)).encode()
        with urlopen(Request(f"{up.url}/v1/messages", data, {"x-api-key": "k"})) as answer:
            assert b"message_stop" in answer.read()
        with urlopen(f"{up.url}/_requests") as answer:
            seen = json.load(answer)
        assert seen["requests"][0]["body"]["messages"] == [QUESTION]
        assert seen["requests"][0]["headers"]["x-api-key"] == "k"
        with urlopen(Request(f"{up.url}/_requests", method="DELETE")):
            assert up.requests == []


async def test_a_cut_is_in_the_middle_of_a_chunk() -> None:
    async with Upstream.start() as up:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(up.url.rpartition(":")[2]))
        data = json.dumps(body(QUESTION, stream=True) | {"model": "script:cut_after=2"}).encode()
        head = f"POST /v1/messages HTTP/1.1\r\nx-api-key: k\r\ncontent-length: {len(data)}\r\n\r\n"
        writer.write(head.encode() + data)
        came = await reader.read()
        assert b"w1 " in came
        assert came.endswith(b"data: {")
        writer.close()
        await writer.wait_closed()
