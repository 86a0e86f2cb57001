"""Which models can be asked."""

from __future__ import annotations

from collections.abc import Callable

import httpx2
import pytest

from squid.config import Config
from squid.core import Squid
from squid.errors import ProviderLimited
from tests.conftest import serving
from tests.http.talk import problem


async def test_models_the_default_one_first(client: httpx2.AsyncClient) -> None:
    response = await client.get("/api/models")
    assert response.status_code == 200
    models = response.json()["models"]
    assert models[0] == {
        "id": "script:deltas=5",
        "name": models[0]["name"],
        "provider": "anthropic",
    }
    assert len({one["id"] for one in models}) == len(models) > 1


async def test_no_model_is_a_problem(
    configure: Callable[..., Config], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    nothing = {"provider__anthropic__api_key": "", "provider__anthropic__base_url": ""}
    async with serving(configure(**nothing)) as (client, _):
        problem(await client.get("/api/models"), 503, "no-provider")


async def test_server_that_is_not_there_is_a_problem(configure: Callable[..., Config]) -> None:
    config = configure(provider__anthropic__base_url="http://127.0.0.1:9")
    async with serving(config) as (client, _):
        problem(await client.get("/api/models"), 502, "provider-unreachable")


async def test_wait_that_is_asked_for_is_passed_on(
    served: tuple[httpx2.AsyncClient, Squid], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, squid = served

    async def limited() -> None:
        raise ProviderLimited("Too much.", retryable=True, retry_after=1.5)

    monkeypatch.setattr(squid.provider(), "models", limited)
    response = await client.get("/api/models")
    problem(response, 502, "provider-limited")
    assert response.headers["retry-after"] == "2"
