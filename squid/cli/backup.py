"""`squid backup`: the database, whole, in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from squid.cli import settings


def backup(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE",
            help="Where to; a folder takes it under a name with the time. Without it:"
            " `backups` in the data folder.",
            show_default=False,
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a file that is there already.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object: what is in it, and where.")
    ] = False,
) -> None:
    """Back up everything into one file, and check that it is whole.

    Works beside a running server, whose answers go on.
    """
    config = settings.load()

    from squid.cli import maintaining

    maintaining.back_up(config, file, force=force, as_json=as_json)
