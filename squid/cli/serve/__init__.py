"""`squid serve`: the server."""

from __future__ import annotations

from typing import Annotated

import typer

from squid.cli import settings


def serve(
    host: Annotated[
        str | None,
        typer.Option(
            metavar="HOST",
            help="The address to listen on; one that others can reach needs a token.",
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, metavar="PORT", help="The port to listen on; 0 for any that is free."
        ),
    ] = None,
) -> None:
    """Serve conversations: to this machine, or to whoever has the token."""
    config = settings.load(**{"server.host": host, "server.port": port})

    from squid.cli.serve import serving

    code = serving.serve(config)
    if code:
        raise typer.Exit(code)
