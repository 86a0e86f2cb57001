"""How far a long command is."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

LONG_SECONDS = 0.5
"""What takes longer shows how far it is."""


class Stopped(Exception):
    """Ends work that nobody waits for any more."""


class Bar:
    """How far it is, on stderr: only for a person, and only where it takes long."""

    def __init__(self, label: str, *, quiet: bool = False) -> None:
        self._label = label
        self._quiet = quiet or not sys.stderr.isatty()
        self._began = time.monotonic()
        self._bar: Progress | None = None
        self._stopped = threading.Event()

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def show(self, done: int, total: int | None) -> None:
        """Called by the thread that does the work, which also learns here to stop."""
        if self._stopped.is_set():
            raise Stopped
        if self._quiet or time.monotonic() - self._began < LONG_SECONDS:
            return
        if self._bar is None:
            from rich.console import Console
            from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

            columns = TextColumn(self._label), BarColumn(), DownloadColumn()
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._bar.start()
            self._bar.add_task("")
        self._bar.update(self._bar.task_ids[0], completed=done, total=total)

    @contextmanager
    def stopping(self) -> Iterator[None]:
        """Ctrl-C cancels who waits for the work; tell the work, too."""
        try:
            yield
        except asyncio.CancelledError:
            self._stopped.set()
            raise
