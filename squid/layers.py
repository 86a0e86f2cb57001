"""Settings in layers: a file, variables, flags. The later is above the earlier, and each
value keeps its origin.

Which settings there are, and of which types, is `squid.config`'s to say. A mistake is a
sentence, so that all of them can be told at once.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin

import msgspec

Types = Mapping[str, Any]
"""Of every key, by its dotted path."""

SHOWN_CHARACTERS = 60
"""Of a wrong value."""


class Origin(NamedTuple):
    kind: Literal["default", "file", "variable", "flag"]
    name: str = ""
    """Which file, variable or flag."""


class Setting(NamedTuple):
    value: Any
    origin: Origin


class Mistake(NamedTuple):
    detail: str
    hint: str | None = None


class Layer(NamedTuple):
    settings: dict[str, Setting]
    mistakes: list[Mistake]


def of_file(tree: Mapping[str, Any], types: Types, file: str) -> Layer:
    layer = Layer({}, [])
    tables = {key[:at] for key in types for at, sign in enumerate(key) if sign == "."}
    for key, value in _flat(tree, tables):
        if key in tables:
            layer.mistakes.append(
                Mistake(f"{file}: {key} is {shown(value)}; it must be a table: [{key}].")
            )
        elif key not in types:
            layer.mistakes.append(
                Mistake(
                    f"{file} has a key that Squid does not know: {key}.",
                    meant(key, types),
                )
            )
        else:
            _take(layer, key, value, types[key], Origin("file", file), f"{file}: {key}")
    return layer


def of_variables(environ: Mapping[str, str], types: Types) -> Layer:
    """`SQUID_…`; a list's parts are divided by commas."""
    layer = Layer({}, [])
    keys = {variable(key): key for key in types}
    for name, text in environ.items():
        # SQUID_CONFIG names the file itself; on Windows names come upper-case anyway.
        if not name.startswith("SQUID_") or name == "SQUID_CONFIG":
            continue
        if name not in keys:
            close = difflib.get_close_matches(name, keys, 1, 0)[0]
            layer.mistakes.append(
                Mistake(
                    f"The environment has a variable that Squid does not know: {name}.",
                    f"Did you mean {close}?",
                )
            )
            continue
        type_ = types[keys[name]]
        value: Any = text
        if get_origin(plain(type_)) in (list, tuple):
            value = [part.strip() for part in text.split(",") if part.strip()]
        origin = Origin("variable", name)
        _take(layer, keys[name], value, type_, origin, name, strict=False)
    return layer


def of_flags(flags: Mapping[str, Any], types: Types) -> Layer:
    """Values by their keys; None is a flag that was not given."""
    layer = Layer({}, [])
    for key, value in flags.items():
        if value is not None:
            name = "--" + key.rpartition(".")[2].replace("_", "-")
            _take(layer, key, value, types[key], Origin("flag", name), name)
    return layer


def variable(key: str) -> str:
    """The name of a key's variable."""
    return "SQUID_" + key.replace(".", "_").upper()


def nearest(key: str, types: Types) -> str | None:
    """The key that was probably meant, if any is like it."""
    leaf = key.rpartition(".")[2]
    by_leaf = {known.rpartition(".")[2]: known for known in types}
    close = difflib.get_close_matches(key, types, 1, 0.75)
    if not close:  # a table that is misspelt
        for table in difflib.get_close_matches(key, {one.rpartition(".")[0] for one in types}, 1):
            inside = [one for one in types if one.startswith(f"{table}.")]
            close = difflib.get_close_matches(key, inside, 1, 0)
    close = close or [by_leaf[k] for k in difflib.get_close_matches(leaf, by_leaf, 1, 0.6)]
    return close[0] if close else None


def meant(key: str, types: Types) -> str:
    """What to do about a key that there is not."""
    close = nearest(key, types)
    return f"Did you mean {close}?" if close else "Those that there are: squid config"


def plain(type_: Any) -> Any:
    """The type without what is noted at it."""
    return get_args(type_)[0] if get_origin(type_) is Annotated else type_


def is_secret(type_: Any) -> bool:
    """Whether a value of this type must not be shown."""
    return any((meta.extra or {}).get("secret") for meta in _metas(type_))


def masked(type_: Any, value: Any) -> Any:
    """A value as it may be shown."""
    return "***" if value and is_secret(type_) else value


def toml(value: Any) -> str:
    """A value as squid.toml has it."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(toml(one) for one in value)}]"
    if isinstance(value, str | bool):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value)


def shown(value: Any) -> str:
    """A wrong value, for a sentence about it."""
    if isinstance(value, dict):
        return "a table"
    text = toml(value)
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


def described(type_: Any) -> str:
    """What a value of this type must be, in plain words."""
    base = plain(type_)
    if get_origin(base) is Literal:
        *most, last = (toml(choice) for choice in get_args(base))
        return f"{', '.join(most)} or {last}" if most else last
    if get_origin(base) in (list, tuple):
        return "a list of texts" if plain(get_args(base)[0]) is str else "a list"
    words = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
    return words.get(base, "something else") + _range(type_)


def _range(type_: Any) -> str:
    limits = [meta for meta in _metas(type_) if (meta.ge, meta.le) != (None, None)]
    if not limits:
        return ""
    ge, le = limits[0].ge, limits[0].le
    if ge is not None and le is not None:
        return f" from {ge} to {le}"
    return f" of at least {ge}" if ge is not None else f" of at most {le}"


def _take(
    layer: Layer,
    key: str,
    value: Any,
    type_: Any,
    origin: Origin,
    name: str,
    *,
    strict: bool = True,
) -> None:
    try:
        taken = msgspec.convert(value, type_, strict=strict)
    except msgspec.ValidationError:
        what = "not right" if is_secret(type_) else shown(value)
        layer.mistakes.append(Mistake(f"{name} is {what}; it must be {described(type_)}."))
        return
    if "\0" in str(taken):  # no path, name or address has one
        layer.mistakes.append(Mistake(f"{name} has a NUL character in it."))
        return
    layer.settings[key] = Setting(taken, origin)


def _flat(tree: Mapping[str, Any], tables: set[str], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in tree.items():
        key = above + name
        if isinstance(value, dict) and key in tables:
            yield from _flat(value, tables, f"{key}.")
        else:
            yield key, value


def _metas(type_: Any) -> list[msgspec.Meta]:
    notes = get_args(type_)[1:] if get_origin(type_) is Annotated else ()
    return [note for note in notes if isinstance(note, msgspec.Meta)]
