"""Models: which ones can be asked."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from squid.http.exchange import answer, squid
from squid.providers.base import ModelInfo


class ModelList(msgspec.Struct, frozen=True):
    models: list[ModelInfo]
    """The default one first."""


async def list_(request: Request) -> Response:
    """List the models that can be asked, the default one first."""
    return answer(ModelList(await squid(request).provider().models()))
