"""The package, built and installed elsewhere, has all that it needs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

import squid
from tests.server import environment
from web import build

ROOT = Path(__file__).parents[2]
# Beside the interpreter, which is where the README's first command puts it.
HERE = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
NO_NPM = {"npm_config_registry": "http://127.0.0.1:9", "npm_config_fetch_retries": "0"}


def run(*command: str | Path, cwd: Path, **more: str) -> str:
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | more
    done = subprocess.run(command, cwd=cwd, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def served(program: Path, data: Path) -> Iterator[str]:
    environ = environment(data) | {"PYTHONPATH": "", "SQUID_PROVIDER_NAME": "anthropic"}
    data.mkdir()
    process = subprocess.Popen(
        [program, "serve", "--port", "0"], cwd=data, env=environ, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1]
    finally:
        process.kill()
        process.communicate()


@pytest.mark.slow
def test_the_wheel_installed_elsewhere(tmp_path: Path) -> None:
    uv = shutil.which("uv", path=HERE)
    assert uv, "the tests need uv: pip install uv"
    build.build()
    # An sdist, and from it the wheel: what is in the one is enough to build the other.
    run(uv, "build", "--out-dir", tmp_path, ROOT, cwd=tmp_path, **NO_NPM)
    (wheel,) = tmp_path.glob("*.whl")
    venv = tmp_path / "venv"
    run(uv, "venv", "--python", sys.executable, venv, cwd=tmp_path)
    scripts = venv / ("Scripts" if os.name == "nt" else "bin")
    run(
        *(uv, "pip", "install", "--python", scripts / "python"),
        *("--constraint", ROOT / "constraints.txt", wheel),
        cwd=tmp_path,
    )

    assert squid.__version__ in run(scripts / "squid", "--version", cwd=tmp_path)
    where = run(scripts / "python", "-c", "import squid; print(squid.__file__)", cwd=tmp_path)
    migrations = Path(where.strip()).parent / "migrations"
    assert migrations.is_relative_to(venv)
    shipped = {path.name: path.read_bytes() for path in migrations.iterdir()}
    assert shipped == {path.name: path.read_bytes() for path in (ROOT / "migrations").iterdir()}

    # Of each package whose code is in the page: what its licence asks to be handed on with it.
    licences = (migrations.parent / "page/licenses.md").read_text("utf-8")
    for name in ("@radix-ui/react-dialog", "@shikijs/langs", "katex", "react", "streamdown"):
        assert f"\n## {name} - " in licences

    with served(scripts / "squid", tmp_path / "data") as url:
        assert (tmp_path / "data" / "squid.db").exists()
        with urlopen(url) as response:
            assert response.headers["content-type"] == "text/html; charset=utf-8"
            page = response.read().decode()
        parts = re.findall(r'(?:src|href)="(/assets/[^"]+\.(\w+))"', page)
        kinds = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8"}
        assert {kind for _, kind in parts} == {"js", "css", "svg"}
        for part, kind in parts:
            with urlopen(url + part) as response:
                assert response.headers["content-type"] == kinds.get(kind, "image/svg+xml")
                assert response.read()

    (sdist,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"hatch_build.py", "web/package-lock.json", "web/src/main.tsx", "web/build.py"} <= names
    assert not [name for name in names if "node_modules" in name or "__pycache__" in name]
