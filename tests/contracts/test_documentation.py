"""What there is to set, to type and to call is documented, all of it and nothing else."""

from __future__ import annotations

import re
import runpy
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from squid.cli import app
from squid.config import keys
from squid.http.routes import ROUTES

ROOT = Path(__file__).parents[2]
KEYS = {
    ".".join(path): list(default) if isinstance(default, tuple) else default
    for path, _, default in keys()
}


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def flat(tree: dict[str, Any], *path: str) -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from flat(value, *path, key)
        else:
            yield ".".join((*path, key)), value


def commands(command: Any, *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    for name, below in getattr(command, "commands", {}).items():
        yield from commands(below, *path, name)


COMMANDS = dict(commands(typer.main.get_command(app)))


def test_squid_toml_has_every_key_with_its_default() -> None:
    assert dict(flat(tomllib.loads(read("squid.toml")))) == KEYS


def test_squid_toml_says_of_every_key_why() -> None:
    lines = read("squid.toml").splitlines()
    for number, line in enumerate(lines):
        if re.match(r"\w+ = ", line):
            assert lines[number - 1].startswith("# "), line


def test_configuration_md_has_every_key_and_no_other() -> None:
    rows = re.findall(
        r"^\| `([\w.]+)` \| `(SQUID_\w+)` \| (.+?) \|", read("docs/configuration.md"), re.M
    )
    assert {key: variable for key, variable, _ in rows} == {
        key: "SQUID_" + key.replace(".", "_").upper() for key in KEYS
    }
    told = {key: tomllib.loads(f"it = {default.strip('`')}")["it"] for key, _, default in rows[1:]}
    assert told == {key: default for key, default in KEYS.items() if key != "data"}


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_cli_md_has_every_command_and_option(path: tuple[str, ...]) -> None:
    text = read("docs/cli.md")
    heading = " ".join(("squid", *path))
    if path:
        assert re.search(rf"^#+ `{heading}`$", text, re.M)
    _, _, section = text.partition(f"# `{heading}`\n") if path else ("", "", text)
    section = re.split(r"^#+ `squid", section, maxsplit=1, flags=re.M)[0]
    for param in COMMANDS[path].params:
        for flag in param.opts:
            if flag.startswith("-"):
                assert re.search(rf"`{flag}[ `]", section), f"{heading} {flag}"


def test_cli_md_has_no_other_option() -> None:
    known = {
        flag for command in COMMANDS.values() for param in command.params for flag in param.opts
    }
    told = set(re.findall(r"^\| .*?`(--[\w-]+)", read("docs/cli.md"), re.M))
    assert told - known == {"--help"}


@pytest.mark.parametrize(
    "route", ROUTES, ids=lambda route: f"{route.path}-{route.endpoint.__name__}"
)
def test_api_md_has_every_route(route: Any) -> None:
    text = read("docs/api.md")
    path = re.sub(r"\{\w+\}", "{id}", route.path)
    for method in route.methods - {"HEAD"}:
        assert f"`{method} {path}`" in text


GENERATE = runpy.run_path(str(ROOT / "docs" / "generate.py"))


@pytest.mark.parametrize(("page", "text"), GENERATE["pages"]().items(), ids=GENERATE["pages"]())
def test_references_are_what_is_generated(page: str, text: str) -> None:
    assert read(f"docs/{page}") == text, "Write it anew: uv run python docs/generate.py"


PAGES = sorted([*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text("utf-8"), flags=re.S)
    for place, anchor in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", text):
        target = page.parent / place if place else page
        assert target.exists(), f"{page.name} links to {place}"
        if anchor:
            assert anchor in anchors(target), f"{page.name} links to {place}#{anchor}"


def anchors(page: Path) -> set[str]:
    """What a heading is called by a link to it."""
    heads = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.M)
    plain = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", head).lower() for head in heads)
    return {re.sub(r"[^\w\- ]", "", head).strip().replace(" ", "-") for head in plain}
