"""What is asked of the Messages API, as a server that checks it receives it."""

from __future__ import annotations

import base64
from typing import Any

import msgspec
import pytest

from squid.config import Anthropic
from squid.errors import ProviderRejected
from squid.providers.anthropic import AnthropicProvider
from squid.providers.anthropic_request import PLAIN, Capabilities, build, thinking
from squid.providers.base import FileInput, Prompt, TextInput, Tool, ToolResult, ToolUse, Turn
from tests.providers.asking import KEY, ask, parts_of, text_of
from tests.upstream import Upstream

MODEL = "claude-sonnet-5-5"
MARK = {"type": "ephemeral"}


async def received(up: Upstream, prompt: Prompt, **options: Any) -> dict[str, Any]:
    """The body that the server got; it refuses what the real one would."""
    config = Anthropic(**options.pop("config", {}))
    provider = AnthropicProvider(config, api_key=KEY, base_url=up.url, **options)
    try:
        await parts_of(provider, prompt)
    finally:
        await provider.close()
    body: dict[str, Any] = up.requests[-1]["body"]
    return body


def user(*content: Any) -> Turn:
    return Turn("user", tuple(TextInput(c) if isinstance(c, str) else c for c in content))


def assistant(*content: Any) -> Turn:
    return Turn("assistant", tuple(TextInput(c) if isinstance(c, str) else c for c in content))


def file(name: str, media_type: str, content: bytes) -> FileInput:
    return FileInput("file-1", name, media_type, content)


async def test_a_conversation_and_its_marks(up: Upstream) -> None:
    turns = (user("One"), assistant("Two"), user("Three"))
    body = await received(up, Prompt(MODEL, turns, system="Be kind."))
    assert body["model"] == MODEL
    assert body["max_tokens"] == 16_000
    assert body["stream"] is True
    assert body["system"] == [{"type": "text", "text": "Be kind.", "cache_control": MARK}]
    assert body["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "One"}]},
        {"role": "assistant", "content": [{"type": "text", "text": "Two", "cache_control": MARK}]},
        {"role": "user", "content": [{"type": "text", "text": "Three", "cache_control": MARK}]},
    ]
    assert "tools" not in body


async def test_no_model_means_the_default_one(up: Upstream) -> None:
    assert (await received(up, ask("")))["model"] == MODEL


async def test_empty_text_is_left_out(up: Upstream) -> None:
    turns = (user("One", " \n"), assistant(""), user("Two"))
    body = await received(up, Prompt(MODEL, turns, system="  "))
    assert [len(message["content"]) for message in body["messages"]] == [1, 1]
    assert "system" not in body
    with pytest.raises(ProviderRejected, match="nothing to answer"):
        await received(up, ask(MODEL, "  "))


async def test_tools_and_their_results(up: Upstream) -> None:
    schema: dict[str, object] = {"type": "object", "properties": {}}
    turns = (
        user("Weather?"),
        assistant(
            "I look. ",
            ToolUse("toolu_1", "weather", msgspec.Raw(b'{"city":"Paris"}')),
            ToolUse("toolu_2", "weather", msgspec.Raw(b'{"city":')),
        ),
        user("And?", ToolResult("toolu_1", "Sun"), ToolResult("toolu_2", "", is_error=True)),
    )
    body = await received(
        up, Prompt(MODEL, turns, tools=(Tool("weather", "Tells the weather", schema),))
    )
    assert body["tools"] == [
        {
            "name": "weather",
            "description": "Tells the weather",
            "input_schema": schema,
            "cache_control": MARK,
        }
    ]
    calls = body["messages"][1]["content"][1:]
    assert [call["input"] for call in calls] == [{"city": "Paris"}, {}]
    assert body["messages"][2]["content"] == [
        {"type": "tool_result", "tool_use_id": "toolu_1", "content": "Sun"},
        {"type": "tool_result", "tool_use_id": "toolu_2", "is_error": True},
        {"type": "text", "text": "And?", "cache_control": MARK},
    ]
    assert body["thinking"] == {"type": "disabled"}


async def test_files(up: Upstream) -> None:
    files = (
        file("a.png", "image/png", b"PNG"),
        file("b.jpg", "image/jpg", b"JPG"),
        file("c.pdf", "application/pdf", b"%PDF"),
        file("d.json", "application/json; charset=utf-8", '{"é": 1}'.encode()),
        file("e.rs", "application/octet-stream", b"fn main() {}"),
        file("f.txt", "text/plain", b""),
    )
    body = await received(up, ask(MODEL, "Look", *files))
    png, jpg, pdf, json, rust, empty, text = body["messages"][0]["content"]
    assert png["source"] == {
        "type": "base64",
        "media_type": "image/png",
        "data": base64.b64encode(b"PNG").decode(),
    }
    assert jpg["source"]["media_type"] == "image/jpeg"
    assert (pdf["type"], pdf["title"]) == ("document", "c.pdf")
    assert pdf["source"]["media_type"] == "application/pdf"
    assert json["source"] == {"type": "text", "media_type": "text/plain", "data": '{"é": 1}'}
    assert rust["title"] == "e.rs"
    assert all(d["citations"] == {"enabled": True} for d in (pdf, json, rust))
    assert "f.txt" in empty["text"]
    assert text["text"] == "Look"


