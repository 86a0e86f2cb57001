"""Exports and imports. Both go through a file on disk: a slow client holds up no
transaction, and a large history fills no memory."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Literal

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from squid.errors import DiskFull
from squid.http.exchange import Query, answer, limited, query, squid, user_id
from squid.http.headers import attachment
from squid.runs.cut import cut_off
from squid.store import sessions
from squid.transfer import json, markdown

MAX_IMPORT = 512 * 1024 * 1024
"""Bytes of a body; `squid import` has no limit."""

PIECE = 256 * 1024

_FORMATS = {
    "json": (json.write, "application/json", "json"),
    "markdown": (markdown.write, "text/markdown; charset=utf-8", "md"),
}


class Export(Query, frozen=True, kw_only=True):
    format: Literal["json", "markdown"] = "json"
    """`json` is whole and exact, `markdown` is the shown branch, for reading."""


async def export(request: Request) -> Response:
    """Export a session as an attachment; one from the trash too."""
    write, media_type, ending = _FORMATS[query(request, Export).format]
    read, session_id = squid(request).database.read, request.path_params["session_id"]
    session = await read(sessions.get, user_id(request), session_id, deleted=True)
    with _disk():
        file = tempfile.TemporaryFile()  # noqa: SIM115
        try:
            await read(write, user_id(request), file, cut_off, session_id=session_id)
            title = (session.title or session.id).replace("/", "-").replace("\\", "-")
            return _Attachment(file, f"{title}.{ending}", media_type)
        except BaseException:
            file.close()
            raise


async def import_(request: Request) -> Response:
    """Import an export: all of it or nothing."""
    with _disk(), tempfile.TemporaryFile() as file:
        async for piece in limited(request, MAX_IMPORT).stream():
            await asyncio.to_thread(file.write, piece)
        file.flush()
        return answer(await json.read(squid(request).database, user_id(request), file))


class _Attachment(StreamingResponse):
    """A file that is gone when it was sent, or when nobody wants it any more."""

    def __init__(self, file: BinaryIO, name: str, media_type: str) -> None:
        self._file = file
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        super().__init__(
            iter(lambda: file.read(PIECE), b""),
            media_type=media_type,
            headers={
                "Content-Disposition": attachment(name),
                "Content-Length": str(size),
                "Cache-Control": "no-store",
            },
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._file.close()


@contextmanager
def _disk() -> Iterator[None]:
    """The folder for temporary files has its own way to be full."""
    try:
        yield
    except OSError as error:
        raise DiskFull(f"The temporary file could not be written: {error.strerror}.") from error
