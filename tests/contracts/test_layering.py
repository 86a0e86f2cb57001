"""Data goes one way: nothing imports upward, and only the store has SQL."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LEVELS = (
    ("models", "config", "layers", "ids", "errors", "figures"),
    ("logs", "log_file", "telemetry"),
    ("providers", "store"),
    ("context", "transfer"),
    ("runs",),
    ("upkeep",),
    ("core",),
    ("cli", "http"),
    ("app",),
)
LEVEL = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}
APART = ({"providers", "store"}, {"cli", "http"})
"""On one level, and nothing to each other."""

MODULES = sorted((ROOT / "squid").rglob("*.py"))


def room(module: str) -> str | None:
    """`squid.store.files` is in `store`; `squid` itself, its version, is anybody's."""
    parts = module.split(".")
    return parts[1] if parts[0] == "squid" and len(parts) > 1 else None


def imports(tree: ast.AST, package: str) -> Iterator[tuple[int, str]]:
    """Every imported module, also inside functions; what is only for types is not run."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join([*package.split(".")[: 1 - node.level or None], base]).strip(".")
            if base == "squid":
                yield from ((node.lineno, f"squid.{alias.name}") for alias in node.names)
            else:
                yield node.lineno, base
        yield from imports(node, package)


def allowed(importer: str, imported: str) -> bool:
    if importer == imported or imported.startswith("__") or importer == "__main__":
        return True
    if importer == "cli" and imported == "app":
        return True  # a command opens what it works with, as the server does
    if {importer, imported} in APART:
        return False
    return LEVEL[imported] <= LEVEL[importer]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_imports_upward(path: Path) -> None:
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    importer = room(module.removesuffix(".__init__"))
    if importer is None:
        return
    assert importer in LEVEL or importer == "__main__", f"{module} has no place in the layout"
    package = module.rpartition(".")[0]
    for line, name in imports(ast.parse(path.read_text("utf-8")), package):
        imported = room(name)
        assert imported is None or allowed(importer, imported), f"{path}:{line} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_store_has_sql(path: Path) -> None:
    if path.is_relative_to(ROOT / "squid" / "store"):
        return
    text = path.read_text("utf-8")
    for sign in (".execute(", ".executemany(", "SELECT ", "INSERT INTO", "DELETE FROM"):
        assert sign not in text, f"{path} has SQL: {sign}"


@pytest.mark.parametrize(
    ("importer", "imported", "fine"),
    [
        ("http", "runs", True),
        ("runs", "http", False),
        ("store", "providers", False),
        ("providers", "store", False),
        ("store", "models", True),
        ("models", "store", False),
        ("cli", "app", True),
        ("http", "app", False),
        ("http", "cli", False),
        ("app", "http", True),
        ("context", "runs", False),
    ],
)
def test_rule_itself(importer: str, imported: str, fine: bool) -> None:
    assert allowed(importer, imported) is fine


def test_imports_are_found_wherever_they_stand() -> None:
    code = (
        "import squid.app\nfrom squid import errors\nfrom squid.store import files\n"
        "from . import log\ndef f():\n    from ..http import sse\n"
        "if TYPE_CHECKING:\n    import squid.cli\n"
    )
    found = [name for _, name in imports(ast.parse(code), "squid.runs")]
    assert found == ["squid.app", "squid.errors", "squid.store", "squid.runs", "squid.http"]
