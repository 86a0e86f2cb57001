"""`squid doctor`: what is set up, what is wrong, what to do."""

from __future__ import annotations

from typing import Annotated

import typer


def doctor(
    full: Annotated[
        bool, typer.Option("--full", help="Check all of the database; on a large one, seconds.")
    ] = False,
    online: Annotated[
        bool, typer.Option("--online", help="Ask the model's server whether it would answer.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Look at everything, change nothing: what is set up, what is wrong, what to do.

    Ends with 1 where there is a problem. Works beside a running server.
    """
    from squid.cli.doctor import examine

    if not examine.examine(full=full, online=online, as_json=as_json):
        raise typer.Exit(1)
