"""What an AnthropicProvider says when its server, or the way to it, misbehaves."""

from __future__ import annotations

import contextlib
import logging
import socket
import sys

import msgspec
import pytest

from squid.errors import (
    ProviderAuth,
    ProviderConfused,
    ProviderCut,
    ProviderError,
    ProviderLimited,
    ProviderOverloaded,
    ProviderRejected,
    ProviderSilent,
    ProviderUnreachable,
)
from squid.providers import anthropic_client
from squid.providers.anthropic import AnthropicProvider
from squid.providers.anthropic_errors import retry_after
from squid.providers.base import (
    End,
)
from tests.providers.asking import KEY, ask, failing, made, parts_of, text_of
from tests.upstream import Upstream

# -- what comes out when it does not


@pytest.mark.parametrize(
    ("mishap", "kind"),
    [
        ("cut_after=3", ProviderCut),
        ("no_stop=1,deltas=3", ProviderCut),
        ("stall_after=3", ProviderSilent),
        ("malformed=json,after=3", ProviderConfused),
        ("malformed=event,after=3", ProviderConfused),
        ("malformed=bytes,after=3", ProviderConfused),
        ("malformed=html,after=3", ProviderConfused),
        ("error_after=3", ProviderOverloaded),
        ("error_after=3,error=rate_limit_error", ProviderLimited),
        ("error_after=3,error=authentication_error", ProviderAuth),
        ("error_after=3,error=invalid_request_error", ProviderRejected),
        ("error_after=3,error=brand_new_error", ProviderOverloaded),
    ],
)
async def test_in_mid_stream(up: Upstream, mishap: str, kind: type[ProviderError]) -> None:
    async with made(up, silence=0.3) as provider:
        text, error = await failing(provider, ask(f"script:{mishap}"))
    assert text == "w0 w1 w2 "
    assert type(error) is kind
    assert error.retryable is (kind not in (ProviderConfused, ProviderAuth, ProviderRejected))


@pytest.mark.parametrize(
    ("status", "kind", "retryable"),
    [
        (400, ProviderRejected, False),
        (401, ProviderAuth, False),
        (402, ProviderRejected, False),
        (403, ProviderAuth, False),
        (404, ProviderRejected, False),
        (408, ProviderOverloaded, True),
        (413, ProviderRejected, False),
        (418, ProviderRejected, False),
        (422, ProviderRejected, False),
        (429, ProviderLimited, True),
        (500, ProviderOverloaded, True),
        (502, ProviderOverloaded, True),
        (529, ProviderOverloaded, True),
    ],
)
@pytest.mark.parametrize("body", ["json", "html", "empty"])
async def test_a_status(
    provider: AnthropicProvider, status: int, kind: type[ProviderError], retryable: bool, body: str
) -> None:
    _, error = await failing(provider, ask(f"script:status={status},body={body},say=Its words"))
    assert type(error) is kind
    assert error.retryable is retryable
    assert ("Its words" in error.detail) is (body == "json")
    assert "<" not in error.detail
    assert error.hint
    assert error.members == {"upstream_request_id": "req_01Squid"}
    msgspec.json.encode(error.members)


async def test_nothing_is_retried_here(provider: AnthropicProvider, up: Upstream) -> None:
    flaky = ask("script:status=529,times=1,key=a,deltas=1")
    await failing(provider, flaky)
    assert len(up.requests) == 1
    assert text_of(await parts_of(provider, flaky)) == "w0 "


async def test_retry_after_is_passed_on(provider: AnthropicProvider) -> None:
    _, error = await failing(provider, ask("script:status=429,retry_after=7"))
    assert error.retry_after == 7
    assert error.hint == "Try again in 7 seconds."
    _, error = await failing(provider, ask("script:status=529,retry_after=date"))
    assert error.retry_after == pytest.approx(30, abs=3)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "1500", "retry-after": "2"}, 1.5),
        ({"retry-after": "Thu, 01 Jan 1970 00:01:40 GMT"}, 50),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:01 GMT"}, 0),
        *[({"retry-after": odd}, None) for odd in ("soon", "-1", "nan", "inf", "")],
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, now=50) == seconds


