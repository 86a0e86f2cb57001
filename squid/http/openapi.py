"""The API as an OpenAPI 3.1 document, made from the table of routes and its structs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import msgspec

from squid import __version__
from squid.errors import NoProvider, ProviderError, RateLimited, SquidError
from squid.http.endpoint import FORM, STREAM, Endpoint
from squid.http.errors import RETRIED
from squid.http.exchange import Resume
from squid.http.schemas import components, problem_name, ref, schema, without_null

PROBLEM = "application/problem+json"
ABOUT = """\
JSON in, JSON out; answers come as server-sent events, which can be taken up again behind any \
event's id. Times are milliseconds since 1970, UTC. Every error is a problem (RFC 9457); a method \
that an address does not take is answered 405, with `Allow`."""

Json = dict[str, Any]
TEXT: Json = {"type": "string"}
SECURITY: Json = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "The server's token, where it has one.",
    },
    "password": {
        "type": "http",
        "scheme": "basic",
        "description": "The same token as the password of any user, for browsers.",
    },
}
UPLOAD: Json = {
    "description": "One or more files, whatever their fields are called.",
    "type": "object",
    "minProperties": 1,
    "additionalProperties": {"type": "string", "contentMediaType": "application/octet-stream"},
}


def _takes(name: str, description: str, told: Json = TEXT) -> Json:
    return {"name": name, "in": "header", "description": description, "schema": told}


LAST = _takes(
    "Last-Event-ID",
    "The same as `after`, which counts where both are there.",
    {"type": "string", "pattern": "^[0-9]{1,18}$"},
)
KEY = _takes(
    "Idempotency-Key",
    "Sent again with the same key, the request finds what the first one made.",
    {"type": "string", "minLength": 1, "maxLength": 255},
)
KNOWN = _takes("If-None-Match", "The `ETag` of what you have: 304 where it is still so.")
RANGE = _takes("Range", "A part of it, as in `bytes=0-1023`. Several parts are all of it.")
IF_RANGE = _takes("If-Range", "The `ETag` that the part has to be of, or else all of it comes.")

TAG = {"ETag": {"description": "What this answer is known by.", "schema": TEXT}}
PART = {"Content-Range": {"description": "Which bytes, of how many.", "schema": TEXT}}
WAIT = {
    "Retry-After": {
        "description": "After how many seconds it may go well, where that can be said.",
        "schema": {"type": "integer", "minimum": 1},
    }
}


def document(endpoints: Sequence[Endpoint]) -> Json:
    """The whole document."""
    schemas = components(endpoints)
    # A query's struct is told as parameters.
    queries = dict.fromkeys(endpoint.query for endpoint in endpoints if endpoint.query)
    parameters = {kind: _parameters(schemas.pop(kind.__name__)) for kind in queries}
    paths: Json = {}
    for endpoint in endpoints:
        operation = _operation(endpoint, parameters[endpoint.query] if endpoint.query else [])
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = operation
    made = {
        "openapi": "3.1.0",
        "info": {
            "title": "Squid",
            "version": __version__,
            "description": ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "tags": [{"name": noun} for noun in dict.fromkeys(one.noun for one in endpoints)],
        "paths": paths,
        "security": [{}, *({name: []} for name in SECURITY)],
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": SECURITY,
        },
    }
    plain: Json = msgspec.json.decode(msgspec.json.encode(made))  # a default may be a tuple
    return plain


def _operation(endpoint: Endpoint, parameters: list[Json]) -> Json:
    summary, description = endpoint.about
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": TEXT}
        for name in endpoint.param_convertors
    ]
    headers = [
        *([LAST] if endpoint.query is Resume else []),
        *([KEY] if endpoint.makes else []),
        *([KNOWN] if endpoint.is_tagged else []),
        *([RANGE, IF_RANGE] if endpoint.ranges else []),
    ]
    operation: Json = {
        "operationId": endpoint.id,
        "tags": [endpoint.noun],
        "summary": summary,
        "description": description,
        "parameters": [*in_path, *parameters, *headers],
    }
    if endpoint.body is not None:
        told = UPLOAD if endpoint.takes == FORM else schema(endpoint.body)
        operation["requestBody"] = {
            "required": endpoint.takes == FORM or _needed(endpoint.body),
            "content": {endpoint.takes: {"schema": told}},
        }
    operation["responses"] = _responses(endpoint)
    return operation


def _responses(endpoint: Endpoint) -> Json:
    done: Json = {"description": "Done." if endpoint.status != 202 else "Begun."}
    if endpoint.gives == STREAM:
        done["description"] = "A stream; each event's `data` is one of these."
    if endpoint.gives is not None:
        done["content"] = {endpoint.gives: {"schema": schema(endpoint.answer)}}
    headers = {
        name: {"description": text, "schema": TEXT} for name, text in endpoint.headers.items()
    }
    headers |= TAG if endpoint.is_tagged else {}
    if headers:
        done["headers"] = headers
    responses = {str(endpoint.status): done}
    if endpoint.ends:
        responses["204"] = {"description": "There is no more, and never will be."}
    if endpoint.ranges:
        responses["206"] = done | {"description": "The part.", "headers": headers | PART}
    if endpoint.is_tagged:
        responses["304"] = {"description": "You have it already.", "headers": TAG}
    for status, kinds in groupby(endpoint.problems(), key=lambda kind: kind.status):
        responses[str(status)] = _problems(list(kinds))
    return responses


def _problems(kinds: list[type[SquidError]]) -> Json:
    """The problems of one status."""
    refs = [ref(problem_name(kind)) for kind in kinds]
    told: Json = {
        "description": ". Or: ".join(kind.title() for kind in kinds) + ".",
        "content": {PROBLEM: {"schema": refs[0] if len(refs) == 1 else {"anyOf": refs}}},
    }
    headers = WAIT if any(map(_passes, kinds)) else {}
    headers = headers | (PART if kinds[0].status == 416 else {})
    return told | ({"headers": headers} if headers else {})


def _passes(kind: type[SquidError]) -> bool:
    """Whether it may pass by itself, so that it says when to try again."""
    return issubclass(kind, (*RETRIED, ProviderError, RateLimited)) and kind is not NoProvider


def _needed(body: Any) -> bool:
    """Whether the body may not be left out: a field of it may not."""
    return any(field.required for field in msgspec.structs.fields(body))


def _parameters(told: Json) -> list[Json]:
    """A struct's fields as parameters. A null is how one is left out, and cannot be said."""
    found = []
    for name, field in told["properties"].items():
        described = {"description": field.pop("description")} if "description" in field else {}
        nullable = "anyOf" in field
        plain = without_null(field)
        if nullable:
            plain.pop("default", None)
        found.append({"name": name, "in": "query", **described, "schema": plain})
    return found
