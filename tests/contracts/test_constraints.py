"""uv and pip install the same versions, and no file names where they come from."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def constraints() -> list[str]:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


def name(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def test_uv_and_pip_are_held_to_the_same_versions() -> None:
    assert constraints() == PYPROJECT["tool"]["uv"]["constraint-dependencies"]


def test_each_line_is_one_version_and_nothing_else() -> None:
    for line in constraints():
        assert re.fullmatch(r"[a-z0-9.-]+==[\w.]+", line), line


def test_every_dependency_is_held() -> None:
    project = PYPROJECT["project"]
    wanted = list(project["dependencies"])
    for group in (
        *project["optional-dependencies"].values(),
        *PYPROJECT["dependency-groups"].values(),
    ):
        wanted += [item for item in group if isinstance(item, str)]
    missing = {name(item) for item in wanted} - {name(line) for line in constraints()}
    assert missing == {project["name"]}
