"""Several requests in one: each goes through the same door as it would alone."""

from __future__ import annotations

import urllib.parse
from typing import Annotated, Any, Literal

import msgspec
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Message, Scope

from squid.errors import InvalidRequest, SquidError, TooLarge
from squid.http.endpoint import Endpoint
from squid.http.errors import respond
from squid.http.exchange import Body, answer, read

MOST = 50
"""Requests of one batch."""

MAX_ANSWERS = 16 * 1024 * 1024
"""Bytes of answers, after which no further request is begun."""

Path = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^/api/([A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*(?!\n)$",
        max_length=8192,
    ),
]
"""As it goes over the wire: what is not ASCII is percent-encoded, and there is no `#`."""

Text = Annotated[str, msgspec.Meta(max_length=4096, pattern=r"^[ -~]*(?!\n)$")]
"""What a header can hold."""


class BatchHeaders(Body, frozen=True, kw_only=True, omit_defaults=True):
    """Headers that are for one request. All others it shares with the batch."""

    idempotency_key: Text | msgspec.UnsetType = msgspec.field(
        default=msgspec.UNSET, name="Idempotency-Key"
    )
    if_none_match: Text | msgspec.UnsetType = msgspec.field(
        default=msgspec.UNSET, name="If-None-Match"
    )


class BatchRequest(Body, frozen=True, kw_only=True):
    id: Annotated[str, msgspec.Meta(max_length=128)] | None = None
    """Said again with its answer."""
    method: Literal["GET", "POST", "PATCH", "DELETE"]
    path: Path
    """`/api/…`, with a query where there is one."""
    headers: BatchHeaders = BatchHeaders()
    body: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    """Any JSON."""


class Batch(Body, frozen=True, kw_only=True):
    requests: Annotated[list[BatchRequest], msgspec.Meta(min_length=1, max_length=MOST)]


class AnswerHeaders(msgspec.Struct, frozen=True, omit_defaults=True):
    """Those headers of an answer that a client has a use for."""

    location: str | msgspec.UnsetType = msgspec.field(default=msgspec.UNSET, name="Location")
    etag: str | msgspec.UnsetType = msgspec.field(default=msgspec.UNSET, name="ETag")
    retry_after: str | msgspec.UnsetType = msgspec.field(default=msgspec.UNSET, name="Retry-After")
    allow: str | msgspec.UnsetType = msgspec.field(default=msgspec.UNSET, name="Allow")


class BatchAnswer(msgspec.Struct, frozen=True):
    id: str | None
    status: int
    """What the request would have been answered alone."""
    headers: AnswerHeaders
    body: Any
    """The answer, a problem where it went wrong, or null where there is none."""


class BatchAnswers(msgspec.Struct, frozen=True):
    responses: list[BatchAnswer]
    """In the order of the requests."""


async def run(request: Request) -> Response:
    """Send several requests in one. They are carried out one after another, so that each
    sees what those before it did; one that fails stops none of the others.

    It is no transaction. A batch whose client hangs up is carried out to its end. What
    comes as a stream, as a file or as a form is not for a batch.
    """
    batch = await read(request, Batch)
    answers: list[BatchAnswer] = []
    size = 0
    for one in batch.requests:
        if size > MAX_ANSWERS:
            full = TooLarge(
                f"The answers before this one are more than {MAX_ANSWERS:,} bytes already.",
                hint="It was not begun; send it in another batch.",
            )
            done = _Answer.of(full)
        else:
            done = await _carry_out(request, one)
        size += len(done.body)
        answers.append(done.to(one.id))
    return answer(BatchAnswers(answers))


async def _carry_out(request: Request, one: BatchRequest) -> _Answer:
    scope = _scope(request, one)
    for route in request.app.routes:
        if route.matches(scope)[0] is Match.FULL and not _fits(route):
            return _Answer.of(
                InvalidRequest(
                    f"A batch does not carry {one.method} {scope['path']}.",
                    hint="Send it by itself: its body or its answer is not plain JSON.",
                )
            )
    done = _Answer()
    bodies = [bytes(one.body)]

    async def receive() -> Message:
        if bodies:
            return {"type": "http.request", "body": bodies.pop(), "more_body": False}
        return {"type": "http.disconnect"}

    try:
        await request.app(scope, receive, done.send)
    except Exception:
        # Starlette raises it again once it is logged and answered; ours goes on.
        if not done.status:
            raise
    return done


def _fits(route: Any) -> bool:
    return not isinstance(route, Endpoint) or route.is_plain


def _scope(request: Request, one: BatchRequest) -> Scope:
    """The scope that the server would have made of it, had it come alone."""
    path, _, query = one.path.partition("?")
    root = request.scope.get("root_path", "")
    own = {"Content-Type": "application/json", "Content-Length": str(len(bytes(one.body)))}
    own |= msgspec.to_builtins(one.headers)
    shared = [(name, value) for name, value in request.scope["headers"] if _is_shared(name)]
    kept = ("type", "asgi", "http_version", "scheme", "server", "client")
    return {
        **{name: request.scope[name] for name in kept if name in request.scope},
        "state": dict(request.scope.get("state", {})),
        "root_path": root,
        "method": one.method,
        "path": root + urllib.parse.unquote(path),
        "raw_path": f"{root}{path}".encode(),
        "query_string": query.encode(),
        "headers": [
            *shared,
            *((name.lower().encode(), value.encode()) for name, value in own.items()),
        ],
    }


def _is_shared(name: bytes) -> bool:
    """Whether a header of the batch is meant for each of its requests: who asks, not what."""
    return not name.startswith((b"content-", b"if-")) and name not in _OF_ONE


_OF_ONE = {
    *(b"accept-encoding", b"expect", b"idempotency-key", b"last-event-id", b"range"),
    *(b"te", b"trailer", b"transfer-encoding", b"upgrade"),
}


class _Answer:
    """An answer as it comes out of the application."""

    def __init__(self) -> None:
        self.status = 0
        self.headers = Headers()
        self.body = b""

    @classmethod
    def of(cls, error: SquidError) -> _Answer:
        response = respond(error)
        done = cls()
        done.status, done.headers, done.body = (
            response.status_code,
            response.headers,
            bytes(response.body),
        )
        return done

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = Headers(raw=message["headers"])
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")

    def to(self, id: str | None) -> BatchAnswer:
        told = {
            field.name: self.headers[field.encode_name]
            for field in msgspec.structs.fields(AnswerHeaders)
            if field.encode_name in self.headers
        }
        is_json = "json" in self.headers.get("content-type", "")
        body = msgspec.Raw(self.body) if self.body and is_json else None
        return BatchAnswer(id, self.status, AnswerHeaders(**told), body)
