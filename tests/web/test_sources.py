"""The page's own checks: its types against the API's, its manners, its units. By the Node
that a wheel brings, whatever the machine has."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from web import build, schema
from web.node import Node

# The first one may have npm get all packages.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def passes(tools: Node) -> Callable[..., None]:
    def run(script: str, *args: str) -> None:
        done = tools.run(script, *args)
        assert done.returncode == 0, done.stdout + done.stderr

    return run


def test_types(tools: Node, passes: Callable[..., None]) -> None:
    with build.alone():
        schema.write(tools)
    for config in ("tsconfig.json", "tsconfig.worker.json"):
        passes("typescript/bin/tsc", "--noEmit", "--pretty", "false", "-p", config)


def test_lint_and_format(passes: Callable[..., None]) -> None:
    passes("@biomejs/biome/bin/biome", "check", "--colors=off")


def test_units(passes: Callable[..., None]) -> None:
    passes("vitest/vitest.mjs", "run", "--passWithNoTests")
