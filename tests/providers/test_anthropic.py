"""AnthropicProvider against a real server on loopback, which misbehaves when told to."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from squid.config import Anthropic
from squid.errors import (
    ProviderError,
)
from squid.providers.anthropic import AnthropicProvider
from squid.providers.base import (
    Citation,
    End,
    FileInput,
    Prompt,
    Reasoning,
    TextInput,
    ToolCallEnd,
    ToolCallInput,
    ToolCallStart,
    Turn,
    UsageReport,
)
from tests.providers.asking import KEY, ask, made, parts_of, text_of
from tests.upstream import Upstream
from tests.upstream.script import REFUSAL, TOOL_PIECES, Script

# -- what comes out when all goes well


@pytest.mark.parametrize(
    "model",
    [
        "script:",
        "script:deltas=3,split=1,text=unicode,ping=1",
        "script:text=echo",
        "script:deltas=2000,size=40",
        "script:deltas=5,future=1",
        "script:deltas=0",
    ],
)
async def test_the_text_arrives_whole(provider: AnthropicProvider, model: str) -> None:
    parts = await parts_of(provider, ask(model))
    assert text_of(parts) == Script.parse(model).says("Hello there")
    assert parts[-1] == End("end")


async def test_a_batch_is_what_one_read_brought(provider: AnthropicProvider) -> None:
    batches = [batch async for batch in provider.stream(ask("script:deltas=2000"))]
    assert all(batches)
    assert len(batches) < 200


async def test_text_comes_as_soon_as_it_is_sent(provider: AnthropicProvider) -> None:
    stream = provider.stream(ask("script:stall_after=2"))
    came = ""
    async for batch in stream:
        came += text_of(batch)
        if came == "w0 w1 ":
            break
    await stream.aclose()


async def test_thinking_is_reasoning(provider: AnthropicProvider) -> None:
    parts = await parts_of(provider, ask("script:thinking=3,deltas=1"))
    assert [p.text for p in parts if isinstance(p, Reasoning)] == ["t0 ", "t1 ", "t2 "]
    usage = [p.usage for p in parts if isinstance(p, UsageReport)][-1]
    assert usage.reasoning_tokens == 3


async def test_a_tool_call(provider: AnthropicProvider) -> None:
    parts = await parts_of(provider, ask("script:tools=1,deltas=1"))
    call = [p for p in parts if isinstance(p, ToolCallStart | ToolCallInput | ToolCallEnd)]
    assert call[0] == ToolCallStart("toolu_01Squid", "weather")
    pieces = [p.json for p in call if isinstance(p, ToolCallInput)]
    assert pieces == list(TOOL_PIECES)
    assert call[-1] == ToolCallEnd("toolu_01Squid")
    assert parts[-1] == End("tool_use")


async def test_citations_point_back_to_the_files(provider: AnthropicProvider) -> None:
    files = (
        FileInput("file-1", "a.txt", "text/plain", b"0123456789"),
        FileInput("file-2", "pic.png", "image/png", b"not looked at"),
        FileInput("file-3", "b.pdf", "application/pdf", b"%PDF-1.7"),
    )
    parts = await parts_of(provider, ask("script:citations=1,deltas=2", "What?", *files))
    first, second, web = (p.source for p in parts if isinstance(p, Citation))
    assert (first.file_id, first.title, first.text) == ("file-1", "a.txt", "2345678")
    assert (first.unit, first.start, first.end) == ("char", 2, 9)
    assert first.position == len("w0 w1 As 1 says. ")
    assert (second.file_id, second.title) == ("file-3", "b.pdf")
    assert (second.unit, second.start, second.end) == ("page", 1, 2)
    assert second.position == len("w0 w1 As 1 says. As 2 says. ")
    assert (web.file_id, web.title, web.url) == (None, "A page", "https://example.org/a")


async def test_usage_counts_the_cache(provider: AnthropicProvider, up: Upstream) -> None:
    """Two questions in one conversation: the second reads what the first wrote."""
    turns = [Turn("user", (TextInput("Once upon a time " * 50),))]
    first = await parts_of(provider, Prompt("script:", tuple(turns), system="Be kind. " * 50))
    turns += [Turn("assistant", (TextInput(text_of(first)),)), Turn("user", (TextInput("More"),))]
    second = await parts_of(provider, Prompt("script:", tuple(turns), system="Be kind. " * 50))

    wrote, read = (
        next(p for p in reversed(parts) if isinstance(p, UsageReport)) for parts in (first, second)
    )
    assert wrote.model == "script:"
    assert wrote.usage.cached_input_tokens == 0
    assert wrote.usage.cache_write_input_tokens == wrote.usage.input_tokens
    assert wrote.usage.output_tokens == 21
    assert read.usage.cached_input_tokens == wrote.usage.input_tokens
    assert read.usage.input_tokens > wrote.usage.input_tokens


@pytest.mark.parametrize(
    ("stop", "end"),
    [
        ("max_tokens", End("max_tokens")),
        ("stop_sequence", End("stop_sequence")),
        ("refusal", End("refusal", str(REFUSAL["explanation"]))),
        ("pause_turn", End("max_tokens", "The model paused in a long turn.")),
        ("something_new", End("end")),
    ],
)
async def test_why_it_ended(provider: AnthropicProvider, stop: str, end: End) -> None:
    assert (await parts_of(provider, ask(f"script:stop={stop}")))[-1] == end


async def test_a_connection_is_used_again(provider: AnthropicProvider, up: Upstream) -> None:
    for _ in range(3):
        await parts_of(provider, ask("script:deltas=2,last_ms=20"))
    assert up.connections == 1


async def test_many_at_once(provider: AnthropicProvider) -> None:
    models = [f"script:deltas={n}" for n in range(1, 41)]
    answers = await asyncio.gather(*(parts_of(provider, ask(model)) for model in models))
    assert [text_of(parts) for parts in answers] == [Script.parse(m).says() for m in models]


# -- going away


async def test_closing_the_iterator_ends_the_request(
    provider: AnthropicProvider, up: Upstream
) -> None:
    stream = provider.stream(ask("script:never_ending=1,delay_ms=1"))
    await anext(stream)
    assert up.active == 1
    await stream.aclose()
    await up.idle(aborted=1)


@pytest.mark.parametrize("where", ["silent_connect=1", "stall_after=1", "never_ending=1"])
async def test_cancelling_ends_the_request(
    provider: AnthropicProvider, up: Upstream, where: str
) -> None:
    task = asyncio.create_task(parts_of(provider, ask(f"script:{where}")))
    await up.begun()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await up.idle(aborted=1)


async def test_nothing_outlives_close(up: Upstream) -> None:
    async with made(up) as provider:
        task = asyncio.create_task(parts_of(provider, ask("script:stall_after=1")))
        await up.begun()
    with pytest.raises(ProviderError):
        await task
    await up.idle(aborted=1)


# -- models


async def test_models_have_the_default_first(up: Upstream) -> None:
    async with made(up, default_model="claude-haiku-5-5") as provider:
        models = await provider.models()
    assert [m.id for m in models] == ["claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5"]
    assert models[0].name == "Claude Haiku 5.5"
    assert {m.provider for m in models} == {"anthropic"}


async def test_a_default_model_that_is_not_listed(up: Upstream) -> None:
    async with made(up, default_model="mine", name="local") as provider:
        assert (await provider.models())[0].id == "mine"


# -- another process


@pytest.fixture
def elsewhere() -> Iterator[str]:
    command = [sys.executable, "-m", "tests.upstream", "--until-stdin-closes"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield process.stdout.readline().decode().strip()


async def test_an_upstream_in_another_process(elsewhere: str) -> None:
    provider = AnthropicProvider(Anthropic(), api_key=KEY, base_url=elsewhere)
    assert text_of(await parts_of(provider, ask("script:deltas=2"))) == "w0 w1 "
    await provider.close()


def test_the_sdk_is_imported_late() -> None:
    """It takes a second, which a server that starts does not have."""
    check = "import sys, squid.providers.anthropic; sys.exit('anthropic' in sys.modules)"
    subprocess.run([sys.executable, "-c", check], check=True)


async def test_each_header_is_sent_once(up: Upstream) -> None:
    async with made(up, headers={"Connection": "close", "anthropic-beta": "x"}) as provider:
        await parts_of(provider, ask("script:deltas=1"))
        await provider.models()
    sent = up.requests[-1]["headers"]
    assert sent["user-agent"].startswith("AsyncAnthropic/Python ")
    assert "," not in sent["user-agent"]
    assert sent["accept"] == sent["content-type"] == "application/json"
    assert sent["connection"] == "close"
    assert sent["anthropic-beta"] == "x"
    assert re.fullmatch(r"[\d-]+", sent["anthropic-version"])
