from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import httpx2
import pytest

from squid.config import Config
from squid.core import Squid
from tests.conftest import serving


@pytest.fixture
async def served(
    configure: Callable[..., Config],
) -> AsyncIterator[tuple[httpx2.AsyncClient, Squid]]:
    """A client of a real server, and that server's inside."""
    async with serving(configure()) as (client, squid):
        yield client, squid
