"""The page that comes with Squid: built from `web/` into `squid/page/`, and served as it is.

Every address of the page's own answers with the same document; which part of the page it
shows is the page's to say.
"""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from squid.http.headers import policy

PAGE = Path(__file__).parents[1] / "page"

POLICY = policy(
    script="'self'",
    # The components set styles of their own while a dialog is open.
    style="'self' 'unsafe-inline'",
    img="'self' blob: data:",
    font="'self'",
    connect="'self'",
)


async def index(request: Request) -> Response:
    headers = {"Content-Security-Policy": POLICY}
    return FileResponse(PAGE / "index.html", headers=headers)


ROUTES = [
    *(Route(path, index) for path in ("/", "/sessions/{id}", "/archive", "/trash")),
    Mount("/assets", StaticFiles(directory=PAGE / "assets", check_dir=False)),
]
