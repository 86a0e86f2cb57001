"""The embedded model: the real one, and every way it can be missing."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path

import pytest

from squid.config import Local
from squid.errors import NoProvider, ProviderError, ProviderRejected
from squid.providers import local, model_file
from squid.providers.base import End, Part, Prompt, Text, TextInput, Turn, UsageReport

# One model at a time: two of them on two cores are more than twice as slow.
model = pytest.mark.xdist_group("model")

PARENT = """
import asyncio, sys
from pathlib import Path
from squid.config import Local
from squid.providers.local import LocalProvider

async def main():
    provider = LocalProvider(Local(), data_folder=Path(sys.argv[1]))
    child = await provider._running()
    print(child.pid, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


@pytest.fixture
async def provider(tmp_path: Path) -> AsyncIterator[local.LocalProvider]:
    provider = local.LocalProvider(Local(max_output_tokens=64), data_folder=tmp_path)
    yield provider
    await provider.close()


def ask(question: str, *, begun: str = "") -> Prompt:
    turns = [Turn("user", (TextInput(question),))]
    if begun:
        turns.append(Turn("assistant", (TextInput(begun),)))
    return Prompt(model="", turns=tuple(turns))


async def answer(provider: local.LocalProvider, prompt: Prompt) -> list[Part]:
    return [part async for parts in provider.stream(prompt) for part in parts]


def text(parts: list[Part]) -> str:
    return "".join(part.text for part in parts if isinstance(part, Text))


async def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to be"
        await asyncio.sleep(0.02)


def is_gone(pid: int) -> bool:
    """An orphan may stay a zombie where nothing reaps it, as in a container."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (ProcessLookupError, FileNotFoundError):
        return True


@model
async def test_the_real_model_answers(provider: local.LocalProvider) -> None:
    parts = await answer(provider, ask("What is the capital of France?"))
    assert "Paris" in text(parts)
    assert len([part for part in parts if isinstance(part, Text)]) > 1, "it did not stream"
    usage = [part.usage for part in parts if isinstance(part, UsageReport)][-1]
    assert usage.input_tokens > 10
    assert 5 < usage.output_tokens < 64
    assert isinstance(parts[-1], End)
    assert parts[-1].reason == "end"


@model
async def test_too_long_a_question_is_told_in_our_words(provider: local.LocalProvider) -> None:
    with pytest.raises(ProviderRejected, match="too long for the embedded model") as refused:
        await answer(provider, ask("squid " * 4000))
    assert "context_tokens" in str(refused.value.hint)


@model
async def test_one_question_right_after_another(provider: local.LocalProvider) -> None:
    """llama.cpp drops each connection after its answer, without a word."""
    for _ in range(5):
        assert "Paris" in text(await answer(provider, ask("What is the capital of France?")))


@model
async def test_it_goes_on_with_what_was_begun(provider: local.LocalProvider) -> None:
    parts = await answer(provider, ask("Count to ten.", begun="One, two, three,"))
    assert text(parts).split()[0].startswith("four")


@model
async def test_it_ends_at_the_configured_length(tmp_path: Path) -> None:
    provider = local.LocalProvider(Local(max_output_tokens=8), data_folder=tmp_path)
    try:
        parts = await answer(provider, ask("Tell me a long story."))
    finally:
        await provider.close()
    assert parts[-1] == End("max_tokens")


@model
async def test_two_first_questions_start_one_child(
    provider: local.LocalProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[int] = []
    start = asyncio.create_subprocess_exec

    async def counted(*args: str, **kwargs: int) -> asyncio.subprocess.Process:
        process = await start(*args, **kwargs)
        started.append(process.pid)
        return process

    monkeypatch.setattr(asyncio, "create_subprocess_exec", counted)
    prompts = [ask(f"Say the number {n}.") for n in range(5)]
    answers = await asyncio.gather(*(answer(provider, prompt) for prompt in prompts))
    assert all(text(parts) for parts in answers), "several at once are all answered"
    assert len(started) == 1

    await provider.close()
    assert is_gone(started[0]), "it is killed with the server"


@model
async def test_only_who_has_the_key_is_answered(provider: local.LocalProvider) -> None:
    client = (await provider._running()).client
    assert client
    assert client._url.startswith("http://127.0.0.1:")
    with pytest.raises(urllib.error.HTTPError, match="401"):
        await asyncio.to_thread(urllib.request.urlopen, f"{client._url}/v1/messages", b"{}")


@model
async def test_a_question_taken_back_does_not_end_the_start(
    provider: local.LocalProvider,
) -> None:
    first = asyncio.create_task(answer(provider, ask("Hello?")))
    await until(lambda: provider._child is not None)
    starting = provider._child
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    assert text(await answer(provider, ask("Hello?")))
    assert provider._child is starting


@model
async def test_a_crash_ends_one_answer_and_the_next_one_starts_it_again(
    provider: local.LocalProvider,
) -> None:
    async with aclosing(provider.stream(ask("Tell me a long story."))) as batches:
        await anext(batches)
        os.kill((await provider._running()).pid, signal.SIGKILL)
        with pytest.raises(ProviderError):
            [parts async for parts in batches]
    await until(lambda: provider._child is not None and local._is_over(provider._child))
    assert "Paris" in text(await answer(provider, ask("What is the capital of France?")))


@model
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
async def test_the_child_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PARENT, str(tmp_path)), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout
    child = int(await parent.stdout.readline())
    assert not is_gone(child)
    parent.kill()
    await parent.wait()
    await until(lambda: is_gone(child))


async def test_it_says_that_it_is_small(tmp_path: Path) -> None:
    provider = local.LocalProvider(Local(), data_folder=tmp_path)
    (info,) = await provider.models()
    assert info.id == provider.default_model == "smollm2-135m-instruct"
    assert info.name == "SmolLM2 135M (embedded, small)"
    assert provider.context_tokens == 2048 - 512


def test_a_short_context_leaves_room_for_the_question(tmp_path: Path) -> None:
    settings = Local(context_tokens=600, max_output_tokens=4096)
    assert local.LocalProvider(settings, data_folder=tmp_path).context_tokens == 300


async def test_a_file_that_is_no_model(tmp_path: Path) -> None:
    path = tmp_path / "poem.gguf"
    path.write_text("Roses are red")
    provider = local.LocalProvider(Local(model=str(path)), data_folder=tmp_path)
    for _ in range(2):  # and asking again does not hang
        with pytest.raises(ProviderError, match=r"poem\.gguf cannot be loaded: .*magic"):
            await answer(provider, ask("Hello?"))
    await provider.close()


async def test_a_start_that_takes_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "START_SECONDS", 0.0)
    provider = local.LocalProvider(Local(), data_folder=tmp_path)
    with pytest.raises(ProviderError, match="was not loaded after 0 seconds"):
        await answer(provider, ask("Hello?"))
    await provider.close()


def test_a_named_model_that_is_missing(tmp_path: Path) -> None:
    settings = Local(model=str(tmp_path / "none.gguf"))
    with pytest.raises(NoProvider, match=r"no model file at .*none\.gguf") as caught:
        local.LocalProvider(settings, data_folder=tmp_path)
    assert "[provider.local]" in str(caught.value.hint)
    assert not local.available(settings, tmp_path)


def test_no_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_file, "find_spec", lambda name: None)
    with pytest.raises(NoProvider) as caught:
        local.LocalProvider(Local(), data_folder=tmp_path)
    assert caught.value.hint == "Run: squid model pull"
    assert not local.available(Local(), tmp_path)


def test_no_runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "find_spec", lambda name: None)
    with pytest.raises(NoProvider, match="xllamacpp") as caught:
        local.LocalProvider(Local(), data_folder=tmp_path)
    assert "pip install" in str(caught.value.hint)
    assert not local.available(Local(), tmp_path)


def test_what_was_pulled_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_file, "find_spec", lambda name: None)
    (tmp_path / "models").mkdir()
    pulled = tmp_path / "models" / model_file.GGUF
    pulled.touch()
    assert model_file.find(Local(), tmp_path) == pulled
    assert local.available(Local(), tmp_path)


@pytest.mark.parametrize(
    ("file", "id"),
    [
        ("SmolLM2-135M-Instruct.Q4_1.gguf", "smollm2-135m-instruct"),
        ("Qwen3-4B-Instruct-2507-Q4_K_M.gguf", "qwen3-4b-instruct-2507"),
        ("Llama-3.2-1B-Instruct-IQ3_M.gguf", "llama-3.2-1b-instruct"),
        ("gemma-3-270m-it-F16.gguf", "gemma-3-270m-it"),
        ("mine.gguf", "mine"),
    ],
)
def test_a_model_is_named_after_its_file(file: str, id: str) -> None:
    assert model_file.model_id(Path(file)) == id
