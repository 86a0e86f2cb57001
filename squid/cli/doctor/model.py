"""The check of who would answer."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from squid.cli.doctor.checks import Case, Finding
from squid.errors import ProviderUnreachable
from squid.providers import model_file
from squid.providers.base import Provider
from squid.providers.choose import choose

ONLINE_SECONDS = 10.0


def model(case: Case) -> Iterator[Finding]:
    provider = choose(case.config)
    if provider.name == "local":
        yield from _local(case)
    else:
        yield _remote(case, provider)
        if case.online:
            yield asyncio.run(_asked(provider))


def _local(case: Case) -> Iterator[Finding]:
    weights = model_file.find(case.config.provider.local, case.config.data_folder)
    if find_spec("xllamacpp") is None:
        yield Finding(
            "problem",
            "The embedded model's runtime is not installed.",
            "pip install 'squid-chat[local]'",
        )
    elif not _is_gguf(weights):
        yield Finding(
            "problem",
            f"{weights} is no model: a GGUF file begins with GGUF.",
            "Name another one in [provider.local] model.",
        )
    else:
        yield Finding("ok", f"{model_file.display_name(weights)}: {weights}")


def _is_gguf(weights: Path) -> bool:
    with weights.open("rb") as file:
        return file.read(4) == b"GGUF"


def _remote(case: Case, provider: Provider) -> Finding:
    section = case.config.provider.anthropic
    if section.api_key:
        key = "a key in the configuration"
    elif os.environ.get("ANTHROPIC_API_KEY"):
        key = "the key in ANTHROPIC_API_KEY"
    else:
        key = "no key"
    url = section.base_url or os.environ.get("ANTHROPIC_BASE_URL")
    at = f" at {url}" if url else ""
    told = "" if case.online else "; --online asks it whether it would answer"
    return Finding("ok", f"{provider.default_model} ({provider.name}){at}, with {key}{told}")


async def _asked(provider: Provider) -> Finding:
    try:
        async with asyncio.timeout(ONLINE_SECONDS):
            models = await provider.models()
    except TimeoutError:
        raise ProviderUnreachable(
            f"The model's server says nothing for {ONLINE_SECONDS:.0f} seconds.",
            hint="Check the network, and `base_url` in [provider.anthropic].",
        ) from None
    finally:
        await provider.close()
    return Finding("ok", f"it answers, and lists {len(models)} models")
