"""The embedded model: llama.cpp in a child process, asked as if it were Anthropic.

llama.cpp speaks the Messages API itself, so this file only finds the weights, keeps
one child alive (`local_server`), and hands every question to an AnthropicProvider
that points at it. The child is started by the first question and dies with us.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import os
import re
import secrets
import sys
from collections import deque
from collections.abc import AsyncGenerator
from importlib.util import find_spec
from pathlib import Path

import msgspec

from squid import config
from squid.errors import NoProvider, ProviderError, ProviderRejected
from squid.providers import local_server, model_file
from squid.providers.anthropic import AnthropicProvider
from squid.providers.anthropic_request import PLAIN
from squid.providers.base import ModelInfo, Part, Prompt
from squid.providers.local_server import Settings

log = logging.getLogger(__name__)

SLOTS = 2
"""Answers written at once; further questions wait. With the one or two threads that a
small machine has to give, more would only make every answer slower."""
START_SECONDS = 120.0
"""For a file of many gigabytes on a slow disk; the small model takes half a second."""
SYSTEM = "You are a helpful assistant. Answer in plain English."
"""Of those tried on everyday questions, what the embedded model answers best under."""


class LocalProvider:
    name = "local"
    prefills = True

    def __init__(self, config: config.Local, *, data_folder: Path) -> None:
        """Raises ProviderError where the weights or the runtime are missing."""
        if find_spec("xllamacpp") is None:
            raise NoProvider(
                "The embedded model needs the package xllamacpp, which is not installed.",
                hint="Install it with: pip install 'squid-chat[local]'",
            )
        self._weights = model_file.find(config, data_folder)
        self._config = config
        # A short context must not be all answer and no question.
        self._output_tokens = min(config.max_output_tokens, config.context_tokens // 2)
        self.context_tokens = config.context_tokens - self._output_tokens
        self.default_model = model_file.model_id(self._weights)
        self._slots = asyncio.Semaphore(SLOTS)
        self._child: asyncio.Task[_Child] | None = None

    async def stream(self, prompt: Prompt) -> AsyncGenerator[list[Part], None]:
        # Waiting here and not in llama.cpp: a question that is taken back costs
        # nothing, and the wait is not mistaken for silence.
        async with self._slots:
            child = await self._running()
            if prompt.system is None and self._weights.name == model_file.GGUF:
                prompt = msgspec.structs.replace(prompt, system=SYSTEM)
            assert child.client is not None
            async with contextlib.aclosing(child.client.stream(prompt)) as batches:
                try:
                    async for parts in batches:
                        yield parts
                except ProviderRejected as refused:
                    raise self._too_long(refused) from None

    def _too_long(self, refused: ProviderRejected) -> ProviderRejected:
        """llama.cpp tells of its own settings, a person needs ours."""
        if "context size" not in refused.detail:
            return refused
        return ProviderRejected(
            f"This is too long for the embedded model, which takes {self.context_tokens} tokens "
            "of question (about as many syllables).",
            hint="Send less, raise context_tokens in [provider.local], or ask a larger model.",
        )

    async def warm(self) -> None:
        """Nothing: a model that nobody asks should take no memory."""

    async def models(self) -> list[ModelInfo]:
        return [ModelInfo(self.default_model, model_file.display_name(self._weights), self.name)]

    async def close(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.cancel()
            await _end(child)

    async def _running(self) -> _Child:
        """The child, started if there is none. Everyone who asks meanwhile waits for
        the same start, and a question that is taken back does not end it."""
        if self._child is None or _is_over(self._child):
            self._child = asyncio.create_task(self._start(after=self._child))
        return await asyncio.shield(self._child)

    async def _start(self, *, after: asyncio.Task[_Child] | None) -> _Child:
        if after is not None:
            await _end(after)
        settings = Settings(
            path=str(self._weights),
            name=self.default_model,
            key=secrets.token_urlsafe(32),
            context_tokens=self._config.context_tokens,
            slots=SLOTS,
            threads=self._config.threads or max(1, _cores() - 1),
            debug=log.isEnabledFor(logging.DEBUG),
        )
        process = await asyncio.create_subprocess_exec(
            # By its path and with -P: a file that happens to lie in the current
            # folder must not be imported in place of a module.
            *(sys.executable, "-P", local_server.__file__),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        child = _Child(process)
        try:
            # Both take about a second, and neither needs the other.
            address, _ = await asyncio.gather(
                child.ready(settings), asyncio.to_thread(importlib.import_module, "anthropic")
            )
            child.client = self._client(address, settings.key)
        except BaseException:
            await child.close()
            raise
        return child

    def _client(self, address: str, key: str) -> AnthropicProvider:
        settings = config.Anthropic(
            max_output_tokens=self._output_tokens,
            # Reading a long prompt is silent, and slow on a small machine; a child
            # that died closes the connection.
            silence_seconds=600,
        )
        return AnthropicProvider(
            settings,
            api_key=key,
            base_url=address,
            name=self.name,
            default_model=self.default_model,
            context_tokens=self.context_tokens,
            prefills=True,
            capabilities=PLAIN,
            # A model this small goes astray when it may choose.
            extra_body={"temperature": 0},
            # llama.cpp promises to keep a connection and then drops it after each
            # stream, so that the next question would be sent into the void.
            headers={"Connection": "close"},
        )


def available(config: config.Local, data_folder: Path) -> bool:
    """Whether runtime and weights are there. Cheap: nothing is imported."""
    try:
        model_file.find(config, data_folder)
    except NoProvider:
        return False
    return find_spec("xllamacpp") is not None


class _Child:
    """One process of `local_server`."""

    client: AnthropicProvider | None = None

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.pid = process.pid
        self._process = process
        self._said: deque[str] = deque(maxlen=50)
        self._listening = asyncio.create_task(self._listen())

    @property
    def alive(self) -> bool:
        return self._process.returncode is None

    async def ready(self, settings: Settings) -> str:
        """The address, once the model is loaded. Raises ProviderError."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(msgspec.json.encode(settings) + b"\n")
        try:
            async with asyncio.timeout(START_SECONDS):
                address = (await self._process.stdout.readline()).decode().strip()
        except TimeoutError:
            raise ProviderError(
                f"The embedded model was not loaded after {START_SECONDS:.0f} seconds.",
                hint="Try a smaller model.",
            ) from None
        if not address:
            await self._listening
            raise ProviderError(f"{settings.path} cannot be loaded: {self._why()}.")
        return address

    async def close(self) -> None:
        if self.client is not None:
            await self.client.close()
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        await self._listening

    async def _listen(self) -> None:
        assert self._process.stderr
        async for line in self._process.stderr:
            text = line.decode(errors="replace").rstrip()
            log.debug("%s", text)
            self._said.append(text)

    def _why(self) -> str:
        """llama.cpp's first error is the cause, the further ones are what followed."""
        errors = (re.match(r"[\d.]+ E (.*)", line) for line in self._said)
        first = next((error[1] for error in errors if error), None)
        return first or (self._said[-1] if self._said else "it ended without a word")


def _is_over(start: asyncio.Task[_Child]) -> bool:
    """Whether the start failed, or what it started has died."""
    if not start.done():
        return False
    return start.cancelled() or start.exception() is not None or not start.result().alive


async def _end(start: asyncio.Task[_Child]) -> None:
    (child,) = await asyncio.gather(start, return_exceptions=True)
    if isinstance(child, _Child):
        await child.close()


def _cores() -> int:
    """How many cores this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
