"""`squid export`: conversations into a file, or to whatever reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from squid.cli import settings
from squid.cli.completion import formats, session_ids


def export(
    session: Annotated[
        str | None,
        typer.Argument(
            metavar="SESSION_ID",
            help="The session to export; the beginning of its id will do.",
            show_default=False,
            autocompletion=session_ids,
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Export all sessions, the trash too.")
    ] = False,
    format: Annotated[
        str,
        typer.Option(
            metavar="FORMAT",
            help="json: whole, to import; markdown: to read.",
            autocompletion=formats,
        ),
    ] = "json",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Where to. Without it: standard output."
        ),
    ] = None,
) -> None:
    """Export one session or all, as JSON for Squid or as Markdown for a reader.

    Works beside a running server.

    \b
    squid export trip -o trip.json
    squid export --all | gzip > all.json.gz
    squid export trip --format markdown | less
    """
    from squid.cli import transferring

    transferring.export(
        settings.load(), session_id=session, everything=everything, format=format, output=output
    )
