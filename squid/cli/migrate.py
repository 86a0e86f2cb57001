"""`squid migrate`: the database, at this program's version."""

from __future__ import annotations

from typing import Annotated

import typer

from squid.cli import settings


def migrate(
    check: Annotated[
        bool,
        typer.Option(
            "--check", "--dry-run", help="Only say what would be done; 1 where there is anything."
        ),
    ] = False,
) -> None:
    """Bring the database to this program's version, having backed it up.

    Every command does so by itself; this one does nothing else, and says what it did.
    """
    config = settings.load()

    from squid.cli import maintaining

    if check:
        raise typer.Exit(1 if maintaining.pending(config) else 0)
    maintaining.migrate(config)
