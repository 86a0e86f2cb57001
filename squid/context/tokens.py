"""How many tokens something costs, guessed from its size.

Guessed high: a prompt that is a little short is better than one that is refused.
"""

from __future__ import annotations

from squid.models import File
from squid.store.branch import Said

BYTES_PER_TOKEN = 3.0
"""Of plain ASCII: English has about 4, code and diffs 2 to 3."""

OTHER_BYTES_PER_TOKEN = 1.4
"""Of everything else in UTF-8: a small model takes two tokens for a Chinese character
of three bytes, a large one about one."""

TURN = 8
"""What a turn costs besides its text."""

IMAGE = 1600
PDF_BYTES_PER_TOKEN = 30
"""A page of a PDF is 50 to 100 KB and costs 1,500 to 3,000 tokens."""


def of_text(text: str) -> int:
    if text.isascii():
        return int(len(text) / BYTES_PER_TOKEN) + 1
    plain = len(text.encode("ascii", "ignore"))
    other = len(text.encode("utf-8", "surrogatepass")) - plain
    return int(plain / BYTES_PER_TOKEN + other / OTHER_BYTES_PER_TOKEN) + 1


def of_file(file: File) -> int:
    if file.media_type.startswith("image/"):
        return IMAGE
    if file.media_type == "application/pdf":
        return file.size // PDF_BYTES_PER_TOKEN
    return int(file.size / BYTES_PER_TOKEN) + 1


def of_said(said: Said) -> int:
    cost = TURN + of_text(said.content)
    for file in said.files:
        cost += of_file(file)
    if said.tool is not None:
        cost += of_text(said.tool.input) + of_text(said.tool.result or "")
    return cost
