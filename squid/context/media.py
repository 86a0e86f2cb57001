"""What a file is, by its first bytes: a client's word for it is not taken."""

from __future__ import annotations

import mimetypes

import filetype

TEXT = "text/plain"
BINARY = "application/octet-stream"


def media_type(name: str, content: bytes) -> str:
    """The type that the content shows; for text, the one that its name suggests."""
    kind = filetype.guess(content[:8192])
    if kind is not None:
        return str(kind.mime)
    if b"\0" in content:
        return BINARY
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return BINARY
    guessed = mimetypes.guess_type(name)[0] or TEXT
    return guessed if _is_text(guessed) else TEXT


def _is_text(type_: str) -> bool:
    return type_.startswith("text/") or type_ in (
        "application/json",
        "application/xml",
        "application/javascript",
        "application/toml",
        "application/yaml",
        "application/sql",
        "image/svg+xml",
    )
