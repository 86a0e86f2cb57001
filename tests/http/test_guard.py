"""Another site's page in the same browser gets nothing and changes nothing."""

from __future__ import annotations

import httpx2
import pytest

from squid.http.guard import is_local


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://127.0.0.1.evil.example"},
        {"Host": "evil.example"},
        {"Host": "evil.example:8765"},
        {"Host": "[broken"},
        {"Host": ""},
    ],
)
async def test_foreign_pages_are_refused(
    client: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    asked = await client.post(
        "/api/chat", content=b'{"message":{"content":"Hello"}}', headers=headers
    )
    assert asked.status_code in (400, 403)
    if asked.status_code == 403:
        assert asked.json()["type"] == "urn:squid:error:forbidden"
    listed = await client.get("/api/sessions", headers=headers)
    assert listed.status_code in (400, 403)
    assert (await client.get("/api/sessions")).json()["sessions"] == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Host": "localhost"},
        {"Host": "[::1]:8765"},
        {"Origin": "http://localhost:5173"},
        {"Origin": "http://127.0.0.1:8765"},
    ],
)
async def test_pages_of_this_machine_are_served(
    client: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    assert (await client.get("/api/sessions", headers=headers)).status_code == 200


@pytest.mark.parametrize("url", ["//localhost:1", "http://127.9.9.9", "//[::1]", "//a.localhost"])
def test_local(url: str) -> None:
    assert is_local(url)
