"""Builds the page into `squid/page/`: `python web/build.py`, or by itself with the package.

A stamp beside it says from which sources it was built, so that it is built only where they
are others: not twice, and not from an sdist, which has it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from web import node
from web.node import NodeError

WEB = Path(__file__).parent
ROOT = WEB.parent
PAGE = ROOT / "squid" / "page"
STAMP = "built-from.sha256"

SWITCH = "SQUID_BUILD_PAGE"
"""Set to 0, the package is built with what there is of the page, or without one."""

_BESIDE = ("index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts")
_BELOW = ("plugins", "src")
_NOT_BUILT = (".test.ts", ".test.tsx", ".d.ts")


def is_wanted() -> bool:
    return os.environ.get(SWITCH, "1") != "0"


def is_fresh() -> bool:
    """Whether the page is there, and built from the sources as they are."""
    try:
        stamp = (PAGE / STAMP).read_text("ascii")
    except (OSError, UnicodeDecodeError):
        return False
    return stamp.strip() == fingerprint() and (PAGE / "index.html").exists()


def fingerprint() -> str:
    """Changes with anything that the page is built from."""
    digest = hashlib.sha256()
    for path in sources():
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(WEB).as_posix()} {content}\n".encode())
    return digest.hexdigest()


def sources() -> Iterator[Path]:
    yield from (WEB / name for name in _BESIDE)
    for folder in _BELOW:
        inside = (path for path in (WEB / folder).rglob("*") if path.is_file())
        yield from sorted(path for path in inside if not path.name.endswith(_NOT_BUILT))


def build() -> None:
    """Build the page, unless it is fresh. Raises NodeError."""
    if is_fresh():
        return
    with alone():
        if not is_fresh():
            _build()


@contextmanager
def alone() -> Iterator[None]:
    """For as long as one installs packages or builds, nobody else does, in any process."""
    from filelock import FileLock

    (ROOT / "build").mkdir(exist_ok=True)
    with FileLock(ROOT / "build" / "page.lock"):
        yield


def _build() -> None:
    found = node.find()
    if found is None:
        raise NodeError("There is no Node.js 20.19, 22.12 or newer with npm on this machine.")
    stamp = fingerprint()  # before: what is changed meanwhile is not in it
    node.install(found, dev=False)
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as made:
        new, old = Path(made) / "new", Path(made) / "old"
        made_by = ("vite/bin/vite.js", "build", "--outDir", new, "--emptyOutDir")
        # A shell's own may ask for React's other version, for whoever develops.
        done = found.run(*made_by, NODE_ENV="production")
        if done.returncode or not (new / "index.html").exists():
            raise NodeError(f"The page could not be built:\n{done.stdout}{done.stderr}")
        (new / STAMP).write_text(f"{stamp}\n", "ascii")
        # A server that runs meanwhile has one or the other, whole.
        if PAGE.exists():
            PAGE.rename(old)
        shutil.move(new, PAGE)


if __name__ == "__main__":
    try:
        build()
    except NodeError as error:
        sys.exit(str(error))
