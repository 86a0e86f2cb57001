"""What every answer tells a browser not to do with it: errors and downloads too.

An answer that says something else of its own (`/docs` has a style, a download may be kept)
is left as it is.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from squid.context.media import clean_name


def policy(*more: str, **sources: str) -> str:
    """A Content-Security-Policy under which nothing loads but what is named.

    `policy(style="'self'")` allows the page's own styles; `more` are directives that stand
    by themselves, such as `sandbox`.
    """
    named = [f"{kind}-src {source}" for kind, source in sources.items()]
    closed = ("base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'")
    return "; ".join([*more, "default-src 'none'", *named, *closed])


NO_PAGE = policy("sandbox")
"""For what is no page of ours: JSON, and files that somebody uploaded."""

HEADERS = {
    "Content-Security-Policy": NO_PAGE,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not `no-referrer`: with that, browsers hide the Origin of our own pages' forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), browsing-topics=()",
    # Conversations are nobody else's, and a kept copy is asked about (ETag) before it is used.
    "Cache-Control": "private, no-cache",
}
_RAW = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]


def attachment(name: str) -> str:
    """The Content-Disposition of a download, by a name that is harmless on any disk.

    Only in the form of RFC 8187, whose every sign is ASCII: nothing in a name can end the
    header or be read in two ways.
    """
    clean = clean_name(name)  # an import keeps names that an upload would not
    if _DEVICE.match(clean):
        clean = f"_{clean}"
    return f"attachment; filename*=UTF-8''{quote(clean, safe='')}"


_DEVICE = re.compile(r"(?i)(con|prn|aux|nul|(com|lpt)[0-9¹²³])[ .]*(\.|\Z)")
"""Windows opens a device by such a name, with whatever ending."""


class SecurityHeaders:
    """Adds what an answer does not say itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"]
                said = {name for name, _ in headers}
                message["headers"] = [*headers, *(one for one in _RAW if one[0] not in said)]
            await send(message)

        await self.app(scope, receive, with_headers)