async def test_silence_before_the_headers(up: Upstream) -> None:
    async with made(up, silence=0.3) as provider:
        _, error = await failing(provider, ask("script:silent_connect=1"))
    assert type(error) is ProviderSilent
    assert "0.3 seconds" in error.detail


async def test_pings_are_life(up: Upstream) -> None:
    """Slower than the silence allowed in all, but never silent for so long."""
    async with made(up, silence=0.3) as provider:
        parts = await parts_of(provider, ask("script:deltas=8,delay_ms=100"))
    assert isinstance(parts[-1], End)


@pytest.mark.parametrize("model", ["script:malformed=html", "script:redirect=1"])
async def test_another_kind_of_server(provider: AnthropicProvider, model: str) -> None:
    _, error = await failing(provider, ask(model))
    assert type(error) is ProviderConfused
    assert "base_url" in (error.hint or "")
    assert ("redirect" if "redirect" in model else "text/html") in error.detail


async def test_nobody_there(up: Upstream) -> None:
    async with made(up, base_url="http://127.0.0.1:9") as provider:
        _, error = await failing(provider, ask("script:"))
        assert type(error) is ProviderUnreachable
        assert error.retryable
        with pytest.raises(ProviderUnreachable):
            await provider.models()


@pytest.mark.skipif(sys.platform != "linux", reason="others refuse when the queue is full")
async def test_a_server_too_busy_to_take_the_call(
    up: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anthropic_client, "CONNECT_SECONDS", 0.2)
    with contextlib.ExitStack() as sockets:
        server = sockets.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):
            waiting = sockets.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(server.getsockname())
        async with made(up, base_url=f"http://127.0.0.1:{server.getsockname()[1]}") as provider:
            _, error = await failing(provider, ask("script:"))
    assert type(error) is ProviderUnreachable


async def test_a_proxy_is_not_for_this_machine(
    up: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with made(up) as provider:
        assert await parts_of(provider, ask("script:"))


@pytest.mark.parametrize("url", ["nowhere", "ftp://host", "http://", "http://host:99999"])
async def test_not_an_address(up: Upstream, url: str) -> None:
    async with made(up, base_url=url) as provider:
        _, error = await failing(provider, ask("script:"))
    assert type(error) is ProviderUnreachable
    assert not error.retryable


async def test_a_version_at_the_end_of_the_address(up: Upstream) -> None:
    async with made(up, base_url=f"{up.url}/v1/") as provider:
        assert await parts_of(provider, ask("script:"))


# -- keys


@pytest.mark.parametrize("key", ["", "sk-ant 1", "sk-ant\n", "sk-änt", "sk\0", "\x7f"])
async def test_a_key_that_cannot_be_one(up: Upstream, key: str) -> None:
    async with made(up, api_key=key) as provider:
        _, error = await failing(provider, ask("script:"))
        with pytest.raises(ProviderAuth):
            await provider.models()
    assert type(error) is ProviderAuth
    assert not key or key not in f"{error} {error.hint}"
    assert not up.requests


async def test_the_key_is_never_told(up: Upstream, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    key = "bad-" + KEY
    async with made(up, api_key=key) as provider:
        _, error = await failing(provider, ask("script:"))
        with pytest.raises(ProviderAuth) as caught:
            await provider.models()
        told = [repr(provider), str(vars(provider)["_failures"])]
    assert "[the key]" in error.detail
    told += [repr(e) + str(e.hint) + str(e.members) for e in (error, caught.value)]
    assert key not in caplog.text + "".join(told)
    assert error.__cause__ is None
    assert error.__suppress_context__


@pytest.mark.parametrize(
    "address",
    [
        *("http://a..b", "http://.example", f"http://{'x' * 64}.example"),
        *("http://u:p@127.0.0.1:9", "http://1.2.3.999", "http://\N{SNOWMAN}.invalid"),
        "http://127.0.0.1:9/a#z",
    ],
)
async def test_an_address_that_can_be_none(up: Upstream, address: str) -> None:
    async with made(up, base_url=address) as provider:
        _, error = await failing(provider, ask("script:"))
        assert type(error) is ProviderUnreachable
        with pytest.raises(ProviderUnreachable):
            await provider.models()
