"""A model behind the Anthropic Messages API, at any address that speaks it.

`import anthropic` takes a second, so nothing here imports it before it is needed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Any

import msgspec

from squid import config
from squid.errors import ProviderRejected
from squid.providers.anthropic_client import Client
from squid.providers.anthropic_errors import Failures
from squid.providers.anthropic_request import Capabilities, Request, build
from squid.providers.anthropic_stream import Decoder
from squid.providers.base import FileInput, ModelInfo, Part, Prompt

OFFICIAL = "https://api.anthropic.com"
CONTEXT_TOKENS = 200_000
LAST_BYTES_SECONDS = 0.2


class _Model(msgspec.Struct):
    id: str
    display_name: str | None = None


class _Models(msgspec.Struct):
    data: list[_Model]


class AnthropicProvider:
    """A `Provider`. Making one costs nothing and cannot fail: a bad key or address is
    an error of the first question, so that a server without a model still starts.

    `config` gives the default model, the output limit in tokens, whether to think, and
    how many seconds of silence end a request; its `api_key` and `base_url` are used
    only through the arguments of the same name (`base_url` if none is given here).
    `extra_body` is merged into each request's JSON, `headers` into its headers.
    """

    def __init__(
        self,
        config: config.Anthropic,
        *,
        api_key: str,
        base_url: str | None = None,
        name: str = "anthropic",
        default_model: str | None = None,
        context_tokens: int = CONTEXT_TOKENS,
        prefills: bool = False,
        capabilities: Capabilities | None = None,
        extra_body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.default_model = default_model or config.model
        self.prefills = prefills
        self.context_tokens = context_tokens
        self._config = config
        self._key = api_key
        # The SDK adds the /v1 that people copy along with an address.
        self._url = (base_url or config.base_url or OFFICIAL).rstrip("/").removesuffix("/v1")
        self._capabilities = capabilities or Capabilities()
        self._extra_body = dict(extra_body or {})
        self._headers = dict(headers or {})
        self._failures = Failures(
            name=name, url=self._url, key=api_key, silence_seconds=config.silence_seconds
        )
        self._client: Client | None = None
        self._opening = asyncio.Lock()

    async def warm(self) -> None:
        """Import the SDK and make the client now, so that the first question need not
        wait for it. Raises ProviderAuth and ProviderUnreachable."""
        await self._open()

    async def stream(self, prompt: Prompt) -> AsyncGenerator[list[Part], None]:
        """See `Provider.stream`. The connection is kept for the next question if the
        iterator is used up; it is closed if the iterator is."""
        if prompt.turns and prompt.turns[-1].role == "assistant" and not self.prefills:
            raise ProviderRejected(
                "This model cannot go on with an answer that was already begun.",
                hint="End the prompt with a user's turn.",
            )
        client = await self._open()
        request, question = await self._build(prompt)
        decoder = Decoder(
            documents=request.documents, trimmed=request.trimmed, refused=self._failures.by_type
        )
        async with client.answer(question) as response:
            media_type = response.headers.get("content-type", "")
            if not media_type.startswith("text/event-stream"):
                raise self._failures.not_the_api(media_type)
            chunks = response.aiter_bytes()
            async for chunk in chunks:
                if parts := decoder.feed(chunk):
                    yield parts
                if decoder.ended:
                    await _use_up(chunks)
                    return
                if decoder.error:
                    raise decoder.error
        raise decoder.cut()

    async def models(self) -> list[ModelInfo]:
        client = await self._open()
        body, media_type = await client.models()
        try:
            found = msgspec.json.decode(body, type=_Models).data
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise self._failures.not_the_api(media_type) from None
        infos = [ModelInfo(m.id, m.display_name or m.id, self.name) for m in found]
        default = self.default_model
        if default and all(info.id != default for info in infos):
            infos.append(ModelInfo(default, default, self.name))
        return sorted(infos, key=lambda info: info.id != default)

    async def close(self) -> None:
        async with self._opening:
            client, self._client = self._client, None
        if client is not None:
            await client.close()

    # -- asking

    async def _open(self) -> Client:
        async with self._opening:
            if self._client is None:
                self._failures.check_key()
                self._failures.check_url()
                self._client = await asyncio.to_thread(
                    Client,
                    url=self._url,
                    key=self._key,
                    headers=self._headers,
                    silence_seconds=float(self._config.silence_seconds),
                    failures=self._failures,
                )
            return self._client

    async def _build(self, prompt: Prompt) -> tuple[Request, bytes]:
        if any(isinstance(item, FileInput) for turn in prompt.turns for item in turn.content):
            return await asyncio.to_thread(self._question, prompt)
        return self._question(prompt)

    def _question(self, prompt: Prompt) -> tuple[Request, bytes]:
        """What is asked, and the same in JSON."""
        request = build(prompt, self._config, self._capabilities)
        return request, msgspec.json.encode({**request.body, "stream": True, **self._extra_body})


async def _use_up(chunks: AsyncIterator[bytes]) -> None:
    """Read to the end of the response, so that its connection can be used again; it is
    normally in the same packet. A server that does not end costs only its connection."""
    with contextlib.suppress(Exception):
        async with asyncio.timeout(LAST_BYTES_SECONDS):
            async for _ in chunks:
                pass
