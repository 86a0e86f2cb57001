"""Commands that start at once.

Typer loads pydantic to see that a word is a string, which takes a fifth of a second:
longer than everything else that `squid ask` does before it asks. What our parameters
need is done here instead. Typer has no public place for it; where this one moves, the
commands are only slower, and tests/cli/test_main.py says so.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args, get_origin

import typer
import typer.core


class Command(typer.core.TyperCommand):
    def get_params(self, ctx: Any) -> list[Any]:
        return _plainly(super().get_params(ctx))


class Group(typer.core.TyperGroup):
    def get_params(self, ctx: Any) -> list[Any]:
        return _plainly(super().get_params(ctx))


def _plainly(params: list[Any]) -> list[Any]:
    for param in params:
        annotation = param.type_descriptor.annotation
        several = get_origin(annotation) is list
        type_ = get_args(annotation)[0] if several else annotation
        if type_ in (str, int, bool, Path):
            param._runtime_param = _Plain(type_, several)
            if isinstance(param, typer.core.TyperArgument):
                param.display_type_rich = _no_type  # type: ignore[method-assign]
    return params


def _no_type(ctx: Any) -> str:
    """For the help: that a question is a `<list[str]>` tells nobody anything."""
    return ""


class _Plain:
    def __init__(self, type_: type[str | int | bool | Path], several: bool) -> None:
        self._type = type_
        self._several = several

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        if self._several:
            return [self._one(one, param, ctx) for one in value or ()]
        return None if value is None else self._one(value, param, ctx)

    def _one(self, value: Any, param: Any, ctx: Any) -> str | int | bool | Path:
        if self._type is not int:
            if self._type is str:
                _refuse_bytes(value, param, ctx)
            elif value == "":  # a variable that is not set; as a path it is this folder
                raise typer.BadParameter("It is empty.", ctx, param)
            return self._type(value)
        limits = param.type_descriptor.parameter_info
        try:
            number = int(value)
        except ValueError:
            raise typer.BadParameter(f"{value!r} is not a whole number.", ctx, param) from None
        if not limits.min <= number <= limits.max:
            raise typer.BadParameter(
                f"{number} is not in the range from {limits.min} to {limits.max}.", ctx, param
            )
        return number


def _refuse_bytes(value: Any, param: Any, ctx: Any) -> None:
    """What is not UTF-8 comes from the system in a form that nothing can store."""
    try:
        str(value).encode()
    except UnicodeEncodeError:
        raise typer.BadParameter("It is not text in UTF-8.", ctx, param) from None
