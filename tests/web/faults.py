"""What a page must not do, whatever a test is about: fail with an error of its own, write an
error to the console (a broken Content-Security-Policy is one), or ask another host."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, ConsoleMessage, Request, WebError


class Faults:
    def __init__(self) -> None:
        self.found: list[str] = []
        self.over = False
        """The test is: from now on its servers and pages end, in whatever order."""
        self._expected: list[re.Pattern[str]] = []
        # A session that begins with its first message may be asked for before it is made.
        self.expect(r"status of 404 \(Not Found\) \(\S+/api/sessions/[0-9a-f-]{36}\)$")

    def watch(self, context: BrowserContext) -> None:
        context.on("weberror", self._error)
        context.on("console", self._said)
        context.on("request", self._asked)

    def expect_network(self) -> None:
        """The test cuts the line: the browser says so for each request."""
        self.expect(r"Failed to load resource: net::ERR_|net::ERR_\w+")

    def expect_status(self, *statuses: int) -> None:
        """The test has requests refused: the browser says so for each."""
        for status in statuses:
            self.expect(rf"the server responded with a status of {status}\b")

    def expect(self, pattern: str) -> None:
        self._expected.append(re.compile(pattern))

    def _found(self, fault: str) -> None:
        if not self.over and not any(pattern.search(fault) for pattern in self._expected):
            self.found.append(fault)

    def _error(self, error: WebError) -> None:
        self._found(f"error: {error.error.stack or error.error}")

    def _said(self, line: ConsoleMessage) -> None:
        if line.type == "error":
            self._found(f"console: {line.text} ({line.location.get('url', '')})")

    def _asked(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob") and address.hostname != "127.0.0.1":
            self._found(f"asked somebody else: {request.method} {request.url}")
