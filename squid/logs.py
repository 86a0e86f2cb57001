"""The log: what a line is, which ids it bears, and what of it goes to stderr.

A line says that something happened, how long it took and to which ids; never what
anybody wrote. Whatever comes from outside is escaped: it can neither begin a line of
its own nor move a terminal's cursor.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from squid.config import Logs

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
run_id: ContextVar[str | None] = ContextVar("run_id", default=None)

# What ends a line, moves a cursor or turns the direction of reading.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def escape(text: str) -> str:
    """On one line, and nothing in it that a terminal would obey."""
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def told(**fields: Any) -> dict[str, Any]:
    """For `extra=`: fields of their own in a line of JSON. None is left out."""
    return {"told": {name: value for name, value in fields.items() if value is not None}}


def to_stderr(settings: Logs) -> None:
    """Say on stderr what is at least as bad as `settings.stderr`. Once a process."""
    root = logging.getLogger()
    if any(isinstance(handler, _Stderr | logging.NullHandler) for handler in root.handlers):
        return
    if settings.stderr == "off":
        root.addHandler(logging.NullHandler())  # or Python says warnings by itself
        return
    handler = _Stderr()
    handler.setFormatter(JsonLine() if settings.format == "json" else PlainLine())
    attach(handler, settings.stderr)


def attach(handler: logging.Handler, level: str) -> None:
    """Hand it our records from `level` on, and other packages' warnings."""
    handler.setLevel(level.upper())
    handler.addFilter(Stamp())
    logging.getLogger().addHandler(handler)
    ours = logging.getLogger("squid")
    ours.setLevel(min(handler.level, ours.level or handler.level))


class Stamp(logging.Filter):
    """Puts the ids of where a record is made onto it."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id, record.run_id = request_id.get(), run_id.get()
        return record.levelno >= logging.WARNING or record.name.startswith("squid")


class JsonLine(logging.Formatter):
    """One JSON object, all in ASCII."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {
            "time": at.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": message(record),
        }
        for name in ("request_id", "run_id"):
            if (value := getattr(record, name, None)) is not None:
                line[name] = value
        line |= getattr(record, "told", {})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class PlainLine(logging.Formatter):
    """`squid: what happened`, on one line. The traceback is in the file."""

    def format(self, record: logging.LogRecord) -> str:
        text = message(record)
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            text += f": {type(error).__name__}: {error}"
        return escape(f"squid: {text}")


def message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # the arguments do not fit, and somebody waits for an answer
        return str(record.msg)


class _Stderr(logging.StreamHandler[Any]):
    def __init__(self) -> None:
        super().__init__(sys.stderr)
