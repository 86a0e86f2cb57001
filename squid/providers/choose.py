"""Which model answers: `[provider] name`, and the key or the weights that are there."""

from __future__ import annotations

import os
from collections.abc import Mapping

from squid.config import Config
from squid.errors import NoProvider
from squid.providers import local
from squid.providers.base import Provider

NO_KEY = "no-key"
"""What a local server that speaks the Messages API, and wants no key, is sent as one."""


def choose(config: Config, environ: Mapping[str, str] = os.environ) -> Provider:
    """The provider that the configuration asks for. Raises NoProvider where what it
    needs is missing. Imports neither SDK nor runtime."""
    section = config.provider
    key = section.anthropic.api_key or environ.get("ANTHROPIC_API_KEY", "")
    base_url = section.anthropic.base_url or environ.get("ANTHROPIC_BASE_URL", "")
    if section.name == "anthropic" and not (key or base_url):
        raise NoProvider(
            "There is no key for Anthropic.",
            hint="Set ANTHROPIC_API_KEY, or `api_key` in [provider.anthropic].",
        )
    # A server of one's own that was named is wanted, with or without a key.
    if section.name == "anthropic" or (section.name == "auto" and (key or base_url)):
        return _anthropic(config, key or NO_KEY, base_url)
    # A model that was named is wanted: if it is missing, that is the error to show.
    wanted = section.name == "local" or section.local.model
    if wanted or local.available(section.local, config.data_folder):
        return local.LocalProvider(section.local, data_folder=config.data_folder)
    raise NoProvider(
        "There is no model to ask.",
        hint="Set ANTHROPIC_API_KEY, or get the embedded model: squid model pull",
    )


def _anthropic(config: Config, key: str, base_url: str) -> Provider:
    from squid.providers.anthropic import AnthropicProvider

    return AnthropicProvider(config.provider.anthropic, api_key=key, base_url=base_url or None)
