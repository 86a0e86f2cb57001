"""`squid completion`, and what completes: session ids with their titles, and words.

A shell's script calls `squid` with the line so far and gets a candidate a line, with a
tab before what it means. Typer's own scripts are not used: zsh's evaluates what comes
back, and a session's title may be anybody's words.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Annotated, Any

import typer
from typer._click.shell_completion import (
    CompletionItem,
    ShellComplete,
    add_completion_class,
    split_arg_string,
)

from squid.cli import settings

SHELLS = ("bash", "zsh", "fish")
CANDIDATES = 100
TITLE_LENGTH = 60


def shells() -> list[str]:
    return list(SHELLS)


def formats() -> list[str]:
    return ["json", "markdown"]


def sorts() -> list[str]:
    return ["activity", "date", "title"]


def completion(
    shell: Annotated[
        str, typer.Argument(metavar="SHELL", help="bash, zsh or fish.", autocompletion=shells)
    ],
) -> None:
    """Print a script that completes commands, options and session ids.

    \b
    bash: squid completion bash > ~/.local/share/bash-completion/completions/squid
    zsh:  squid completion zsh > "${fpath[1]}/_squid"
    fish: squid completion fish > ~/.config/fish/completions/squid.fish
    """
    from squid.cli.completion.scripts import SCRIPTS
    from squid.errors import InvalidRequest

    if shell not in SCRIPTS:
        raise InvalidRequest(f"{shell!r} is no shell that can be helped: {', '.join(SHELLS)}.")
    typer.echo(SCRIPTS[shell], nl=False)


def session_ids(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    return _ids(ctx, incomplete, deleted=False)


def deleted_ids(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    return _ids(ctx, incomplete, deleted=True)


def archived_ids(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    return _ids(ctx, incomplete, deleted=False, archived=True)


def _ids(ctx: typer.Context, incomplete: str, **state: bool) -> list[tuple[str, str]]:
    """Those that begin like this, with their titles. Makes no database, and changes none."""
    from squid.cli.render import line
    from squid.store import once, sessions
    from squid.store.users import LOCAL

    given = ctx.find_root().params
    settings.given = settings.Given(given.get("config"), given.get("data"))
    found = once.glance(
        settings.load(), sessions.starting, LOCAL, incomplete, limit=CANDIDATES, **state
    )
    return [(id_, line(title).strip()[:TITLE_LENGTH]) for id_, title in found or ()]


class _Line(ShellComplete):
    """The line up to the cursor is the only argument, quoted as it was typed."""

    name = "line"
    source_template = ""

    def source_vars(self) -> dict[str, Any]:
        return {}

    def get_completion_args(self) -> tuple[list[str], str]:
        line = sys.argv[1] if len(sys.argv) > 1 else ""
        words = split_arg_string(line)[1:]
        if words and not line.endswith((" ", "\t")):
            return words[:-1], words[-1]
        return words, ""

    def format_completion(self, item: CompletionItem) -> str:
        return f"{item.value}\t{' '.join((item.help or '').split())}"

    def complete(self) -> str:
        # Whatever is wrong, a line that is being typed is no place to say so.
        with suppress(Exception):
            args, incomplete = self.get_completion_args()
            found = self.get_completions(args, incomplete)
            # The shell completes names of files itself.
            return "\n".join(self.format_completion(one) for one in found if one.type == "plain")
        return ""


if "_SQUID_COMPLETE" in os.environ:
    add_completion_class(_Line, _Line.name)
