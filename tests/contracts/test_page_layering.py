"""Data goes one way in the page as well: its parts ask `live` and the `outbox`, those the `api`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SRC = Path(__file__).parents[2] / "web" / "src"
BELOW: dict[str, set[str]] = {
    "strings": set(),
    "api": {"strings"},
    "live": {"api", "strings"},
    "outbox": {"api", "live", "strings"},
    "ui": {"api", "strings"},
    "markdown": {"api", "strings", "ui"},
    "worker": set(),
}
"""What may be imported from there. A folder that is not here is a part, and may ask any."""

FILES = sorted(
    path
    for path in SRC.rglob("*.ts*")
    if ".test." not in path.name and not path.name.endswith(".d.ts")
)


def imported(path: Path) -> set[str]:
    """The folders of the page that a file imports something from, its own one aside."""
    named = re.findall(r"""(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]""", path.read_text("utf-8"))
    targets = ((path.parent / name).resolve() for name in named)
    folders = {target.relative_to(SRC).parts[0] for target in targets}
    return folders - {path.relative_to(SRC).parts[0]}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SRC)))
def test_nothing_imports_upward(path: Path) -> None:
    folder = path.relative_to(SRC).parts[0]
    if folder in BELOW:
        assert imported(path) <= BELOW[folder]


def test_only_the_api_the_live_and_the_outbox_ask_the_server() -> None:
    """And the service worker, which every request for the page itself goes through."""
    asks = re.compile(r"\bapi\.(?:GET|POST|PUT|PATCH|DELETE)\(|(?<![\w.])fetch\(|XMLHttpRequest")
    found = {path.relative_to(SRC).parts[0] for path in FILES if asks.search(path.read_text())}
    assert found <= {"api", "live", "outbox", "worker"}


def test_no_file_is_past_400_lines() -> None:
    long = {path.name for path in FILES if len(path.read_text("utf-8").splitlines()) > 400}
    # All the words of one language are one file, so that another one is another file.
    assert long <= {"en.ts"}
