"""Where a page of a list of sessions ends, for the page behind it.

A cursor holds the last session's place, so that a page begins behind it whatever was
added or removed meanwhile; and the number of moves that the first page had seen, so
that a session that moves while the list is being read is neither skipped nor shown
twice: every page puts it where it stood for the first.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Literal

import msgspec

from squid.errors import InvalidRequest

Sort = Literal["activity", "date", "title"]
Order = Literal["asc", "desc"]

_Integer = Annotated[int, msgspec.Meta(ge=-(1 << 63), le=(1 << 63) - 1)]
"""What SQLite can hold against a column."""


class Cursor(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    sort: Sort
    order: Order
    place: _Integer | str
    session_id: str
    moves: _Integer


def encode(cursor: Cursor) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode()


def decode(text: str, sort: Sort, order: Order) -> Cursor:
    try:
        cursor = msgspec.json.decode(base64.urlsafe_b64decode(text.encode()), type=Cursor)
    except (ValueError, binascii.Error, msgspec.MsgspecError, RecursionError):
        cursor = None
    if cursor is None or isinstance(cursor.place, str) != (cursor.sort == "title"):
        raise InvalidRequest("The cursor is not one that Squid gave out.")
    if (cursor.sort, cursor.order) != (sort, order):
        raise InvalidRequest(
            "The cursor belongs to a list in another order.",
            hint="Send the same `sort` and `order` for every page.",
        )
    return cursor
