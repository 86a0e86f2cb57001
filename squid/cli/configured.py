"""What `squid config` says: every key, its value, and where that is from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from squid import layers
from squid.config import Loaded, keys, places
from squid.errors import InvalidRequest
from squid.layers import Origin

BESIDE = {
    "provider.anthropic.api_key": "ANTHROPIC_API_KEY",
    "provider.anthropic.base_url": "ANTHROPIC_BASE_URL",
}
"""Variables that are used where a key is empty."""


class Shown(NamedTuple):
    key: str
    value: Any
    """None for a secret that is set."""
    origin: Origin
    note: str = ""


def said(
    loaded: Loaded,
    key: str | None,
    *,
    as_json: bool,
    environ: Mapping[str, str] = os.environ,
) -> str:
    """Raises InvalidRequest where there is no such key."""
    known = {one.key: one for one in _shown(loaded, environ)}
    wanted = [one for one in known.values() if key is None or _within(one.key, key)]
    if not wanted:
        known_keys = {".".join(path): type_ for path, type_, _ in keys()}
        raise InvalidRequest(f"There is no key {key!r}.", hint=layers.meant(str(key), known_keys))
    if as_json:
        text = _json(loaded, wanted)
    elif key in known:
        text = _alone(known[key])
    else:
        about = _about_file(loaded) if key is None else []
        text = "\n".join([*about, *_as_toml(wanted)]).lstrip("\n")
    return text


def _shown(loaded: Loaded, environ: Mapping[str, str]) -> list[Shown]:
    found = []
    for path, type_, _ in keys():
        value: Any = loaded.config
        for step in path:
            value = getattr(value, step)
        key = ".".join(path)
        if key == "data":
            value = str(loaded.config.data_folder.absolute())
        other = BESIDE.get(key)
        note = f"{other} is used" if other and not value and environ.get(other) else ""
        if layers.is_secret(type_) and value:
            value = None
        if isinstance(value, str):  # a variable may hold what is no UTF-8
            value = value.encode("utf-8", "replace").decode()
        found.append(Shown(key, value, loaded.origins[key], note))
    return found


def _within(key: str, wanted: str) -> bool:
    return key == wanted or key.startswith(f"{wanted}.")


def _alone(one: Shown) -> str:
    if one.value is None:
        return "(set, and not shown)"
    return one.value if isinstance(one.value, str) else layers.toml(one.value)


def _json(loaded: Loaded, wanted: list[Shown]) -> str:
    told = {
        "file": None if loaded.file is None else str(loaded.file.absolute()),
        "keys": [
            {
                "key": one.key,
                "value": one.value,
                "secret": one.value is None,
                "origin": one.origin.kind,
                "name": one.origin.name or None,
                "variable": layers.variable(one.key),
            }
            for one in wanted
        ],
    }
    return msgspec.json.encode(told).decode()


def _about_file(loaded: Loaded) -> list[str]:
    if loaded.file is not None:
        return [f"# The file that is read is {loaded.file.absolute()}"]
    here, own = places()
    return [f"# No file is read; it could be {here.absolute()} or {own}"]


def _as_toml(wanted: list[Shown]) -> list[str]:
    rows = [(one.key.rpartition("."), one) for one in wanted]
    width = max((len(_line(name, one)) for (_, _, name), one in rows if _short(name, one)))
    lines, section = [], ""
    for (above, _, name), one in rows:
        if above != section:
            section = above
            lines += ["", f"[{section}]"]
        origin = one.origin.name or one.origin.kind
        lines.append(
            f"{_line(name, one):<{width}}  # {'; '.join(filter(None, (origin, one.note)))}"
        )
    return lines


def _line(name: str, one: Shown) -> str:
    # Commented out, so that what is pasted never has a key that is none.
    return f"# {name} is set" if one.value is None else f"{name} = {layers.toml(one.value)}"


def _short(name: str, one: Shown) -> bool:
    return len(_line(name, one)) <= 40 or one.key == "data"