@pytest.mark.parametrize(
    ("name", "media_type", "content", "why"),
    [
        ("a.zip", "application/zip", b"PK\x03\x04\xff", "cannot read application/zip"),
        ("a.bin", "", b"a\0b", "cannot read this kind of file"),
        ("a.txt", "text/plain", b"caf\xe9", "not UTF-8"),
    ],
)
def test_a_file_that_no_model_reads(name: str, media_type: str, content: bytes, why: str) -> None:
    prompt = ask(MODEL, "Look", file(name, media_type, content))
    with pytest.raises(ProviderRejected, match=why) as caught:
        build(prompt, Anthropic(), Capabilities())
    assert name in caught.value.detail
    assert caught.value.members == {"file_id": "file-1"}
    assert not caught.value.retryable


# -- a server that only resembles Anthropic's


async def test_a_plain_server(up: Upstream) -> None:
    turns = (user("One", file("a.md", "text/markdown", b"# Hi")), assistant("Two, "))
    body = await received(
        up,
        Prompt("script:", turns, system="Be kind."),
        capabilities=PLAIN,
        prefills=True,
        extra_body={"temperature": 0},
    )
    assert body["temperature"] == 0
    assert body["system"] == [{"type": "text", "text": "Be kind."}]
    assert body["messages"][0]["content"][1] == {
        "type": "text",
        "text": "File “a.md”:\n\n# Hi\n\n(End of the file.)",
    }
    assert "thinking" not in body
    assert "cache_control" not in str(body)


@pytest.mark.parametrize("media_type", ["image/png", "application/pdf"])
def test_what_a_plain_server_cannot_see(media_type: str) -> None:
    prompt = ask("m", "Look", file("a.file", media_type, b"1"))
    with pytest.raises(ProviderRejected, match=r"“a\.file” cannot be sent: this model cannot"):
        build(prompt, Anthropic(), PLAIN)


async def test_going_on_with_an_answer(up: Upstream) -> None:
    """The space that the API does not take at the end is not given out again."""
    turns = (user("say it"), assistant("Once upon a \n"))
    options: dict[str, Any] = {"prefills": True, "capabilities": PLAIN}
    provider = AnthropicProvider(Anthropic(), api_key=KEY, base_url=up.url, **options)
    for said, given in ((" \nx", " \nx"), ("x", "x")):
        prompt = Prompt("script:text=echo,size=1", (user(said), *turns[1:]))
        parts = await parts_of(provider, prompt)
        assert up.requests[-1]["body"]["messages"][1]["content"][0]["text"] == "Once upon a"
        assert text_of(parts) == given.removeprefix(" \n")
    await provider.close()


async def test_a_model_that_cannot_go_on(up: Upstream) -> None:
    with pytest.raises(ProviderRejected, match="cannot go on"):
        await received(up, Prompt(MODEL, (user("One"), assistant("Two"))))
    assert not up.requests


# -- thinking

ADAPTIVE = {"type": "adaptive", "display": "summarized"}
BUDGET = {"type": "enabled", "budget_tokens": 8000}
OFF = {"type": "disabled"}


@pytest.mark.filterwarnings("ignore:The model .* is deprecated:DeprecationWarning")
@pytest.mark.parametrize(
    ("model", "on", "off"),
    [
        ("claude-sonnet-5-5", ADAPTIVE, OFF),
        ("claude-haiku-5-5", ADAPTIVE, OFF),
        ("claude-opus-5", ADAPTIVE, OFF),
        ("claude-opus-4-8", ADAPTIVE, OFF),
        ("claude-sonnet-4-6", ADAPTIVE, OFF),
        ("claude-fable-5-2", ADAPTIVE, None),
        ("claude-mythos-5", ADAPTIVE, None),
        ("claude-haiku-4-5-20251001", BUDGET, None),
        ("claude-opus-4-1-20250805", BUDGET, None),
        ("claude-sonnet-4-20250514", BUDGET, None),
        ("claude-3-7-sonnet-20250219", BUDGET, None),
        ("claude-3-5-haiku-20241022", None, None),
        ("claude-mythos-preview", None, None),
        ("qwen3:8b", None, None),
        ("claudette-9", None, None),
    ],
)
async def test_thinking_by_model(up: Upstream, model: str, on: Any, off: Any) -> None:
    assert thinking(model, True, 16_000) == on
    assert thinking(model, False, 16_000) == off
    if model.startswith("claude-"):
        assert (await received(up, ask(model))).get("thinking") == on
        config = {"thinking": False}
        assert (await received(up, ask(model), config=config)).get("thinking") == off


def test_a_budget_leaves_room_for_an_answer() -> None:
    assert thinking("claude-haiku-4-5", True, 3000) == {"type": "enabled", "budget_tokens": 1500}
    assert thinking("claude-haiku-4-5", True, 2000) is None
