"""`squid ask`: a question, and its answer as it comes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from squid.cli import settings
from squid.cli.completion import session_ids


def ask(
    question: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="QUESTION",
            help="What to ask. Text that is piped in comes behind it.",
            show_default=False,
        ),
    ] = None,
    go_on: Annotated[
        bool, typer.Option("--continue", "-c", help="Go on with the last session.")
    ] = False,
    session: Annotated[
        str | None,
        typer.Option(
            "--session",
            "-s",
            metavar="ID",
            help="Go on with this session; the beginning of its id will do.",
            autocompletion=session_ids,
        ),
    ] = None,
    file: Annotated[
        list[Path] | None,
        typer.Option("--file", "-f", metavar="FILE", help="Send a file along; may be repeated."),
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", "-m", metavar="MODEL", help="The model to ask.")
    ] = None,
    system: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="The system prompt of the new session."),
    ] = None,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Print one JSON object: the session, the answer, the run."),
    ] = False,
    no_stream: Annotated[
        bool, typer.Option("--no-stream", help="Print the answer once it is complete.")
    ] = False,
) -> None:
    """Ask the model; the answer appears as it is written.

    Goes through a running server where there is one, and works without.

    \b
    squid ask 'What is the capital of France?'
    squid ask -c 'And of Spain?'
    git diff | squid ask 'Write a commit message'
    """
    from squid.cli.ask import asking

    code = asking.ask(
        settings.load(),
        words=question or [],
        go_on=go_on,
        session_id=session,
        paths=file or [],
        model=model,
        system=system,
        as_json=as_json,
        stream=not no_stream,
    )
    if code:
        raise typer.Exit(code)
