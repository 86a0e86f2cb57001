"""One address does not take the server from all others."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from squid.config import Config
from squid.http.rate_limits import Allowance, client_of
from tests.conftest import serving
from tests.http.talk import problem


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_minutes_allowance_at_once_and_then_by_and_by() -> None:
    clock = Clock()
    allowance = Allowance(60, clock)
    assert [allowance.take("a") for _ in range(60)] == [0] * 60
    assert allowance.take("a") == pytest.approx(1)
    assert allowance.take("b") == 0
    clock.now += 1
    assert allowance.take("a") == 0
    assert allowance.take("a") == pytest.approx(1)
    clock.now += 3600  # nothing is saved up
    assert [allowance.take("a") == 0 for _ in range(61)] == [True] * 60 + [False]


@given(st.lists(st.floats(0, 30), min_size=1, max_size=200), st.integers(1, 20))
def test_no_minute_has_more_than_twice_the_allowance(pauses: list[float], limit: int) -> None:
    clock = Clock()
    allowance = Allowance(limit, clock)
    granted = []
    for pause in pauses:
        clock.now += pause
        wait = allowance.take("a")
        if wait == 0:
            granted.append(clock.now)
        else:
            assert wait <= 60 / limit + 1e-6
    for at in granted:
        assert sum(at <= other < at + 60 for other in granted) <= 2 * limit


def test_many_addresses_do_not_fill_the_memory() -> None:
    allowance = Allowance(1, max_clients=100)
    for number in range(10_000):
        allowance.take(f"192.0.2.{number}")
    assert len(allowance) == 100
    assert allowance.take("192.0.2.9999") > 0  # the last ones are remembered


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("not:an:address", "not:an:address"),
        ("x" * 5000, "x" * 64),
    ],
)
def test_whose_request_it_is(address: str, client: str) -> None:
    assert client_of({"client": (address, 1)}) == client
    assert client_of({"client": None}) == ""


async def test_beyond_it_the_answer_says_when_to_come_back(
    configure: Callable[..., Config],
) -> None:
    config = configure(
        performance__rate_limit_requests_per_minute=5,
        server__allowed_origins=["https://chat.example.com"],
    )
    async with serving(config) as (client, _):
        for _ in range(5):
            assert (await client.get("/api/sessions")).status_code == 200
        refused = await client.get("/api/sessions", headers={"Origin": "https://chat.example.com"})
        problem(refused, 429, "rate-limited")
        assert 1 <= int(refused.headers["retry-after"]) <= 12
        assert refused.headers["access-control-allow-origin"]  # so that a page can read it
        assert (await client.get("/healthz")).status_code == 200
        # Nobody is believed who says to be somebody else.
        other = await client.get("/api/sessions", headers={"X-Forwarded-For": "192.0.2.7"})
        problem(other, 429, "rate-limited")


async def test_behind_a_proxy_that_is_trusted_each_has_a_limit(
    configure: Callable[..., Config],
) -> None:
    config = configure(
        performance__rate_limit_requests_per_minute=1, server__trusted_proxies=["127.0.0.0/8"]
    )
    async with serving(config) as (client, _):
        statuses = [
            (await client.get("/api/sessions", headers={"X-Forwarded-For": who})).status_code
            for who in ("192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.1, 192.0.2.2")
        ]
    assert statuses == [200, 429, 200, 429]  # the last word is the proxy's


async def test_none_is_no_limit(configure: Callable[..., Config]) -> None:
    async with serving(configure(performance__rate_limit_requests_per_minute=0)) as (client, _):
        assert (await client.get("/api/sessions")).status_code == 200
