"""What was given before the command: `squid --data DIR ask …`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from squid.config import Config, Loaded


@dataclass
class Given:
    config: Path | None = None
    data: Path | None = None
    debug: bool = False


given = Given()
"""Of this process: it has one command line."""


def load(**flags: Any) -> Config:
    """The configuration in force; `flags` are the command's own (`{"server.port": 1}`)."""
    loaded = load_with_origins(**flags).config
    if not given.debug:
        from squid import logs

        logs.to_stderr(loaded.logs)
    return loaded


def load_with_origins(**flags: Any) -> Loaded:
    """As `load`, and where each value is from."""
    from squid import config

    data = str(given.data) if given.data else None
    return config.load_with_origins(given.config, flags={"data": data, **flags})
