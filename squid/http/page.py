"""The page that comes with Squid: built from `web/` into `squid/page/`, and served as it is.

Every address of the page's own answers with the same document; which part of the page it
shows is the page's to say.
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from squid.config import Config
from squid.errors import NotFound
from squid.http import etag
from squid.http.compression import accepts
from squid.http.exchange import squid
from squid.http.features import off
from squid.http.headers import policy

FOLDER = Path(__file__).parents[1] / "page"

POLICY = policy(
    script="'self'",
    # No 'unsafe-inline': what components set is set through the DOM (`element.style`,
    # adopted sheets), of which no markup that somebody smuggles in is capable.
    style="'self'",
    img="'self' blob: data:",
    font="'self'",
    connect="'self'",
)

ADDRESSES = ("/sessions/{id}", "/archive", "/trash")
"""Those of the page beside `/`; `web/src/App.tsx` has the same."""

WORKER = "/worker.js"
"""The page's service worker, which looks after all that is below its own address."""

TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "png": "image/png",
    "svg": "image/svg+xml",
    "ttf": "font/ttf",
    "webp": "image/webp",
    "woff": "font/woff",
    "woff2": "font/woff2",
}
"""What the build makes, and nothing else is served. The machine's own list of types is
not asked: there, a script may be plain text, and then no browser runs it."""

_NAME = re.compile(rf"[\w-][\w.-]*\.({'|'.join(TYPES)})", re.ASCII)

PACKED = {"br": ".br", "gzip": ".gz"}
"""What lies beside a file that was compressed when it was built, the best first."""


def routes(config: Config) -> list[Route]:
    """`/`, which is there in any case, and what belongs to the page."""
    below = (*ADDRESSES, WORKER, "/assets/{name}")
    if not config.features.page:
        return [Route("/", welcome), *off("page", below)]
    return [
        *(Route(path, index) for path in ("/", *ADDRESSES)),
        Route(WORKER, worker),
        Route("/assets/{name}", asset),
    ]


async def index(request: Request) -> Response:
    try:
        body = await asyncio.to_thread((FOLDER / "index.html").read_bytes)
    except FileNotFoundError:
        if request.url.path == "/":
            return await welcome(request)
        raise NotFound("This Squid was installed without its page.", hint=UNBUILT) from None
    return _asked_about(request, body, "text/html")


async def worker(request: Request) -> Response:
    try:
        body = await asyncio.to_thread((FOLDER / "worker.js").read_bytes)
    except FileNotFoundError:
        raise NotFound("This Squid was installed without its page.", hint=UNBUILT) from None
    return _asked_about(request, body, TYPES["js"])


def _asked_about(request: Request, body: bytes, media_type: str) -> Response:
    """What keeps its address while it changes, and is asked about each time."""
    headers = {"Content-Security-Policy": POLICY}
    return etag.revalidate(request, Response(body, media_type=media_type, headers=headers))


async def asset(request: Request) -> Response:
    """A part of the page. Its name changes with what is in it, so that it is asked for once;
    and it is the same for everybody, so that any cache may keep it, also behind a token."""
    name = request.path_params["name"]
    named = _NAME.fullmatch(name)
    found = await asyncio.to_thread(_read, name, _wanted(request)) if named else None
    if named is None or found is None:
        raise NotFound(
            "This is no part of the page as it is now.",
            hint="Where the page asked for it, the page was updated meanwhile: load it anew.",
        )
    response = Response(found.body, media_type=TYPES[named[1]])
    tag = f'"{name}{found.ending}"'
    response.headers.update(
        {"Cache-Control": "public, max-age=31536000, immutable", "ETag": tag}
        | {"Vary": "Accept-Encoding"}
    )
    if found.coding:
        response.headers["Content-Encoding"] = found.coding
    return etag.not_modified(response) if etag.is_known(request, tag) else response


class _Found(NamedTuple):
    body: bytes
    coding: str = ""
    ending: str = ""


def _wanted(request: Request) -> list[str]:
    if not squid(request).config.performance.enable_compression:
        return []
    accepted = request.headers.get("accept-encoding", "")
    return [coding for coding in PACKED if accepts(accepted, coding)]


def _read(name: str, codings: list[str]) -> _Found | None:
    for coding in codings:
        ending = PACKED[coding]
        try:
            return _Found((FOLDER / "assets" / f"{name}{ending}").read_bytes(), coding, ending)
        except FileNotFoundError:
            pass
    try:
        return _Found((FOLDER / "assets" / name).read_bytes())
    except FileNotFoundError:
        return None


UNBUILT = "A wheel of a release has it; CONTRIBUTING.md says how it is built in a clone."


async def welcome(request: Request) -> Response:
    """What a person gets to see who opens the address where there is no page."""
    features = squid(request).config.features
    page = f"The page was not built. {UNBUILT}" if features.page else (
        "Its page is switched off: `features.page` in the configuration."
    )  # fmt: skip
    more = f"\nWhat else there is: {request.url_for('docs')}\n" if features.docs else ""
    return PlainTextResponse(
        "Squid is running. Ask it something:\n\n"
        "  squid ask 'What is the capital of France?'\n\n"
        f'  curl -N {request.url_for("chat")} -d \'{{"message": {{"content": "Hello"}}}}\'\n'
        f"\n{page}\n{more}"
    )
