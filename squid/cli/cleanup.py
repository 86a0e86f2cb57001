"""`squid cleanup`: by hand what a server does by the clock."""

from __future__ import annotations

from typing import Annotated

import typer

from squid.cli import settings


def cleanup(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    older_than: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=36_500,
            metavar="DAYS",
            help="Sessions without activity for so long go into the trash, whatever is set.",
        ),
    ] = None,
    vacuum: Annotated[
        bool, typer.Option("--vacuum", help="Write the database anew without its free room, too.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object instead of sentences.")
    ] = False,
) -> None:
    """Do what the limits in [session] ask for, and tidy up.

    Works beside a running server.
    """
    config = settings.load(**{"session.max_age_days": older_than})

    from squid.cli import cleaning

    cleaning.cleanup(config, dry_run=dry_run, vacuum=vacuum, as_json=as_json)
