"""`[features]`: what is off is not there, and says how to get it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from squid.config import Config, Features, load
from squid.http.routes import ROUTES
from tests.conftest import serving
from tests.http.talk import problem

NAMES = [field.name for field in msgspec.structs.fields(Features)]


def test_every_feature_is_some_routes() -> None:
    # The page is no part of the API: see test_page.
    assert set(NAMES) == {"page"} | {route.feature for route in ROUTES if route.feature}


@pytest.mark.parametrize("name", NAMES)
async def test_what_is_off_is_not_there(configure: Callable[..., Config], name: str) -> None:
    async with serving(configure(**{f"features__{name}": False})) as (client, _):
        for route in ROUTES:
            if route.feature == name:
                for method in ("GET", "POST", "PUT"):
                    response = await client.request(method, route.path.format(session_id="x"))
                    found = problem(response, 404, "not-found")
                    assert f"features.{name}" in found["hint"]
        assert (await client.get("/api/server")).json()["features"] == {
            feature: feature != name for feature in NAMES
        }
        if name != "docs":
            told = (await client.get("/api/openapi.json")).json()["paths"]
            page = (await client.get("/docs")).text
            for route in ROUTES:
                assert (route.path in told) == (route.feature != name)
                assert (f'id="{route.id}"' in page) == (route.feature != name)


@pytest.mark.parametrize("name", NAMES)
async def test_what_is_on_does_not_miss_what_is_off(
    configure: Callable[..., Config], name: str
) -> None:
    async with serving(configure(**{f"features__{name}": False})) as (client, _):
        for route in ROUTES:
            if route.feature == name or "GET" not in (route.methods or ()) or "{" in route.path:
                continue
            async with client.stream("GET", route.path) as response:
                assert response.status_code < 500, route.path


async def test_server_says_what_it_can_do(configure: Callable[..., Config]) -> None:
    config = configure(files__max_file_size_mb=7, files__max_files_per_message=3)
    async with serving(config) as (client, _):
        response = await client.get("/api/server")
        told = response.json()
        assert told["limits"] == {
            "max_body_bytes": 8 * 1024 * 1024,
            "max_file_size_mb": 7,
            "max_files_per_message": 3,
            "max_batch_requests": 50,
        }
        assert told["provider"] == {"name": "anthropic", "model": "script:deltas=5"}
        section = config.provider.anthropic
        for secret in (section.base_url, config.data, f'"{section.api_key}"'):
            assert secret not in response.text


async def test_server_without_a_model_says_so(
    configure: Callable[..., Config], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    config = configure(provider__anthropic__api_key="", provider__anthropic__base_url="")
    async with serving(config) as (client, _):
        assert (await client.get("/api/server")).json()["provider"] is None


def test_variable_switches_one_off(tmp_path: Path) -> None:
    config = load(environ={"SQUID_FEATURES_AG_UI": "false", "SQUID_DATA": str(tmp_path)})
    assert config.features == Features(ag_ui=False)
