"""`squid restore`: a backup in the place of the database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from squid.cli import settings


def restore(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="What `squid backup` made; it is not changed.")
    ],
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Do not ask whether to replace what is there.")
    ] = False,
) -> None:
    """Replace everything by what is in a backup: all of it or, where it is damaged, nothing.

    What is there now is backed up first. Works beside a running server, which shows the
    restored state at once.
    """
    config = settings.load()

    from squid.cli import maintaining

    maintaining.restore(config, file, yes=yes)
