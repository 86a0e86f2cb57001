"""`Idempotency-Key`: the same key, the same thing made once (P5)."""

from __future__ import annotations

import httpx2
import pytest

SCRIPT = {"model": "script:deltas=2"}


async def test_same_key_makes_one_session(client: httpx2.AsyncClient) -> None:
    headers = {"Idempotency-Key": "k1"}
    made = [(await client.post("/api/sessions", json={}, headers=headers)).json() for _ in "ab"]
    assert made[0]["id"] == made[1]["id"]
    other = await client.post("/api/sessions", json={}, headers={"Idempotency-Key": "k2"})
    assert other.json()["id"] != made[0]["id"]


async def test_same_key_asks_once(client: httpx2.AsyncClient) -> None:
    body = {"message": {"content": "Hello"}, **SCRIPT}
    headers = {"Idempotency-Key": "k1"}
    asked = [await client.post("/api/chat", json=body, headers=headers) for _ in "ab"]
    assert asked[0].headers["x-squid-run"] == asked[1].headers["x-squid-run"]
    assert asked[0].text == asked[1].text
    listed = (await client.get("/api/sessions")).json()["sessions"]
    assert [session["message_count"] for session in listed] == [2]


async def test_same_key_for_something_else_is_refused(client: httpx2.AsyncClient) -> None:
    headers = {"Idempotency-Key": "k1"}
    for content, expected in (("Hello", 200), ("Goodbye", 409)):
        body = {"message": {"content": content}, **SCRIPT}
        asked = await client.post("/api/chat", json=body, headers=headers)
        assert asked.status_code == expected, asked.text


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_key_that_is_none(client: httpx2.AsyncClient, key: str) -> None:
    made = await client.post("/api/sessions", json={}, headers={"Idempotency-Key": key})
    assert made.status_code == 422
