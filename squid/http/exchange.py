"""Reading requests and writing answers: what every noun's file needs."""

from __future__ import annotations

import re
import uuid
from functools import cache
from types import NoneType
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from squid.core import Squid
from squid.errors import InvalidRequest, MalformedBody, TooLarge, UnsupportedMedia
from squid.store.users import LOCAL

T = TypeVar("T")

_KEYS = uuid.UUID("01937f3e-94c1-7b0a-8d63-5a2f0e1c7d42")

MAX_BODY = 8 * 1024 * 1024
"""Bytes of a JSON body."""

Id = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}(?!\n)$")]
"""What a client may choose as an id. `$` alone lets a line break through at the end."""


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request's JSON object; a field that is not known is an error."""


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """A request's parameters behind the `?`. One that is not known is passed over."""


Q = TypeVar("Q", bound=Query)

EventId = Annotated[int, msgspec.Meta(ge=0, le=10**18 - 1)]


class Resume(Query, frozen=True, kw_only=True):
    """Where a stream goes on. The header `Last-Event-ID` does the same."""

    after: EventId | None = None
    """The id of the last event that the reader has."""


Limit = Annotated[int, msgspec.Meta(ge=1, le=200)]


def squid(request: Request) -> Squid:
    app: Squid = request.app.state.squid
    return app


def user_id(request: Request) -> str:
    """Whose request it is. There is one local user until there are accounts."""
    return LOCAL


async def read(request: Request, type_: type[T]) -> T:
    """The body as `type_`. Raises MalformedBody, InvalidRequest or TooLarge."""
    body = await limited(request, MAX_BODY).body()
    return parse(body or b"{}", type_)


def parse(body: bytes, type_: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=type_)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$")
        raise InvalidRequest(f"{what}.", pointer=_pointer(where.rstrip("`"))) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedBody(f"The body is not valid JSON: {error}.") from None
    except RecursionError:
        raise MalformedBody("The body is nested too deeply.") from None


def _pointer(path: str) -> str:
    """msgspec's `.message.files[0]` as a JSON Pointer, `/message/files/0`."""
    return re.sub(r"\.([^.\[\]]+)|\[([^\]]*)\]", lambda m: f"/{m[1] or m[2]}", path)


def limited(request: Request, max_bytes: int) -> Request:
    """The request with a body that raises TooLarge where it goes on for too long.

    Starlette's own limit answers in plain text, which is not our error shape. Raises
    UnsupportedMedia for a packed one: nothing that is small here grows when it is read.
    """
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMedia("A body is taken as it is, without `Content-Encoding`.")
    too_large = TooLarge(f"The body may have {max_bytes:,} bytes at most.")
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > max_bytes:
        raise too_large
    seen = 0

    async def receive() -> Message:
        nonlocal seen
        message = await request.receive()
        seen += len(message.get("body", b""))
        if seen > max_bytes:
            raise too_large
        return message

    return Request(request.scope, receive)


def chosen_id(request: Request) -> str | None:
    """An id that the same `Idempotency-Key` of the same user always gives, for what
    the request makes: sent again, it finds what the first one made (P5)."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not 1 <= len(key) <= 255:
        raise InvalidRequest("`Idempotency-Key` has 1 to 255 characters.")
    return str(uuid.uuid5(_KEYS, f"{user_id(request)} {request.url.path} {key}"))


def query(request: Request, type_: type[Q]) -> Q:
    """The query's parameters as `type_`, a `Query`. Raises InvalidRequest."""
    given: dict[str, Any] = {}
    for name, kind in _kinds(type_).items():
        text = request.query_params.get(name)
        if text is None:
            continue
        if get_origin(kind) is Literal and text not in get_args(kind):
            choices = ", ".join(f"`{one}`" for one in get_args(kind))
            raise InvalidRequest(f"Expected one of {choices}, got {text[:40]!r}.", parameter=name)
        if not re.fullmatch(_PLAIN.get(kind, r"(?s:.*)"), text):
            raise InvalidRequest(f"{_WANTED[kind]}, got {text[:40]!r}.", parameter=name)
        given[name] = int(text) if kind is int else text == "true" if kind is bool else text
    try:
        return msgspec.convert(given, type_)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$.")
        raise InvalidRequest(f"{what}.", parameter=where.rstrip("`")) from None


_PLAIN: dict[Any, str] = {int: r"-?[0-9]{1,18}", bool: r"true|false"}
_WANTED: dict[Any, str] = {int: "Expected a whole number", bool: "Expected `true` or `false`"}


@cache
def _kinds(type_: type[Query]) -> dict[str, Any]:
    """What each parameter's text stands for. Not left to msgspec, for which `null` is no
    text, and `1` a way to say true."""
    kinds = {}
    for name, hint in get_type_hints(type_).items():
        wanted = [one for one in get_args(hint) if one is not NoneType]
        kinds[name] = wanted[0] if len(wanted) == 1 and NoneType in get_args(hint) else hint
    return kinds


def last_event_id(request: Request) -> int | None:
    """Where a reader of a stream is: `?after=`, or what EventSource sends by itself."""
    header = request.headers.get("last-event-id")
    if "after" in request.query_params or not header:
        return query(request, Resume).after
    if not re.fullmatch(r"[0-9]{1,18}", header):
        raise InvalidRequest("`Last-Event-ID` takes the id of an event.")
    return int(header)


def answer(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(value), status, headers, media_type="application/json")
