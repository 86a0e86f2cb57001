"""Files: how fast they are taken, stored and given back."""

from __future__ import annotations

import json
import os
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench import asking, processes, seed
from bench.figure import Figure, short
from bench.http import Client
from bench.options import Options, in_turn

TRIES = 10
TEXT, BINARY = 1_000_000, 10_000_000
BORDER = "the-border-of-the-bench"


def measure(options: Options) -> Iterator[Figure]:
    sizes = {"text": TEXT, "binary": BINARY}
    with (
        tempfile.TemporaryDirectory() as folder,
        processes.upstream() as up,
        processes.both(Path(folder), up) as squids,
    ):
        for kind, size in sizes.items():
            taken: dict[str, list[float]] = {way: [] for way in squids}
            given: list[float] = []
            for number, way in enumerate(in_turn(tuple(squids), options.tries(TRIES))):
                client = Client(squids[way])
                asking.warm(squids[way])
                # Never the same content twice: that would be stored once.
                content = _text(number, size) if kind == "text" else os.urandom(size)
                took, answer = client.timed(
                    "POST", "/api/files", _form(content), f"multipart/form-data; boundary={BORDER}"
                )
                taken[way].append(size / took / 1000)
                if way == "full":
                    made = json.loads(answer)["files"][0]["id"]
                    took, back = client.timed("GET", f"/api/files/{made}/content")
                    if back != content:
                        raise RuntimeError("a file came back changed")
                    given.append(size / took / 1000)
            said = f"{short(size / 1e6)} MB of {kind}"
            for way in squids:
                yield Figure(
                    row="files",
                    name=f"upload, {said}, synchronous={way}",
                    unit="MB/s",
                    values=tuple(taken[way]),
                    beside=f"{short(size / statistics.median(taken[way]) / 1000)} ms each",
                )
            yield Figure(
                row="files",
                name=f"download, {said}",
                unit="MB/s",
                values=tuple(given),
                beside=f"{short(size / statistics.median(given) / 1000)} ms each",
            )


def _text(number: int, size: int) -> bytes:
    """Lines that compress as prose does, more or less."""
    lines = "".join(f"{line * 7919 % 104_729} {seed.WORDS}\n" for line in range(size // 75))
    return f"{number} {lines}".ljust(size)[:size].encode()


def _form(content: bytes) -> bytes:
    head = (
        f'--{BORDER}\r\nContent-Disposition: form-data; name="file"; filename="bench"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    return head.encode() + content + f"\r\n--{BORDER}--\r\n".encode()
