"""The OpenAPI document as one plain page: no script, nothing from elsewhere.

Swagger UI and its like come as megabytes of script that want a weaker policy than the
rest of Squid has; a person who looks something up needs a list and a browser's search.
"""

from __future__ import annotations

import base64
import hashlib
from html import escape
from typing import Any

from squid.http.headers import policy

Json = dict[str, Any]

STYLE = """\
:root { color-scheme: light dark; --line: #8884; --soft: #8881; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
nav li { display: inline-block; margin-right: 1rem; }
nav ul { padding: 0; }
section { border-top: 1px solid var(--line); margin-top: 1.5rem; }
h3 code:first-child { display: inline-block; min-width: 4.5rem; font-weight: 700; }
table { border-collapse: collapse; width: 100%; }
td, th { border-top: 1px solid var(--line); padding: .3rem .6rem .3rem 0; text-align: left;
  vertical-align: top; }
:target { background: var(--soft); }
"""
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = policy(style=f"'sha256-{_HASH}'")


def render(document: Json) -> str:
    """The page. All text of the document is escaped; code in backticks is shown as such."""
    info = document["info"]
    operations = [
        (method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    nouns = [tag["name"] for tag in document["tags"]]
    contents = "".join(f'<li><a href="#{escape(noun)}">{escape(noun)}</a></li>' for noun in nouns)
    body = "".join(
        f'<section id="{escape(noun)}"><h2>{escape(noun)}</h2>'
        + "".join(_operation(*one) for one in operations if noun in one[2]["tags"])
        + "</section>"
        for noun in nouns
    )
    schemas = "".join(
        _component(name, schema) for name, schema in document["components"]["schemas"].items()
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(info['title'])}: the API</title><style>{STYLE}</style></head><body>"
        f"<h1>{escape(info['title'])} {escape(info['version'])}: the API</h1>"
        f'<p>{_prose(info["description"])}</p><p><a href="api/openapi.json">OpenAPI 3.1</a></p>'
        f'<nav><ul>{contents}<li><a href="#schemas">schemas</a></li></ul></nav>{body}'
        f'<section id="schemas"><h2>schemas</h2>{schemas}</section></body></html>'
    )


def _operation(method: str, path: str, operation: Json) -> str:
    rows = [
        (
            f"{one['name']} ({one['in']})",
            one["schema"],
            one.get("description", ""),
        )
        for one in operation["parameters"]
    ]
    takes = "".join(
        f"<p>Takes <code>{escape(media)}</code>: {_type(content['schema'])}</p>"
        for media, content in operation.get("requestBody", {}).get("content", {}).items()
    )
    answers = "".join(
        f"<tr><td><code>{escape(status)}</code></td><td>{_prose(answer['description'])}</td>"
        f"<td>{_contents(answer)}</td></tr>"
        for status, answer in operation["responses"].items()
    )
    text = "".join(f"<p>{_prose(part)}</p>" for part in operation["description"].split("\n\n"))
    return (
        f'<h3 id="{escape(operation["operationId"])}"><code>{escape(method.upper())}</code>'
        f"<code>{escape(path)}</code></h3>{text}{_table(rows)}{takes}<table>{answers}</table>"
    )


def _contents(answer: Json) -> str:
    return "<br>".join(
        f"<code>{escape(media)}</code> {_type(content['schema'])}"
        for media, content in answer.get("content", {}).items()
    )


def _component(name: str, schema: Json) -> str:
    rows = [
        (
            field + ("" if field in schema.get("required", []) else " (optional)"),
            told,
            told.get("description", ""),
        )
        for field, told in schema.get("properties", {}).items()
    ]
    text = " ".join((schema.get("description") or schema.get("title", "")).split())
    kinds = "" if rows else f"<p>{_type(schema)}</p>"
    return (
        f'<h3 id="{escape(name)}"><code>{escape(name)}</code></h3><p>{_prose(text)}</p>'
        f"{kinds}{_table(rows)}"
    )


def _table(rows: list[tuple[str, Json, str]]) -> str:
    told = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td>{_type(schema)}</td>"
        f"<td>{_prose(text)}</td></tr>"
        for name, schema, text in rows
    )
    return f"<table>{told}</table>" if told else ""


def _type(schema: Json) -> str:
    """A schema in a few words."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        return ", ".join(f"<code>{escape(str(one))}</code>" for one in values)
    if schema.get("items"):
        return f"list of {_type(schema['items'])}"
    limits = {"minimum": "from", "maximum": "to", "maxLength": "at most", "default": "default"}
    more = [f"{word} {escape(str(schema[key]))}" for key, word in limits.items() if key in schema]
    return " ".join([escape(str(schema.get("type", "anything"))), *more])


def _prose(text: str) -> str:
    parts = escape(text).split("`")
    return "".join(
        f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(parts)
    )
