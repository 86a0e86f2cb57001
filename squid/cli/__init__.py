"""The command line. A file per command; what a command needs is imported when it runs,
so that `squid --help` does not wait for a web server."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from typer._click.exceptions import NoArgsIsHelpError, UsageError

from squid import __version__
from squid.cli import (
    ask,
    backup,
    cleanup,
    completion,
    config,
    doctor,
    export,
    import_,
    logs,
    migrate,
    model,
    restore,
    serve,
    sessions,
    settings,
)
from squid.cli.commands import Command, Group
from squid.errors import (
    ConfigError,
    InvalidRequest,
    NotFound,
    SquidError,
    TooLarge,
    Unauthorized,
    UnsupportedMedia,
)

WRONG_USAGE, CANNOT, BUG, CTRL_C, READER_GONE = 2, 3, 70, 130, 141
"""Exit codes, beside 0 and what `ask` says of an answer (docs/cli.md)."""

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

_ASKED_WRONGLY = (
    *(ConfigError, InvalidRequest, NotFound, TooLarge, Unauthorized, UnsupportedMedia),
)


class _Squid(Group):
    def invoke(self, ctx: Any) -> Any:
        # Before Typer sees them: it exits 1 where nobody reads.
        try:
            with _interruptible():
                result = super().invoke(ctx)
            sys.stdout.flush()  # a reader that is gone is noticed here, and not too late
            return result
        except KeyboardInterrupt:
            _let_go_of_stdout()  # who wants to go does not wait for a reader either
            raise SystemExit(CTRL_C) from None
        except BrokenPipeError:
            _let_go_of_stdout()
            raise SystemExit(READER_GONE) from None


@contextmanager
def _interruptible() -> Iterator[None]:
    """While a command runs, Ctrl-C is an exception, so that it can put things away.
    Before and behind, there is nothing to put away (squid/__main__.py)."""
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


app = typer.Typer(
    name="squid",
    cls=_Squid,
    help="A chat server that never loses a word.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(cls=Command)(serve.serve)
app.command(cls=Command)(ask.ask)
app.command(cls=Command)(export.export)
app.command("import", cls=Command)(import_.import_)
app.command(cls=Command)(cleanup.cleanup)
app.add_typer(sessions.app, name="sessions")
app.command(cls=Command)(backup.backup)
app.command(cls=Command)(restore.restore)
app.command(cls=Command)(migrate.migrate)
app.command(cls=Command)(config.config)
app.command(cls=Command)(doctor.doctor)
app.command(cls=Command)(logs.logs)
app.add_typer(model.app, name="model")
app.command(cls=Command)(completion.completion)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"squid {__version__}")
        raise typer.Exit


@app.callback()
def given(
    config: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Read this squid.toml and no other."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Keep everything in this folder."),
    ] = None,
    debug: Annotated[
        bool, typer.Option("--debug", help="Say on stderr what goes on, and where it broke.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    settings.given = settings.Given(config, data, debug)
    if debug:
        import logging

        logging.basicConfig(level=logging.DEBUG, format="%(asctime)s %(name)s %(message)s")
        logging.getLogger("sse_starlette").setLevel(logging.INFO)  # it logs every chunk


def main() -> None:
    """The console script."""
    try:
        code = app(prog_name="squid", standalone_mode=False)
        sys.stdout.flush()
        sys.exit(code if isinstance(code, int) else 0)
    except NoArgsIsHelpError as error:
        typer.echo(error.format_message(), err=True)
        sys.exit(WRONG_USAGE)
    except UsageError as error:
        path = error.ctx.command_path if error.ctx else "squid"
        complain(error.format_message(), f"See what there is: {path} --help")
        sys.exit(WRONG_USAGE)
    except SquidError as error:
        if settings.given.debug:
            raise
        complain(error.detail, error.hint)
        sys.exit(WRONG_USAGE if isinstance(error, _ASKED_WRONGLY) else CANNOT)
    except BrokenPipeError:  # of --help, which is said before a command is there
        _let_go_of_stdout()
        sys.exit(READER_GONE)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            _let_go_of_stdout()
            complain(f"It could not be said: {error.strerror}.", "Make room on the disk.")
            sys.exit(CANNOT)
        if settings.given.debug:
            raise
        complain(
            f"This is a bug in Squid: {type(error).__name__}: {error}",
            "Please report it with what `squid --debug …` says of it.",
        )
        sys.exit(BUG)


def complain(detail: str, hint: str | None = None) -> None:
    typer.echo(f"squid: {detail}", err=True)
    if hint:
        typer.echo(f"hint: {hint}", err=True)


def _let_go_of_stdout() -> None:
    """Python flushes stdout when it ends: it would complain that nobody reads it, or
    wait for somebody who does not."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
