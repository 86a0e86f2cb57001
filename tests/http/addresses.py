"""Every address of the API, for tests that try something on all of them."""

from __future__ import annotations

from typing import Any, NamedTuple

import httpx2

from squid import errors
from squid.core import Squid
from squid.http.routes import ROUTES
from tests.http.talk import problem

Served = tuple[httpx2.AsyncClient, Squid]
KNOWN = {kind.code: kind.status for kind in vars(errors).values() if hasattr(kind, "code")}


class Address(NamedTuple):
    method: str
    path: str

    def fill(self, **ids: str) -> str:
        return self.path.format(**ids)


ADDRESSES = [
    Address(method, route.path)
    for route in ROUTES
    for method in sorted((route.methods or set()) - {"HEAD"})
]
READ_A_BODY = [
    Address("POST", "/api/batch"),
    Address("POST", "/api/chat"),
    Address("POST", "/api/ag-ui"),
    Address("POST", "/api/sessions"),
    Address("PATCH", "/api/sessions/{session_id}"),
    Address("POST", "/api/sessions/{session_id}/messages"),
    Address("PATCH", "/api/messages/{message_id}"),
    Address("POST", "/api/messages/{message_id}/retry"),
    Address("POST", "/api/messages/{message_id}/continue"),
    Address("POST", "/api/import"),
]
Talked = tuple[httpx2.AsyncClient, Squid, dict[str, str]]


def any_problem(response: httpx2.Response) -> dict[str, Any]:
    assert response.status_code < 500, response.text
    code = response.json()["type"].rpartition(":")[2]
    assert KNOWN[code] == response.status_code
    return problem(response, response.status_code, code)
