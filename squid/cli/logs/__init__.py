"""`squid logs`: what a server wrote into its log, for people."""

from __future__ import annotations

from typing import Annotated

import typer

from squid.cli import settings


def logs(
    lines: Annotated[
        int | None,
        typer.Option(
            "--lines",
            "-n",
            min=0,
            max=10_000_000,
            metavar="N",
            help="How many, the newest: 50, or with --since all.",
        ),
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.")
    ] = False,
    level: Annotated[
        str, typer.Option(metavar="LEVEL", help="From this on: debug, info, warning or error.")
    ] = "debug",
    run: Annotated[str | None, typer.Option(metavar="ID", help="Only of this run.")] = None,
    request: Annotated[str | None, typer.Option(metavar="ID", help="Only of this request.")] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Only since then: 10m, 2h, 14:30, 2026-05-01."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the lines as they are in the file.")
    ] = False,
) -> None:
    """Show the server's log, the newest last. Works beside a running server."""
    config = settings.load()

    from squid.cli.logs import view

    wanted = view.Wanted(
        level=view.level(level),
        run=run,
        request=request,
        since=view.since(since) if since else None,
    )
    if lines is None and since is None:
        lines = 50
    view.show(config.log_path, wanted, lines=lines, follow=follow, as_json=as_json)
