"""What the code says of its types, for the page that describes the API."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterable
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect as types_of


def structs(types: Iterable[Any]) -> dict[str, type[msgspec.Struct]]:
    """All structs that the types are made of, by name."""
    found: dict[str, type[msgspec.Struct]] = {}

    def visit(one: object) -> None:
        if isinstance(one, types_of.StructType):
            if one.cls.__name__ not in found:
                found[one.cls.__name__] = one.cls
                visit(tuple(field.type for field in one.fields))
        elif isinstance(one, tuple):
            for each in one:
                visit(each)
        elif isinstance(one, types_of.Type):
            visit(tuple(getattr(one, name) for name in one.__struct_fields__))

    for one in types:
        visit(types_of.type_info(one))
    return found


def fields(kind: type) -> dict[str, str]:
    """What is written below each field of a class, as a docstring of its own."""
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if base.__module__.startswith("squid."):
            found |= _in_module(base.__module__).get(base.__name__, {})
    return found


@cache
def _in_module(name: str) -> dict[str, dict[str, str]]:
    module = ast.parse(inspect.getsource(sys.modules[name]))
    return {
        one.name: {
            field.target.id: " ".join(text.value.value.split())
            for field, text in zip(one.body, one.body[1:], strict=False)
            if isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
            and isinstance(text.value.value, str)
        }
        for one in module.body
        if isinstance(one, ast.ClassDef)
    }
