"""`squid.log` in the data folder: a line of JSON for each record, rotated by size.

It is written by a thread of its own, so that a slow disk holds up nobody, and a full
one costs lines of the log and nothing else. Only a server writes it, and of several on
one data folder only the first: two that rotate it would tear each other's lines.
"""

from __future__ import annotations

import logging
import os
import queue
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from logging.handlers import QueueHandler, QueueListener, RotatingFileHandler
from pathlib import Path

from filelock import FileLock, Timeout

from squid.config import Config
from squid.logs import JsonLine, attach, message

logger = logging.getLogger(__name__)

Records = queue.SimpleQueue[logging.LogRecord | None]

KEPT = 3
"""Full files that are kept beside the one being written."""

WAITING = 10_000
"""Records that may wait for a slow disk; what comes beyond them is dropped."""

CLOSE_SECONDS = 2.0
"""How long the end of the process may wait for it."""


@contextmanager
def writing(config: Config) -> Iterator[str | None]:
    """Write the log meanwhile, if it is to be written; gives why it cannot be."""
    file = config.log_path
    lock = FileLock(f"{file}.lock")
    problem = None if config.logs.level == "off" else _lock(lock, file)
    if not lock.is_locked:
        yield problem
        return
    writer = _File(file, config.logs.max_size_mb * 1024 * 1024)
    records: Records = queue.SimpleQueue()
    handler, listener = _Queue(records), _Listener(records, writer)
    attach(handler, config.logs.level)
    listener.start()
    try:
        yield None
    finally:
        logging.getLogger().removeHandler(handler)
        if listener.ended():
            with suppress(OSError):  # what a full disk did not take
                writer.close()
        lock.release()


def _lock(lock: FileLock, file: Path) -> str | None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock.acquire(blocking=False)
    except Timeout:
        return f"Another server writes {file}: this one writes no log."
    except OSError as error:
        return f"{file} cannot be written: {error.strerror or error}."
    return None


class _Queue(QueueHandler):
    def __init__(self, records: Records) -> None:
        super().__init__(records)
        self._records = records

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        record.msg, record.args = message(record), None  # as its arguments are now
        return record

    def enqueue(self, record: logging.LogRecord) -> None:
        if self._records.qsize() < WAITING:
            self._records.put(record)


class _Listener(QueueListener):
    def __init__(self, records: Records, writer: logging.Handler) -> None:
        super().__init__(records, writer)
        self._records = records

    def ended(self) -> bool:
        """Whether all that waited is written, and the thread is gone."""
        thread = self._thread
        assert thread is not None
        self._records.put(None)
        thread.join(CLOSE_SECONDS)
        return not thread.is_alive()


class _File(RotatingFileHandler):
    def __init__(self, file: Path, max_bytes: int) -> None:
        super().__init__(file, maxBytes=max_bytes, backupCount=KEPT, encoding="utf-8", delay=True)
        self.setFormatter(JsonLine())
        self._failed = False
        self._failing = False

    def _open(self) -> TextIOWrapper:
        return open(
            self.baseFilename,
            "a",
            encoding="utf-8",
            opener=lambda name, flags: os.open(name, flags, 0o600),
        )

    def shouldRollover(self, record: logging.LogRecord) -> bool:
        """By what is there: the library formats each record once more to see if it fits."""
        if self.stream is None:
            self.stream = self._open()
        return os.fstat(self.stream.fileno()).st_size >= self.maxBytes

    def emit(self, record: logging.LogRecord) -> None:
        self._failed = False
        super().emit(record)
        self._failing = self._failed

    def handleError(self, record: logging.LogRecord) -> None:
        self._failed = True
        if not self._failing:  # said once, until it works again
            logger.warning("%s cannot be written: %s", self.baseFilename, sys.exc_info()[1])
