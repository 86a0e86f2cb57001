"""An upstream for each test, and a provider that asks it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from squid.providers.anthropic import AnthropicProvider
from tests.providers.asking import made
from tests.upstream import Upstream


@pytest.fixture
async def up() -> AsyncIterator[Upstream]:
    async with Upstream.start() as upstream:
        yield upstream


@pytest.fixture
async def provider(up: Upstream) -> AsyncIterator[AnthropicProvider]:
    async with made(up) as provider:
        yield provider
