"""Asking an AnthropicProvider, for the tests here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from squid.config import Anthropic
from squid.errors import (
    ProviderError,
)
from squid.providers.anthropic import AnthropicProvider
from squid.providers.base import (
    End,
    FileInput,
    Part,
    Prompt,
    Provider,
    Text,
    TextInput,
    Turn,
)
from tests.upstream import Upstream

KEY = "sk-ant-secret-0123456789"


@asynccontextmanager
async def made(
    up: Upstream, *, silence: Any = 5, **options: Any
) -> AsyncIterator[AnthropicProvider]:
    options = {"api_key": KEY, "base_url": up.url} | options
    provider = AnthropicProvider(Anthropic(silence_seconds=silence), **options)
    try:
        yield provider
    finally:
        await provider.close()


def ask(model: str, text: str = "Hello there", *files: FileInput) -> Prompt:
    return Prompt(model=model, turns=(Turn("user", (*files, TextInput(text))),))


async def parts_of(provider: Provider, prompt: Prompt) -> list[Part]:
    return [part async for batch in provider.stream(prompt) for part in batch]


async def failing(provider: Provider, prompt: Prompt) -> tuple[str, ProviderError]:
    """The text that came, and the error after it."""
    seen: list[Part] = []
    try:
        async for batch in provider.stream(prompt):
            seen += batch
    except ProviderError as error:
        assert not any(isinstance(part, End) for part in seen)
        return text_of(seen), error
    pytest.fail("There was no error")


def text_of(parts: list[Part]) -> str:
    return "".join(part.text for part in parts if isinstance(part, Text))
