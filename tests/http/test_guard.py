"""Another site's page in the same browser gets nothing and changes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import httpx2
import pytest

from squid.config import Config
from squid.http.guard import host_name
from tests.conftest import serving
from tests.http.raw import send
from tests.http.talk import problem

PAGE = "https://chat.example.com"
NAMED = {"server__allowed_hosts": ["squid.example.com"], "server__allowed_origins": [PAGE]}


@pytest.fixture
async def named(configure: Callable[..., Config]) -> AsyncIterator[httpx2.AsyncClient]:
    """Behind a proxy of a name, and used by a page of another."""
    async with serving(configure(**NAMED)) as (client, _):
        yield client


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://127.0.0.1.evil.example"},
        {"Origin": "http://localhost:5173"},  # another port of this machine is another site
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "ftp://localhost", "Host": "localhost"},
        {"Origin": "http://localhost@evil.example", "Host": "localhost"},
        {"Origin": PAGE},  # not unless it is allowed
        {"Host": "evil.example"},
        {"Host": "evil.example:8765"},
        {"Host": "localhost.evil.example"},
        {"Host": "localhost@evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "2130706433.evil.example"},
        {"Host": "evil.example", "Origin": "http://evil.example"},  # rebinding
        {"Host": "squid.example.com"},
        {"Host": "[broken"},
        {"Host": ""},
        {"Host": "a" * 5000},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"},
    ],
    ids=str,
)
async def test_foreign_pages_are_refused(
    client: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    asked = await client.post(
        "/api/chat", content=b'{"message":{"content":"Hello"}}', headers=headers
    )
    problem(asked, 403, "forbidden")
    problem(await client.get("/api/sessions", headers=headers), 403, "forbidden")
    assert "access-control-allow-origin" not in asked.headers
    assert (await client.get("/api/sessions")).json()["sessions"] == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Host": "localhost"},
        {"Host": "LOCALHOST:1"},
        {"Host": "squid.localhost"},
        {"Host": "[::1]:8765"},
        {"Host": "192.168.1.5:8765"},  # an address is never rebound
        {"Host": "localhost:5173", "Origin": "http://localhost:5173"},
        {"Host": "localhost", "Origin": "http://localhost"},
        {"Host": "localhost", "Origin": "https://localhost"},  # a proxy in front
        {"Host": "localhost:80", "Origin": "http://localhost"},
        {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"},
        {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},  # a link
    ],
    ids=str,
)
async def test_own_pages_and_programs_are_served(
    client: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    assert (await client.get("/api/sessions", headers=headers)).status_code == 200


@pytest.mark.parametrize("host", [b"", b"Host: localhost\r\nHost: evil.example\r\n"])
async def test_two_hosts_are_none(client: httpx2.AsyncClient, host: bytes) -> None:
    told = await send(client, b"GET /api/sessions HTTP/1.0\r\n" + host + b"\r\n")
    assert told.startswith(b"HTTP/1.1 403 Forbidden\r\n")


async def test_it_says_which_setting_would_let_them_in(client: httpx2.AsyncClient) -> None:
    for header, setting in (("Host", "allowed_hosts"), ("Origin", "allowed_origins")):
        refused = await client.get("/api/sessions", headers={header: "http://x.example"})
        assert setting in problem(refused, 403, "forbidden")["hint"]


async def test_names_and_pages_that_were_allowed(named: httpx2.AsyncClient) -> None:
    for headers in (
        {"Host": "squid.example.com"},
        {"Host": "Squid.Example.Com:443", "Origin": "https://squid.example.com"},
        {"Host": "squid.example.com", "Origin": PAGE},
        {"Origin": PAGE, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"},
    ):
        assert (await named.get("/api/sessions", headers=headers)).status_code == 200, headers
    for origin in (f"{PAGE}:8443", "http://chat.example.com", "https://x.chat.example.com"):
        refused = await named.get("/api/sessions", headers={"Origin": origin})
        problem(refused, 403, "forbidden")


async def test_page_that_is_allowed_may_send_and_read_what_it_needs(
    named: httpx2.AsyncClient,
) -> None:
    asked = await named.options(
        "/api/chat",
        headers={
            "Origin": PAGE,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type,x-request-id",
            "Access-Control-Request-Private-Network": "true",
        },
    )
    assert asked.status_code == 200
    assert asked.headers["access-control-allow-private-network"] == "true"
    assert "If-Match" not in asked.headers["access-control-allow-headers"]
    assert asked.headers["access-control-allow-origin"] == PAGE
    assert "access-control-allow-credentials" not in asked.headers
    made = await named.post("/api/sessions", json={}, headers={"Origin": PAGE})
    assert made.headers["access-control-allow-origin"] == PAGE
    assert {"Location", "ETag", "Retry-After", "X-Request-Id", "X-Squid-Run"} <= set(
        made.headers["access-control-expose-headers"].split(", ")
    )
    missing = await named.get("/api/sessions/none", headers={"Origin": PAGE})
    assert missing.headers["access-control-allow-origin"] == PAGE  # it may read errors too


async def test_preflight_of_another_page_is_refused(named: httpx2.AsyncClient) -> None:
    for headers in (
        {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"},
        {"Origin": PAGE, "Access-Control-Request-Method": "TRACE"},
        {
            "Origin": PAGE,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "x-other",
        },
    ):
        asked = await named.options("/api/chat", headers=headers)
        problem(asked, 403, "forbidden")


async def test_page_that_is_allowed_may_read_that_it_met_a_bug(
    configure: Callable[..., Config], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("oh no")

    async with serving(configure(**NAMED)) as (client, squid):
        monkeypatch.setattr(squid.database, "read", broken)
        for origin in (PAGE, "https://evil.example"):
            answer = await client.get("/api/sessions/x", headers={"Origin": origin})
            if origin == PAGE:
                problem(answer, 500, "error")
                assert answer.headers["access-control-allow-origin"] == PAGE
            else:
                problem(answer, 403, "forbidden")
                assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("localhost", "localhost"),
        ("a.b:80", "a.b"),
        ("[::1]:1", "[::1]"),
        ("a b", None),
        ("a/b", None),
        ("a:b", None),
        ("a:", None),
        ("user@a", None),
        ("", None),
        ("::1", None),
    ],
)
def test_name_of_a_host(header: str, name: str | None) -> None:
    assert host_name(header) == name
