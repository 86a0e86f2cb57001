"""The API as an OpenAPI 3.1 document, made from the table of routes and its structs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import msgspec

from squid import __version__
from squid.errors import MethodNotAllowed, SquidError
from squid.http import descriptions
from squid.http.endpoint import FORM, STREAM, Endpoint
from squid.http.errors import ProblemDetails, urn
from squid.http.exchange import Resume
from squid.runs.events import Event

PROBLEM = "application/problem+json"
ABOUT = """\
JSON in, JSON out; answers come as server-sent events, which can be taken up again behind any \
event's id. Times are milliseconds since 1970, UTC. Every error is a problem (RFC 9457); a method \
that an address does not take is answered 405, with `Allow`."""

Json = dict[str, Any]
REF = "#/components/schemas/{name}"
RESUME = {
    "name": "Last-Event-ID",
    "in": "header",
    "description": "The same as `after`, which counts where both are there.",
    "schema": {"type": "string", "pattern": "^[0-9]{1,18}$"},
}
UPLOAD = {
    "description": "One or more files, whatever their fields are called.",
    "type": "object",
    "minProperties": 1,
    "additionalProperties": {"type": "string", "contentMediaType": "application/octet-stream"},
}


def document(endpoints: Sequence[Endpoint]) -> Json:
    """The whole document."""
    told = [one for endpoint in endpoints for one in (endpoint.body, endpoint.answer) if one]
    queries = [endpoint.query for endpoint in endpoints if endpoint.query]
    types = [Event, ProblemDetails, *told, *queries]
    (events, *_), schemas = msgspec.json.schema_components(types, ref_template=REF)
    for name, kind in descriptions.structs(types).items():
        for field in msgspec.structs.fields(kind):
            if text := descriptions.fields(kind).get(field.name):
                schemas[name]["properties"][field.encode_name]["description"] = text
    # A query's struct is told as parameters.
    parameters = {kind: _parameters(schemas.pop(kind.__name__)) for kind in dict.fromkeys(queries)}
    kinds = {kind for endpoint in endpoints for kind in endpoint.problems()}
    schemas |= {_name(kind): _problem(kind) for kind in kinds | {MethodNotAllowed}}
    schemas["RunEvent"] = events | {"description": "An event of a run, as AG-UI 1.0 spells it."}
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
        "components": {"schemas": dict(sorted(schemas.items()))},
    }
    plain: Json = msgspec.json.decode(msgspec.json.encode(made))  # a default may be a tuple
    return plain


KEY: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Sent again with the same key, the request finds what the first one made.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}


def _operation(endpoint: Endpoint, parameters: list[Json]) -> Json:
    summary, description = endpoint.about
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in endpoint.param_convertors
    ]
    resume = [RESUME] if endpoint.query is Resume else []
    operation: Json = {
        "operationId": endpoint.id,
        "tags": [endpoint.noun],
        "summary": summary,
        "description": description,
        "parameters": [*in_path, *parameters, *resume, *([KEY] if endpoint.makes else [])],
    }
    if endpoint.body is not None:
        schema = UPLOAD if endpoint.takes == FORM else _schema(endpoint.body)
        operation["requestBody"] = {
            "required": endpoint.takes == FORM or _needed(endpoint.body),
            "content": {endpoint.takes: {"schema": schema}},
        }
    operation["responses"] = _responses(endpoint)
    return operation


def _responses(endpoint: Endpoint) -> Json:
    done: Json = {"description": "Done." if endpoint.status != 202 else "Begun."}
    if endpoint.gives == STREAM:
        done["description"] = "A stream; each event's `data` is one of these."
    if endpoint.gives is not None:
        done["content"] = {endpoint.gives: {"schema": _schema(endpoint.answer)}}
    if endpoint.headers:
        done["headers"] = {
            name: {"description": text, "schema": {"type": "string"}}
            for name, text in endpoint.headers.items()
        }
    responses = {str(endpoint.status): done}
    if endpoint.ends:
        responses["204"] = {"description": "There is no more, and never will be."}
    for status, kinds in groupby(endpoint.problems(), key=lambda kind: kind.status):
        group = list(kinds)
        refs = [{"$ref": REF.format(name=_name(kind))} for kind in group]
        responses[str(status)] = {
            "description": ". Or: ".join(kind.title() for kind in group) + ".",
            "content": {PROBLEM: {"schema": refs[0] if len(refs) == 1 else {"anyOf": refs}}},
        }
    return responses


def _schema(type_: Any) -> Json:
    if type_ is Event:
        return {"$ref": REF.format(name="RunEvent")}
    if type_ is bytes:
        return {}  # whatever was uploaded
    (schema,), _ = msgspec.json.schema_components([type_], ref_template=REF)
    return schema


def _needed(body: Any) -> bool:
    """Whether the body may not be left out: a field of it may not."""
    return any(field.required for field in msgspec.structs.fields(body))


def _parameters(schema: Json) -> list[Json]:
    """A struct's fields as parameters. A null is how one is left out, and cannot be said."""
    found = []
    for name, told in schema["properties"].items():
        described = {"description": told.pop("description")} if "description" in told else {}
        if "anyOf" in told:
            (told,) = [one for one in told["anyOf"] if one != {"type": "null"}]
        found.append({"name": name, "in": "query", **described, "schema": told})
    return found


def _name(kind: type[SquidError]) -> str:
    return f"{kind.__name__}Problem"


def _problem(kind: type[SquidError]) -> Json:
    return {
        "title": kind.title(),
        "allOf": [{"$ref": REF.format(name=ProblemDetails.__name__)}],
        "properties": {"type": {"const": urn(kind)}, "status": {"const": kind.status}},
    }
