"""What `squid backup`, `squid restore` and `squid migrate` do."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from contextlib import closing
from pathlib import Path

import msgspec
import typer

from squid.cli.progress import Bar
from squid.config import Config
from squid.errors import DatabaseError, InvalidRequest
from squid.runs import recover
from squid.store import backup as backups
from squid.store import restore as restoring
from squid.store import worker
from squid.store.database import Database
from squid.store.migrate import migrate as apply_migrations
from squid.store.migrate import pending as pending_in
from squid.store.migrate import recognise
from squid.store.verify import Facts, read_only, verify
from squid.store.workplace import workplace


def backups_folder(config: Config) -> Path:
    return config.data_folder / "backups"


def back_up(config: Config, file: Path | None, *, force: bool, as_json: bool) -> None:
    """Raises SquidError; nothing is at `file` then that was not before."""
    target = file or backups.default_path(backups_folder(config))
    if target.is_dir():
        target = backups.default_path(target)
    began = time.monotonic()
    with Bar("Backing up", quiet=as_json) as bar:
        facts = backups.back_up(config.database_path, target, force=force, progress=bar.show)
    size = target.stat().st_size
    if not as_json:
        typer.echo(f"Backed up {_told(facts)} to {target} ({backups.megabytes(size)})")
        return
    told = {
        "file": str(target.absolute()),
        "bytes": size,
        "seconds": round(time.monotonic() - began, 3),
        **facts._asdict(),
    }
    typer.echo(msgspec.json.encode(told))


def restore(config: Config, file: Path, *, yes: bool) -> None:
    """Raises SquidError; nothing is replaced then."""
    path = config.database_path
    _readable(file, path)
    something = path.exists() and path.stat().st_size > 0
    if something and not yes and not sys.stdin.isatty():
        raise InvalidRequest(
            f"{path} would be replaced, and there is nobody to ask.",
            hint="If that is meant: squid restore --yes FILE",
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with workplace(path.parent) as folder:
            prepared, facts = _prepare(file, folder)
            if something and not yes:
                _confirm(file, facts, path)
            safety = backups.default_path(backups_folder(config), "before-restore")
            with Bar("Restoring") as bar:
                done = restoring.replace(path, prepared, safety, progress=bar.show)
    except OSError as error:
        raise backups.unwritable(Path(error.filename or path), error) from None
    typer.echo(f"Restored {_told(facts)} from {file}")
    if done.safety:
        typer.echo(f"What was there is in {done.safety}")
    if done.aside:
        typer.echo(f"What was there could not be read, and is now {done.aside}")


def migrate(config: Config) -> None:
    """Raises DatabaseError."""
    path = config.database_path
    done = apply_migrations(path)
    if not done.migrations:
        typer.echo(f"Nothing to do: {path} is at this program's version.")
        return
    first, last = done.migrations[0].version, done.migrations[-1].version
    if first == 1:
        typer.echo(f"Made {path}, at version {last}.")
        return
    typer.echo(f"Brought {path} from version {first - 1} to {last}:")
    for migration in done.migrations:
        typer.echo(f"  {migration.version:04} {migration.name}")
    typer.echo(f"How it was before is in {done.copy}")


def pending(config: Config) -> bool:
    """Say what `migrate` would do, and whether that is anything. Changes nothing."""
    path = config.database_path
    if not path.is_file() or path.stat().st_size == 0:
        typer.echo(f"There is no database at {path} yet; it would be made.")
        return True
    recognise(path)
    with closing(read_only(path)) as db:
        missing = pending_in(path, db)
    if not missing:
        typer.echo(f"Nothing to do: {path} is at this program's version.")
        return False
    first, last = missing[0].version, missing[-1].version
    typer.echo(f"{path} would be brought from version {first - 1} to {last}:")
    for migration in missing:
        typer.echo(f"  {migration.version:04} {migration.name}")
    return True


def _prepare(file: Path, folder: Path) -> tuple[Path, Facts]:
    """A checked copy of the backup, at this program's version, its cut-off answers
    closed."""
    prepared = restoring.fetch(file, folder)
    facts = verify(prepared, file)
    apply_migrations(prepared, keep_copy=False)
    asyncio.run(_close_cut_off(prepared))
    restoring.fold(prepared)
    return prepared, facts


async def _close_cut_off(path: Path) -> None:
    """Answers that were being written when the backup was made: whoever wrote them may
    be alive, and will not go on with them here."""
    database = await Database.open(path, readers=1)
    try:
        await recover.recover(database, "")
    finally:
        await database.close()


def _readable(file: Path, path: Path) -> None:
    if not file.is_file():
        what = "is a folder" if file.is_dir() else "is not there"
        raise InvalidRequest(f"{file} cannot be restored: it {what}.", hint="Name a file.")
    if path.exists() and os.path.samefile(file, path):
        raise InvalidRequest(f"{file} is the database itself.", hint="Name a backup of it.")
    if worker.living(file)[0]:
        raise InvalidRequest(
            f"{file} is a database that Squid is working on.",
            hint=f"Make a backup of it first: squid --data {file.parent} backup FILE",
        )
    try:
        with file.open("rb"):
            recognise(file)
    except DatabaseError as error:
        raise InvalidRequest(error.detail, hint="Name what `squid backup` made.") from None
    except OSError as error:
        raise InvalidRequest(f"{file} cannot be read: {error.strerror}.") from None


def _confirm(file: Path, facts: Facts, path: Path) -> None:
    now = restoring.present(path)
    what = _told(now) if now else "what cannot be read"
    typer.echo(f"{file} has {_told(facts)}{_last(facts)}.", err=True)
    typer.echo(f"{path} has {what}{_last(now)}; a backup is made of it.", err=True)
    try:
        if typer.confirm("Replace it?", err=True):
            return
    except typer.Abort:
        raise KeyboardInterrupt from None
    typer.echo("Nothing was changed.", err=True)
    raise SystemExit(1)


def _last(facts: Facts | None) -> str:
    if facts is None or facts.active_at is None:
        return ""
    return time.strftime(", the last of %Y-%m-%d %H:%M", time.localtime(facts.active_at / 1000))


def _told(facts: Facts) -> str:
    return ", ".join(
        f"{number:,} {noun}{'' if number == 1 else 's'}"
        for number, noun in (
            (facts.sessions, "session"),
            (facts.messages, "message"),
            (facts.files, "file"),
        )
    )
