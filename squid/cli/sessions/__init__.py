"""`squid sessions`: what there is, found again, and put in order."""

from __future__ import annotations

from typing import Annotated

import typer

from squid.cli import settings
from squid.cli.commands import Command, Group
from squid.cli.completion import archived_ids, deleted_ids, session_ids, sorts

app = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="List, show, search, rename, archive, delete and restore sessions.\n\n"
    "An ID may be shortened to what tells it from the others, 4 characters at least. "
    "Works beside a running server, which sees every change at once.",
)

Id = Annotated[
    str,
    typer.Argument(
        metavar="ID", help="A session's id, or its beginning.", autocompletion=session_ids
    ),
]
Ids = Annotated[
    list[str],
    typer.Argument(metavar="ID...", help="Ids, or beginnings.", autocompletion=session_ids),
]
DeletedIds = Annotated[
    list[str],
    typer.Argument(metavar="ID...", help="Ids, or beginnings.", autocompletion=deleted_ids),
]
ArchivedIds = Annotated[
    list[str],
    typer.Argument(metavar="ID...", help="Ids, or beginnings.", autocompletion=archived_ids),
]
Limit = Annotated[
    int, typer.Option("--limit", "-n", min=1, max=100_000, metavar="N", help="How many at most.")
]
Model = Annotated[
    str | None,
    typer.Option("--model", "-m", metavar="MODEL", help="Only those set to it, or answered by it."),
]
Since = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="Only those active since: 2026-10-31, 12h, 7d, 2w."),
]
Until = Annotated[
    str | None, typer.Option(metavar="TIME", help="Only those last active until then.")
]
Archived = Annotated[bool, typer.Option("--archived", help="The archived ones instead.")]
Deleted = Annotated[bool, typer.Option("--deleted", help="Those in the trash instead.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command("list", cls=Command)
def list_(
    limit: Limit = 20,
    text: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="Only those with this in the title or a message."),
    ] = None,
    model: Model = None,
    since: Since = None,
    until: Until = None,
    archived: Archived = False,
    deleted: Deleted = False,
    sort: Annotated[
        str,
        typer.Option(metavar="ORDER", help="activity, date or title.", autocompletion=sorts),
    ] = "activity",
    as_json: Json = False,
) -> None:
    """List sessions, the most recently active first.

    Into a pipe goes a line for each: id, title, messages, last activity, model, with tabs
    between them.

    \b
    squid sessions list --since 7d --text invoice
    squid sessions list --until 2026-01-31 | cut -f1 | xargs squid sessions archive
    """
    from squid.cli.sessions import listing

    chosen = listing.Chosen(text, model, since, until, archived, deleted, sort)
    listing.list_(settings.load(), chosen, limit=limit, as_json=as_json)


@app.command(cls=Command)
def show(
    session: Id,
    last: Annotated[
        int | None,
        typer.Option(
            "--last", "-n", min=1, max=100_000, metavar="N", help="Only its last N messages."
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the session and its messages as JSON.")
    ] = False,
) -> None:
    """Show a session's conversation.

    As Markdown into a pipe, rendered on a terminal.
    """
    from squid.cli.sessions import showing

    showing.show(settings.load(), session, last=last, as_json=as_json)


@app.command(cls=Command)
def search(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to look for.")],
    limit: Limit = 20,
    model: Model = None,
    since: Since = None,
    until: Until = None,
    archived: Archived = False,
    deleted: Deleted = False,
    as_json: Json = False,
) -> None:
    """Search titles and messages for a text, and show where it stands.

    A to Z match a to z; no other sign has a meaning of its own.

    \b
    squid sessions search 'olive oil'
    """
    from squid.cli.sessions import searching
    from squid.cli.sessions.listing import Chosen

    chosen = Chosen(text, model, since, until, archived, deleted)
    searching.search(settings.load(), chosen, limit=limit, as_json=as_json)


@app.command(cls=Command)
def rename(
    session: Id, title: Annotated[str, typer.Argument(metavar="TITLE", help="Its new title.")]
) -> None:
    """Give a session another title."""
    from squid.cli.sessions import arranging

    arranging.rename(settings.load(), session, title)


@app.command(cls=Command)
def delete(sessions: Ids) -> None:
    """Delete sessions: into the trash. A live answer is stopped.

    Several are deleted all or not at all.
    """
    from squid.cli.sessions import arranging

    arranging.delete(settings.load(), sessions)


@app.command(cls=Command)
def restore(sessions: DeletedIds) -> None:
    """Restore deleted sessions."""
    from squid.cli.sessions import arranging

    arranging.restore(settings.load(), sessions)


@app.command(cls=Command)
def archive(sessions: Ids) -> None:
    """Archive sessions: out of the lists, and as whole as ever.

    Asking on in one brings it back.
    """
    from squid.cli.sessions import arranging

    arranging.archive(settings.load(), sessions)


@app.command(cls=Command)
def unarchive(sessions: ArchivedIds) -> None:
    """Bring archived sessions back into the lists."""
    from squid.cli.sessions import arranging

    arranging.unarchive(settings.load(), sessions)
