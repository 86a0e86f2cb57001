"""Writes the references: `python docs/generate.py` from the root, with Squid installed.

The API's is made from its OpenAPI document, the command line's from what `--help` is
made of. A test fails where a page is not what this makes of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import typer.main

from squid.cli import app
from squid.http.openapi import PROBLEM, document
from squid.http.routes import ROUTES

DOCS = Path(__file__).parent
Json = dict[str, Any]
Rows = list[tuple[str, ...]]


def pages() -> dict[str, str]:
    """The generated pages, by their names."""
    return {
        "api-reference.md": api_reference(document(ROUTES)),
        "cli-reference.md": cli_reference(typer.main.get_command(app)),
    }


def table(head: tuple[str, ...], rows: Rows) -> str:
    lines = [head, ("---",) * len(head), *rows]
    # A bar inside a cell would end it.
    cells = ([" ".join(cell.replace("|", "\\|").split()) for cell in line] for line in lines)
    return "".join("| " + " | ".join(line) + " |\n" for line in cells)


# -- the command line -----------------------------------------------------------------------


def cli_reference(squid: Any) -> str:
    parts = [
        "# Command line reference\n",
        "Every command and option, as `--help` tells them. [cli.md](cli.md) is the guide, with "
        "examples.\n",
    ]
    parts += _command("squid", squid)
    return "\n".join(parts)


def _command(path: str, command: Any) -> Iterator[str]:
    yield f"## `{path}`\n"
    for part in (command.help or "").split("\n\n"):
        if part.startswith("\b"):  # examples, which `--help` leaves as they are
            examples = dedent(part.strip("\b\n"))
            yield f"```\n{examples}\n```\n"
        else:
            yield " ".join(part.split()) + "\n"
    rows = [_parameter(one) for one in command.params]
    if rows:
        yield table(("", ""), rows)
    for name, below in getattr(command, "commands", {}).items():
        yield from _command(f"{path} {name}", below)


def _parameter(one: Any) -> tuple[str, str]:
    text, name = one.help or "", one.metavar or one.name.upper()
    if one.param_type_name == "argument":
        return f"`{name}`", text
    flags = sorted(one.opts + one.secondary_opts, key=len)
    return ", ".join(f"`{flag}`" if one.is_flag else f"`{flag} {name}`" for flag in flags), text


# -- the API --------------------------------------------------------------------------------


def api_reference(api: Json) -> str:
    parts = [
        "# API reference\n",
        "Every route, parameter, event and error: made from the types that the server validates "
        "with, and the same as its page `/docs`. [api.md](api.md) is the guide, with examples.\n",
    ]
    for noun in (tag["name"] for tag in api["tags"]):
        parts.append(f"## {noun}\n")
        for path, methods in api["paths"].items():
            for method, operation in methods.items():
                if noun in operation["tags"]:
                    parts += _operation(api, method, path, operation)
    parts += ["## Errors\n", _errors(api), "## Schemas\n"]
    for name, schema in api["components"]["schemas"].items():
        if not _is_problem(schema):
            parts += _component(name, schema)
    return "\n".join(parts)


def _operation(api: Json, method: str, path: str, operation: Json) -> Iterator[str]:
    yield f"### `{method.upper()} {path}`\n"
    yield f"{operation['description']}\n"
    rows: Rows = [
        (f"`{one['name']}`", one["in"], _type(one["schema"]), one.get("description", ""))
        for one in operation["parameters"]
    ]
    if rows:
        yield table(("parameter", "in", "type", ""), rows)
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"Takes `{media}`: {_type(content['schema'])}.\n"
    codes = []
    for status, answer in operation["responses"].items():
        contents = answer.get("content", {})
        if PROBLEM in contents:
            schema = contents[PROBLEM]["schema"]
            codes += [_code(api, one["$ref"]) for one in schema.get("anyOf", [schema])]
            continue
        gives = [f"`{media}`: {_type(content['schema'])}." for media, content in contents.items()]
        yield " ".join([f"**{status}**", answer["description"], *gives]) + "\n"
    yield f"[Errors](#errors): {', '.join(f'`{code}`' for code in codes)}.\n"


def _errors(api: Json) -> str:
    rows: Rows = []
    for name, schema in api["components"]["schemas"].items():
        if _is_problem(schema):
            status = str(schema["properties"]["status"]["const"])
            rows.append((f"`{_code(api, name)}`", status, schema["title"]))
    return table(("code", "status", "meaning"), sorted(rows, key=lambda row: (row[1], row[0])))


def _is_problem(schema: Json) -> bool:
    return "const" in schema.get("properties", {}).get("status", {})


def _code(api: Json, ref: str) -> str:
    """The stable name of a kind of error, by its schema's."""
    urn: str = api["components"]["schemas"][_name(ref)]["properties"]["type"]["const"]
    return urn.rpartition(":")[2]


def _component(name: str, schema: Json) -> Iterator[str]:
    yield f"### {name}\n"
    if text := " ".join(schema.get("description", "").split()):
        yield f"{text}\n"
    fields = schema.get("properties", {})
    if not fields:
        yield f"{_type(schema)}\n"
        return
    needed = schema.get("required", [])
    rows: Rows = [
        (
            f"`{field}`",
            _type(told) + ("" if field in needed else ", optional"),
            told.get("description", ""),
        )
        for field, told in fields.items()
    ]
    yield table(("field", "type", ""), rows)


def _type(schema: Json) -> str:
    """A schema in a few words."""
    if "$ref" in schema:
        name = _name(schema["$ref"])
        return f"[{name}](#{name.lower()})"
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return " or ".join(_type(one) for one in schema[several])
    if "enum" in schema or "const" in schema:
        return ", ".join(f"`{one}`" for one in schema.get("enum", [schema.get("const")]))
    if schema.get("items"):
        return f"list of {_type(schema['items'])}"
    limits = {"minimum": "from", "maximum": "to", "maxLength": "at most", "default": "default"}
    told = [
        f"{word} `{schema[key]}`" for key, word in limits.items() if schema.get(key) is not None
    ]
    return " ".join([str(schema.get("type", "anything")), *told])


def _name(ref: str) -> str:
    return ref.rpartition("/")[2]


if __name__ == "__main__":
    for page, text in pages().items():
        (DOCS / page).write_text(text, "utf-8")
