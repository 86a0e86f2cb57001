"""The wheel, installed elsewhere, has all that it needs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import squid

ROOT = Path(__file__).parents[2]
# Beside the interpreter, which is where the README's first command puts it.
HERE = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])


def run(*command: str | Path, cwd: Path) -> str:
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, cwd=cwd, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_wheel_installed_elsewhere(tmp_path: Path) -> None:
    uv = shutil.which("uv", path=HERE)
    assert uv, "the tests need uv: pip install uv"
    run(uv, "build", "--wheel", "--out-dir", tmp_path, ROOT, cwd=tmp_path)
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
