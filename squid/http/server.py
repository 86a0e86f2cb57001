"""The server itself: what it can do, for a page that shows only that."""

from __future__ import annotations

from typing import Annotated

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from squid import __version__
from squid.config import Features
from squid.errors import NoProvider
from squid.http.batch import MOST
from squid.http.exchange import MAX_BODY, answer, squid


class Limits(msgspec.Struct, frozen=True):
    max_body_bytes: int
    """Of a JSON body."""
    max_file_size_mb: int
    max_files_per_message: int
    max_batch_requests: int


class Asked(msgspec.Struct, frozen=True):
    """Who answers."""

    name: str
    model: str
    """The one that is asked where nobody names one."""


class Server(msgspec.Struct, frozen=True):
    version: str
    features: Annotated[Features, msgspec.Meta(description="Which parts are on.")]
    limits: Limits
    provider: Asked | None
    """Null where there is no model to ask yet; `hint` of a question's problem says how to
    get one."""


async def read(request: Request) -> Response:
    """Read what this server can do: which parts are on, its limits, and who answers."""
    app = squid(request)
    try:
        provider = app.provider()
        asked = Asked(provider.name, provider.default_model)
    except NoProvider:
        asked = None
    files = app.config.files
    limits = Limits(
        max_body_bytes=MAX_BODY,
        max_file_size_mb=files.max_file_size_mb,
        max_files_per_message=files.max_files_per_message,
        max_batch_requests=MOST,
    )
    return answer(Server(__version__, app.config.features, limits, asked))
