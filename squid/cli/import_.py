"""`squid import`: what was exported, back in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from squid.cli import settings


def import_(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="What `squid export` wrote; - for stdin.")
    ],
) -> None:
    """Import an export: all of it or, where something is wrong, nothing.

    What is here already is left alone. Works beside a running server.
    """
    from squid.cli import transferring

    transferring.import_(settings.load(), file)
