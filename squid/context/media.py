"""What a file is, by its first bytes: a client's word for it is not taken."""

from __future__ import annotations

import mimetypes
import re

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


def clean_name(name: str | None) -> str:
    """A name without folders, control signs or length: it is shown, never opened."""
    base = re.split(r"[/\\]", name or "")[-1]
    base = re.sub(r"[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]", "", base).strip()
    base = base.encode("utf-8", "replace").decode()[:200]
    return base if base.strip(". ") else "file"
