"""Entity tags: a client that has an answer already is told so, and not sent it again.

RFC 9110, 8.8.3 and 13.1.2. Answers in JSON have weak tags, because a proxy may compress
them; a file's content has a strong one, so that its ranges can be put together.
"""

from __future__ import annotations

import base64
import hashlib
import re

from starlette.requests import Request
from starlette.responses import Response

REVALIDATE = "private, no-cache"
"""Keep it, but ask each time whether it is still so."""

_KEPT = ("etag", "cache-control", "vary", "content-location", "content-security-policy")
"""What a 304 says again, of all that the 200 would have said. A browser takes its headers
in place of those that it kept: another policy would be in force for the same page."""

_TAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')


def of(body: bytes | memoryview) -> str:
    """The tag of an answer: the same bytes, the same tag."""
    digest = hashlib.sha256(body).digest()[:16]
    return f'W/"{base64.urlsafe_b64encode(digest).decode().rstrip("=")}"'


def is_known(request: Request, tag: str) -> bool:
    """Whether the client has what `tag` is for. What is no list of tags is passed over."""
    given = ",".join(request.headers.getlist("if-none-match"))
    if not given:
        return False
    return given.strip() == "*" or tag.removeprefix("W/") in _TAG.findall(given)


def revalidate(request: Request, response: Response) -> Response:
    """The answer with its tag; or 304, where the client has it."""
    if response.status_code != 200:
        return response
    tag = of(response.body)
    response.headers["ETag"] = tag
    response.headers.setdefault("Cache-Control", REVALIDATE)
    return not_modified(response) if is_known(request, tag) else response


def not_modified(response: Response) -> Response:
    """The 304 that stands for this answer."""
    headers = {name: response.headers[name] for name in _KEPT if name in response.headers}
    return Response(status_code=304, headers=headers)
