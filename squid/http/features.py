"""Which parts of the table of routes are there: `[features]` in squid.toml."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from squid.config import Features
from squid.errors import NotFound
from squid.http.endpoint import Endpoint


def enabled(table: Sequence[Endpoint], features: Features) -> list[Route]:
    """The routes that are on, and behind them what says of the others how to get them.
    Only the first are `Endpoint`s, so only they are described."""
    missing = {one.path: one.feature for one in table if one.feature and not _is_on(one, features)}
    return [
        *(one for one in table if _is_on(one, features)),
        *(route for path, feature in missing.items() for route in off(feature, [path])),
    ]


def off(feature: str, paths: Iterable[str]) -> list[Route]:
    """What is there in place of a feature that is off."""
    return [Route(path, _Off(feature)) for path in paths]


def _is_on(endpoint: Endpoint, features: Features) -> bool:
    return endpoint.feature is None or bool(getattr(features, endpoint.feature))


class _Off:
    """Not a function, so that Starlette gives it every method."""

    def __init__(self, feature: str) -> None:
        self._feature = feature

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise NotFound(
            "This part is switched off on this server.",
            hint=f"`features.{self._feature}` in its configuration switches it on.",
        )
