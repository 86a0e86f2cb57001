"""The way to a Messages API server: the SDK's headers and its connections.

A request is made once and its body is written here: what the SDK does for each call (its
types, its retries, the headers anew) costs more than all else that Squid does before the
first word of an answer.
"""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from squid.providers.anthropic_errors import Failures

if TYPE_CHECKING:
    import httpx2

CONNECT_SECONDS = 10.0
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Client:
    """Making one imports the SDK, which takes a second, and reads the certificates, which
    takes 50 ms: do it in a thread."""

    def __init__(
        self,
        *,
        url: str,
        key: str,
        headers: Mapping[str, str],
        silence_seconds: float,
        failures: Failures,
    ) -> None:
        anthropic = importlib.import_module("anthropic")
        self._httpx = httpx = importlib.import_module("httpx2")
        self._failures = failures
        self._timeout = httpx.Timeout(
            None,
            connect=CONNECT_SECONDS,
            pool=3 * CONNECT_SECONDS,  # finding the address and all attempts together
            read=silence_seconds,
        )
        self._http: httpx2.AsyncClient = anthropic.DefaultAioHttpClient(
            timeout=self._timeout,
            # A redirect would turn the question into a GET, or take the key elsewhere.
            follow_redirects=False,
            # HTTP_PROXY is not for a server on this machine.
            trust_env=urlsplit(url).hostname not in LOOPBACK,
        )
        self._headers = httpx.Headers(self._http.headers)
        with failures.asking():  # an address or a header that cannot be one
            sdk = anthropic.AsyncAnthropic(
                api_key=key,
                base_url=url,
                default_headers=headers,
                http_client=self._http,
                open_telemetry=False,
            )
            for name, said in sdk.default_headers.items():
                if isinstance(said, str):
                    self._headers[name] = said
            self._messages = httpx.URL(f"{url}/v1/messages")
            self._models = httpx.URL(f"{url}/v1/models?limit=1000")

    @asynccontextmanager
    async def answer(self, question: bytes) -> AsyncIterator[httpx2.Response]:
        """The answer to a question in JSON, from its head on. Raises ProviderError, also
        while it is read."""
        async with self._ask("POST", self._messages, question) as response:
            yield response

    async def models(self) -> tuple[bytes, str]:
        """The list of models as the server gives it, and its media type."""
        async with self._ask("GET", self._models) as response:
            return await response.aread(), response.headers.get("content-type", "")

    async def close(self) -> None:
        await self._http.aclose()

    @asynccontextmanager
    async def _ask(
        self, method: str, url: httpx2.URL, content: bytes | None = None
    ) -> AsyncIterator[httpx2.Response]:
        with self._failures.asking():
            request = self._httpx.Request(
                method,
                url,
                headers=self._headers,
                content=content,
                extensions={"timeout": self._timeout.as_dict()},
            )
            response = await self._http.send(request, stream=True)
        try:
            with self._failures.reading():
                if not response.is_success:
                    said = await response.aread()
                    raise self._failures.by_status(
                        response.status_code, response.headers, said
                    ) from None
                yield response
        finally:
            await response.aclose()
