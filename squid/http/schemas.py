"""The components of the OpenAPI document: the structs as JSON Schema, exact enough that a
client's types can be generated from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from squid.errors import MethodNotAllowed, SquidError
from squid.http import descriptions
from squid.http.customs import Custom
from squid.http.endpoint import Endpoint
from squid.http.errors import ProblemDetails, urn
from squid.runs.events import Event

Json = dict[str, Any]
REF = "#/components/schemas/{name}"


def components(endpoints: Sequence[Endpoint]) -> Json:
    """Every struct of the API, every event and every problem, by name."""
    bodies = [one.body for one in endpoints if one.body]
    queries = [one.query for one in endpoints if one.query]
    answers = [Event, Custom, ProblemDetails, *(one.answer for one in endpoints if one.answer)]
    types = [*answers, *bodies, *queries]
    (events, customs, *_), schemas = msgspec.json.schema_components(types, ref_template=REF)
    taken = descriptions.structs([*bodies, *queries])
    for name, kind in descriptions.structs(types).items():
        for field in msgspec.structs.fields(kind):
            if text := descriptions.fields(kind).get(field.name):
                schemas[name]["properties"][field.encode_name]["description"] = text
        if name not in taken:
            _as_given(schemas[name], kind)
        elif name not in {query.__name__ for query in queries}:
            _as_taken(schemas[name])
    kinds = {kind for endpoint in endpoints for kind in endpoint.problems()}
    schemas |= {problem_name(kind): _problem(kind) for kind in kinds | {MethodNotAllowed}}
    schemas["Custom"] = customs | {"description": schemas["Custom"]["description"]}
    schemas["RunEvent"] = events | {"description": "An event of a run, as AG-UI 1.0 spells it."}
    _open(schemas)
    return schemas


def ref(name: str) -> Json:
    return {"$ref": REF.format(name=name)}


def schema(type_: Any) -> Json:
    """One type, by the names of the components."""
    if type_ is Event:
        return ref("RunEvent")
    if type_ is bytes:
        return {}  # whatever was uploaded
    (told,), _ = msgspec.json.schema_components([type_], ref_template=REF)
    _open(told)
    return told


def problem_name(kind: type[SquidError]) -> str:
    return f"{kind.__name__}Problem"


def without_null(told: Json) -> Json:
    """The same without null, if it is one of several that it may be."""
    if "anyOf" not in told:
        return told
    (other,) = [one for one in told["anyOf"] if one != {"type": "null"}]
    return {**{key: value for key, value in told.items() if key != "anyOf"}, **other}


def _as_given(told: Json, kind: type[msgspec.Struct]) -> None:
    """What is answered has all its fields, also those with a default; or, where the struct
    leaves those out, it never has their default."""
    leaves_out = kind.__struct_config__.omit_defaults
    properties = told["properties"]
    for field in msgspec.structs.fields(kind):
        name = field.encode_name
        properties[name].pop("default", None)
        is_left_out = field.default is msgspec.UNSET or (leaves_out and not field.required)
        if is_left_out and field.default is None:
            properties[name] = without_null(properties[name])
        if not is_left_out and name not in told["required"]:
            told["required"].append(name)


def _as_taken(told: Json) -> None:
    """A default that is nothing goes without saying; said, it makes generators of clients
    believe that the field has to be sent."""
    for field in told["properties"].values():
        if "default" in field and not field["default"]:
            del field["default"]


def _open(told: Any) -> None:
    """An object of which nothing is known may have anything in it."""
    if isinstance(told, dict):
        if told.get("type") == "object" and not told.keys() & {
            "properties",
            "additionalProperties",
        }:
            told["additionalProperties"] = True
        for inner in told.values():
            _open(inner)
    elif isinstance(told, list):
        for inner in told:
            _open(inner)


def _problem(kind: type[SquidError]) -> Json:
    return {
        "title": kind.title(),
        "allOf": [ref(ProblemDetails.__name__)],
        "properties": {"type": {"const": urn(kind)}, "status": {"const": kind.status}},
    }
