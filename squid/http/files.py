"""Files: upload, read about, download, delete."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import msgspec
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import Response

from squid.context.media import clean_name, media_type
from squid.errors import (
    InvalidRequest,
    MalformedBody,
    RangeNotSatisfiable,
    TooLarge,
    UnsupportedMedia,
)
from squid.http import etag, ranges
from squid.http.errors import respond
from squid.http.exchange import answer, limited, squid, user_id
from squid.http.headers import attachment
from squid.models import File
from squid.store import files

FORM_OVERHEAD = 64 * 1024
"""Bytes of a form that are not its files'."""


class Uploaded(msgspec.Struct, frozen=True):
    files: list[File]


async def upload(request: Request) -> Response:
    """Upload files: a multipart form with one or more, kept until a message carries
    them.

    The limits hold while reading, not after."""
    app = squid(request)
    most = app.config.files.max_files_per_message
    size = app.config.files.max_file_size_mb * 1024 * 1024
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise UnsupportedMedia("Files are uploaded as multipart/form-data.")
    body = limited(request, most * size + FORM_OVERHEAD)
    try:
        form = await _Form(request.headers, body.stream(), most, size).parse()
    except MultiPartException as error:
        raise MalformedBody(f"The form cannot be read: {error.message}") from None
    try:
        uploads = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
        if not uploads:
            raise InvalidRequest("The form has no file in it.")
        new = [await _pack(one) for one in uploads]
    finally:
        await form.close()
    added = await app.database.write(files.add_all, user_id(request), new)
    request.app.state.requests.uploaded_bytes += sum(one.size for one in added)
    return answer(Uploaded(added), 201)


class _Form(MultiPartParser):
    """Starlette's, with a limit for each file that holds while it is read."""

    def __init__(
        self, headers: Headers, stream: AsyncGenerator[bytes, None], files: int, size: int
    ) -> None:
        super().__init__(headers, stream, max_files=files, max_fields=files)
        self._size = size
        self._read = 0

    def on_part_begin(self) -> None:
        super().on_part_begin()
        self._read = 0

    def on_headers_finished(self) -> None:
        if self._current_files == self.max_files and b"filename" in (
            self._current_part.content_disposition or b""
        ):
            raise InvalidRequest(f"A form takes {self.max_files} files at most.")
        super().on_headers_finished()

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._read += end - start
        if self._current_part.file is not None and self._read > self._size:
            name = clean_name(self._current_part.file.filename)
            raise TooLarge(f"{name} is larger than {self._size // 1024**2} MB.")
        super().on_part_data(data, start, end)


async def _pack(upload: UploadFile) -> files.New:
    content = await upload.read()
    # Browsers write a quote in a name like this, and nothing else.
    name = clean_name((upload.filename or "").replace("%22", '"'))
    return await asyncio.to_thread(
        lambda: files.New(files.pack(content), name, media_type(name, content))
    )


async def read_one(request: Request) -> Response:
    """Read about a file: its name, type and size."""
    file_id = request.path_params["file_id"]
    return answer(await squid(request).database.read(files.get, user_id(request), file_id))


async def download(request: Request) -> Response:
    """Download a file, or a part of it, always as an attachment.

    Never as a page of ours: an uploaded script must not run with the API's rights.
    """
    database, file_id = squid(request).database, request.path_params["file_id"]
    file = await database.read(files.get, user_id(request), file_id)
    tag = f'"{file.sha256}"'
    response = Response(
        media_type=file.media_type,
        headers={
            "Accept-Ranges": "bytes",
            "Content-Disposition": attachment(file.name),
            "Cache-Control": "private, max-age=31536000, immutable",
            "ETag": tag,
        },
    )
    if etag.is_known(request, tag):
        return etag.not_modified(response)
    part = ranges.wanted(request, file.size, tag)
    if part is not None and not part:
        error = RangeNotSatisfiable(f"The file has {file.size:,} bytes.")
        return respond(error, {"Content-Range": f"bytes */{file.size}"})
    content = await database.read(files.content, user_id(request), file_id)
    if part is not None:
        response.status_code = 206
        response.headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{file.size}"
        content = content[part.start : part.stop]
    response.body = content
    response.headers["Content-Length"] = str(len(content))
    return response


async def delete(request: Request) -> Response:
    """Delete a file that no message carries and no answer cites."""
    await squid(request).database.write(
        files.delete, user_id(request), request.path_params["file_id"]
    )
    return Response(status_code=204)
