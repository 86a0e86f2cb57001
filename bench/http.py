"""Single requests on one connection that is kept, timed from send to the last byte."""

from __future__ import annotations

import http.client
import json
import time
from typing import Any

from bench.processes import Running

IDLE = 1.0
"""Seconds. The server closes a connection that is idle for longer than some, which may cross
the next request on its way."""


class Client:
    def __init__(self, server: Running) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port)
        self._used = 0.0

    def ms(self, method: str, path: str, body: object = None) -> float:
        """How long it took, in milliseconds. Raises RuntimeError where it went wrong."""
        return self.timed(method, path, body)[0]

    def json(self, method: str, path: str, body: object = None) -> Any:
        return json.loads(self.timed(method, path, body)[1])

    def timed(
        self, method: str, path: str, body: object = None, kind: str = "application/json"
    ) -> tuple[float, bytes]:
        """And what came."""
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        if time.perf_counter() - self._used > IDLE:
            self._connection.close()
            self._connection.connect()
        begun = time.perf_counter()
        self._connection.request(method, path, data, {"Content-Type": kind})
        answer = self._connection.getresponse()
        found = answer.read()
        self._used = time.perf_counter()
        took = (self._used - begun) * 1000
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {found.decode()}")
        return took, found

    def close(self) -> None:
        self._connection.close()
