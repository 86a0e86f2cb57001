"""The rows of the table, a file each: `measure(options)` yields its figures as they come."""

from __future__ import annotations

ROWS = (
    "deltas",
    "first",
    "cpu",
    "instant",
    "history",
    "lists",
    "start",
    "memory",
    "commands",
    "transfer",
    "files",
    "capacity",
    "page",
)
"""What `python -m bench` runs."""

LONG = ("growth", "hour", "page_hour")
"""What takes many minutes each, and is only run when it is named."""
