"""A line to the model's server that a test can hold, so that an answer is in its middle for
as long as the test needs, on a machine however slow.

    gate.hold_at("w40 ")     # what comes up to there passes, and nothing behind it
    gate.open()              # the rest passes
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit


class Gate:
    """`url` stands for the server behind it."""

    def __init__(self, target: str) -> None:
        self.url = ""
        self._target = urlsplit(target)
        self._marker: bytes | None = None
        self._moved = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    @asynccontextmanager
    async def before(cls, target: str) -> AsyncIterator[Gate]:
        self = cls(target)
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await server.wait_closed()

    def hold_at(self, text: str) -> None:
        """Hold every answer behind the first piece that has `text`."""
        self._move(text.encode())

    def open(self) -> None:
        self._move(None)

    def _move(self, marker: bytes | None) -> None:
        self._marker = marker
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A task of our own may be cancelled without a word; one of the server's may not.
        task = asyncio.create_task(self._pass_on(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert self._target.hostname
        with suppress(ConnectionError):
            theirs, ours = await asyncio.open_connection(self._target.hostname, self._target.port)
            try:
                asking = asyncio.create_task(_copy(reader, ours))
                answering = asyncio.create_task(self._answer(theirs, writer))
                await asyncio.wait((asking, answering), return_when=asyncio.FIRST_COMPLETED)
            finally:
                for half in (asking, answering):
                    half.cancel()
                await asyncio.gather(asking, answering, return_exceptions=True)
                for end in (ours, writer):
                    end.close()
                    with suppress(ConnectionError):
                        await end.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on what comes, up to the marker; behind it, nothing until it is moved."""
        waiting, held, over = b"", False, False
        reading = asyncio.create_task(reader.read(65536))
        moved = asyncio.create_task(self._moved.wait())
        try:
            while True:
                if not held:
                    upto, held = self._upto(waiting)
                    writer.write(waiting[:upto])
                    await writer.drain()
                    waiting = waiting[upto:]
                if over and not held:
                    break
                coming = {moved} if over else {moved, reading}
                await asyncio.wait(coming, return_when=asyncio.FIRST_COMPLETED)
                if moved.done():
                    held = False
                    moved = asyncio.create_task(self._moved.wait())
                if not over and reading.done():
                    data = reading.result()
                    waiting, over = waiting + data, not data
                    if not over:
                        reading = asyncio.create_task(reader.read(65536))
        finally:
            for one in (reading, moved):
                one.cancel()

    def _upto(self, waiting: bytes) -> tuple[int, bool]:
        """How much of it may pass, and whether the marker is in that."""
        if self._marker is None:
            return len(waiting), False
        at = waiting.find(self._marker)
        if at >= 0:
            frame = waiting.find(b"\n\n", at)
            # What is behind the marker in its own frame has to come with it.
            return (frame + 2, True) if frame >= 0 else (at, False)
        # How the bytes come may have cut the marker in two. Nothing else is held back: an
        # answer that does not have it at all must come to its end.
        begun = range(min(len(self._marker), len(waiting)), 0, -1)
        cut = (length for length in begun if waiting.endswith(self._marker[:length]))
        return len(waiting) - next(cut, 0), False


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
