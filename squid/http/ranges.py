"""A part of a file: to go on with a download, or to seek in a film (RFC 9110, 14)."""

from __future__ import annotations

import re

from starlette.requests import Request

_ONE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.IGNORECASE)


def wanted(request: Request, size: int, tag: str) -> range | None:
    """Which bytes are asked for; none of them where they are behind the end, and None for
    all: nothing was said, or several parts, or what is no range, or a part of something
    else than `tag`, which is strong, stands for."""
    found = _ONE.fullmatch(request.headers.get("range", ""))
    if request.method != "GET" or found is None or request.headers.get("if-range", tag) != tag:
        return None
    first, last = found.groups()
    if first:
        if last and int(last) < int(first):
            return None
        return range(int(first), min(int(last) + 1, size) if last else size)
    return range(max(size - int(last), 0), size) if last else None
