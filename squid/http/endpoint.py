"""One line of the table of routes, and all that is to be said of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from inspect import getdoc
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, request_response

from squid import errors
from squid.errors import SquidError
from squid.http import etag
from squid.http.exchange import Query

JSON = "application/json"
FORM = "multipart/form-data"
STREAM = "text/event-stream"

OPEN = frozenset({"/healthz"})
"""What anybody may ask, as often as they like: whatever watches over the server."""

Handler = Callable[[Request], Awaitable[Response]]
Errors = tuple[type[SquidError], ...]


class Endpoint(Route):
    """A route of Starlette's that knows what goes in and what comes out. Its handler
    reads `body` and `query` by the same types, and its docstring is the summary."""

    def __init__(
        self,
        method: str,
        path: str,
        handler: Handler,
        *,
        body: Any = None,
        takes: str = JSON,
        query: type[Query] | None = None,
        answer: Any = None,
        gives: str | None = JSON,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        errors: Errors = (),
        ends: bool = False,
        makes: bool = False,
        alone: bool = False,
        ranges: bool = False,
        feature: str | None = None,
        name: str | None = None,
    ) -> None:
        """`ends`: a stream that answers 204 where there is no more. `makes`: it makes
        something once for each `Idempotency-Key`. `alone`: no batch carries it.
        `ranges`: it gives parts of its answer too. `feature`: what switches it off."""
        super().__init__(path, handler, methods=[method], name=name)
        self.method = method
        self.body = body
        self.takes = takes
        self.query = query
        self.answer = answer
        self.gives = gives
        self.status = status
        self.headers = dict(headers or {})
        self.ends = ends
        self.makes = makes
        self.alone = alone
        self.ranges = ranges
        self.feature = feature
        self._errors = errors
        if self.is_whole:
            self.app = request_response(self._tagged)

    async def _tagged(self, request: Request) -> Response:
        return etag.revalidate(request, await self.endpoint(request))

    @property
    def is_whole(self) -> bool:
        """A GET whose answer is there at once, so that its bytes give its tag."""
        return self.method == "GET" and self.gives != STREAM and self.answer is not bytes

    @property
    def is_tagged(self) -> bool:
        return self.is_whole or self.ranges

    @property
    def is_plain(self) -> bool:
        """JSON in and JSON out, so that a batch may carry it."""
        return not self.alone and self.takes == JSON and self.gives in (JSON, None)

    @property
    def noun(self) -> str:
        """The file that its handler is in."""
        return str(self.endpoint.__module__.rpartition(".")[2])

    @property
    def id(self) -> str:
        return f"{self.noun}.{self.endpoint.__name__.strip('_')}"

    @property
    def about(self) -> tuple[str, str]:
        """Its first sentence, and all of it."""
        text = getdoc(self.endpoint) or ""
        whole = "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))
        first = whole.partition("\n")[0]
        return first.partition(". ")[0].rstrip("."), whole

    def problems(self) -> list[type[SquidError]]:
        """Every error that it can give: its own, and those of what it reads."""
        found: set[type[SquidError]] = {errors.SquidError, errors.Forbidden, *self._errors}
        if self.path not in OPEN:
            found |= {errors.Unauthorized, errors.RateLimited}
        if self.body is not None:
            found |= {errors.MalformedBody, errors.InvalidRequest, errors.TooLarge}
            found.add(errors.UnsupportedMedia)
        if self.query is not None:
            found.add(errors.InvalidRequest)
        if self.param_convertors:
            found.add(errors.NotFound)
        return sorted(found, key=lambda kind: (kind.status, kind.code))
