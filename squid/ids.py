"""Ids and the time they sort by, in one place, so that every table agrees on them."""

from __future__ import annotations

import time

import uuid_utils


def now() -> int:
    """Milliseconds since the epoch, UTC."""
    return time.time_ns() // 1_000_000


def new_id() -> str:
    """A UUIDv7: sorts by the time it was made."""
    return str(uuid_utils.uuid7())


def message_id(sender: str, recipient: str) -> str:
    return f"{sender}.{recipient}.{new_id()}"
