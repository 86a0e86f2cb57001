"""What a file is, by its first bytes: a client's word for it is not taken."""

from __future__ import annotations

import mimetypes
import re
import unicodedata

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


_ENDING = re.compile(r"\.[A-Za-z0-9]{1,10}\Z")
MAX_NAME = 200


def clean_name(name: str | None) -> str:
    """A name without folders, invisible signs or length: it is shown, never opened."""
    base = re.split(r"[/\\]", name or "")[-1]
    base = "".join(sign for sign in base if not _is_invisible(sign)).strip().rstrip(". ")
    if not base.strip(". "):
        return "file"
    if len(base) > MAX_NAME:
        ending = _ENDING.search(base)
        kept = ending[0] if ending else ""
        base = base[: MAX_NAME - len(kept)].rstrip(". ") + kept
    return base


def _is_invisible(sign: str) -> bool:
    """Controls, halves of a sign, and what turns the direction of reading; not the joiners
    that letters and emoji need."""
    return sign not in "\u200c\u200d" and unicodedata.category(sign) in (
        "Cc",
        "Cf",
        "Cs",
        "Zl",
        "Zp",
    )
