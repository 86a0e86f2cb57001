"""Files: upload, read about, download, delete."""

from __future__ import annotations

import asyncio
import re
from urllib.parse import quote

import msgspec
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from squid.context.media import media_type
from squid.errors import InvalidRequest, MalformedBody, TooLarge, UnsupportedMedia
from squid.http.exchange import answer, limited, squid, user_id
from squid.models import File
from squid.store import files

FORM_OVERHEAD = 64 * 1024
"""Bytes of a form that are not its files'."""


class Uploaded(msgspec.Struct, frozen=True):
    files: list[File]


async def upload(request: Request) -> Response:
    """POST /api/files: a multipart form with one or more files, kept until a message
    carries them. The limits hold while reading, not after."""
    app = squid(request)
    most = app.config.files.max_files_per_message
    size = app.config.files.max_file_size_mb * 1024 * 1024
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise UnsupportedMedia("Files are uploaded as multipart/form-data.")
    try:
        form = await limited(request, most * size + FORM_OVERHEAD).form(
            max_files=most, max_fields=most
        )
    except HTTPException as error:
        raise MalformedBody(f"The form cannot be read: {error.detail}") from None
    kept = []
    try:
        uploads = [value for value in form.values() if isinstance(value, UploadFile)]
        if not uploads:
            raise InvalidRequest("The form has no file in it.")
        for one in uploads:
            if (one.size or 0) > size:
                raise TooLarge(
                    f"{clean_name(one.filename)} is larger than "
                    f"{app.config.files.max_file_size_mb} MB."
                )
        for one in uploads:
            content = await one.read()
            stored = await asyncio.to_thread(files.pack, content)
            name = clean_name(one.filename)
            kept.append(
                await app.database.write(
                    files.add,
                    user_id(request),
                    stored,
                    name=name,
                    media_type=media_type(name, content),
                )
            )
    finally:
        await form.close()
    return answer(Uploaded(kept), 201)


async def read_one(request: Request) -> Response:
    """GET /api/files/{file_id}"""
    file_id = request.path_params["file_id"]
    return answer(await squid(request).database.read(files.get, user_id(request), file_id))


async def download(request: Request) -> Response:
    """GET /api/files/{file_id}/content: always as an attachment, never as a page of
    ours: an uploaded script must not run with the API's rights."""
    database, file_id = squid(request).database, request.path_params["file_id"]
    file = await database.read(files.get, user_id(request), file_id)
    content = await database.read(files.content, user_id(request), file_id)
    return Response(
        content,
        media_type=file.media_type,
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, max-age=31536000, immutable",
            "ETag": f'"{file.sha256}"',
        },
    )


async def delete(request: Request) -> Response:
    """DELETE /api/files/{file_id}: only one that no message carries."""
    await squid(request).database.write(
        files.delete, user_id(request), request.path_params["file_id"]
    )
    return Response(status_code=204)


def clean_name(name: str | None) -> str:
    """A name without folders, control signs or length: it is shown, never opened."""
    base = re.split(r"[/\\]", name or "")[-1]
    base = re.sub(r"[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]", "", base).strip(". ")
    return base.encode("utf-8", "replace").decode()[:200] or "file"
