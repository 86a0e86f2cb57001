"""`squid config`: what is in force, and from where."""

from __future__ import annotations

from typing import Annotated

import typer

from squid.cli import settings


def config(
    key: Annotated[
        str | None,
        typer.Argument(
            metavar="KEY", help="Print this value alone, or this section.", show_default=False
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object, with every key's origin.")
    ] = False,
) -> None:
    """Say what is in force, and from where: as a squid.toml, which it may become.

    Secrets are never shown.
    """
    loaded = settings.load_with_origins()

    from squid.cli import configured

    typer.echo(configured.said(loaded, key, as_json=as_json))
