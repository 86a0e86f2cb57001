"""The rows of the table, a file each: `measure()` yields its figures."""

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
)
