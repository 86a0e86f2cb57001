"""With a token, who does not have it gets nothing."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator, Callable

import httpx2
import pytest

from squid.config import Config
from squid.http import token
from tests.conftest import serving
from tests.http.addresses import ADDRESSES
from tests.http.talk import problem

TOKEN = "a-token-for:the-tests~1"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}


@pytest.fixture
async def locked(configure: Callable[..., Config]) -> AsyncIterator[httpx2.AsyncClient]:
    config = configure(
        server__token=TOKEN,
        server__allowed_origins=["https://chat.example.com"],
        server__trusted_proxies=["127.0.0.1"],
    )
    async with serving(config) as (client, _):
        yield client


WRONG = [
    {"Authorization": "Bearer wrong"},
    {"Authorization": f"Bearer {TOKEN}x"},
    {"Authorization": f"Bearer {TOKEN[:-1]}"},
    {"Authorization": "Bearer"},
    {"Authorization": TOKEN},
    {"Authorization": f"Token {TOKEN}"},
    {"Authorization": "Basic not base64"},
    {"Authorization": "Basic " + b64encode(TOKEN.encode()).decode()},
    basic(TOKEN, ""),
    basic("", TOKEN.upper()),
]


async def test_without_it_no_address_answers(locked: httpx2.AsyncClient) -> None:
    for address in ADDRESSES:
        response = await locked.request(address.method, address.path)
        if address.path == "/healthz":
            assert response.status_code == 200
            continue
        assert problem(response, 401, "unauthorized")["hint"]
        told = response.headers.get_list("www-authenticate")
        assert [one.partition(" ")[0] for one in told] == ["Basic", "Bearer"]
    problem(await locked.get("/nowhere"), 401, "unauthorized")
    problem(await locked.get("/healthz/"), 401, "unauthorized")


@pytest.mark.parametrize("headers", WRONG, ids=str)
async def test_wrong_one_is_refused(locked: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    problem(await locked.get("/api/sessions", headers=headers), 401, "unauthorized")
    made = await locked.post("/api/sessions", json={}, headers=headers)
    assert TOKEN not in made.text
    problem(made, 401, "unauthorized")
    assert (await locked.get("/api/sessions", headers=BEARER)).json()["sessions"] == []


@pytest.mark.parametrize(
    "headers",
    [BEARER, {"Authorization": f"bearer  {TOKEN}"}, basic("", TOKEN), basic("ada", TOKEN)],
    ids=str,
)
async def test_right_one_is_let_in(locked: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    assert (await locked.post("/api/sessions", json={}, headers=headers)).status_code == 201
    assert (await locked.get("/docs", headers=headers)).status_code == 200
    run = await locked.post("/api/chat", json={"message": {"content": "Hi"}}, headers=headers)
    assert "RUN_FINISHED" in run.text


async def test_it_does_not_open_to_other_pages(locked: httpx2.AsyncClient) -> None:
    """A browser sends the password along with whatever page asks."""
    headers = {**BEARER, "Origin": "https://evil.example"}
    problem(await locked.get("/api/sessions", headers=headers), 403, "forbidden")
    problem(await locked.get("/api/sessions", headers={**BEARER, "Host": "x.example"}), 403,
            "forbidden")  # fmt: skip


async def test_preflight_needs_none_and_what_follows_does(locked: httpx2.AsyncClient) -> None:
    page = {"Origin": "https://chat.example.com"}
    asked = await locked.options(
        "/api/sessions",
        headers={
            **page,
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "authorization",
        },
    )
    assert asked.status_code == 200
    assert "Authorization" in asked.headers["access-control-allow-headers"]
    refused = await locked.get("/api/sessions", headers=page)
    problem(refused, 401, "unauthorized")
    assert refused.headers["access-control-allow-origin"] == page["Origin"]
    assert (await locked.get("/api/sessions", headers=page | BEARER)).status_code == 200


async def test_guesses_are_few_and_lock_nobody_out(locked: httpx2.AsyncClient) -> None:
    async def ask(given: str, address: str = "192.0.2.1") -> httpx2.Response:
        headers = {"Authorization": f"Bearer {given}", "X-Forwarded-For": address}
        return await locked.get("/api/models", headers=headers)

    for number in range(token.WRONG_PER_MINUTE):
        problem(await ask(f"guess-{number}"), 401, "unauthorized")
    refused = await ask("one-guess-more")
    problem(refused, 429, "rate-limited")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert (await ask(TOKEN)).status_code == 200  # who has it is never locked out
    problem(await ask("a-guess-from-elsewhere", "192.0.2.2"), 401, "unauthorized")
    unasked = await locked.get("/api/models", headers={"X-Forwarded-For": "192.0.2.1"})
    problem(unasked, 401, "unauthorized")  # which is no guess: a browser begins so
    assert (await ask(TOKEN)).status_code == 200
