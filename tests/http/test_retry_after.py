"""`Retry-After`: where waiting helps, and for as long as it does."""

from __future__ import annotations

import pytest

from squid import errors as e
from squid.http.errors import RETRIED, respond
from squid.http.openapi import document
from squid.http.routes import ROUTES

DOCUMENT = document(ROUTES)


@pytest.mark.parametrize(
    ("error", "wait"),
    [
        (e.DatabaseBusy("x"), "1"),
        (e.DiskFull("x"), "1"),
        (e.ServerUnavailable("x"), "1"),
        (e.ProviderLimited("x", retry_after=30), "30"),
        (e.ProviderLimited("x", retry_after=0.2), "1"),
        (e.ProviderLimited("x", retry_after=1.5), "2"),
        (e.ProviderOverloaded("x", retry_after=5), "5"),
        (e.ProviderLimited("x", retry_after=0), None),  # at once
        (e.ProviderLimited("x"), None),
        (e.ProviderAuth("x"), None),
        (e.NoProvider("x"), None),  # somebody has to get one
        (e.RunInProgress("x"), None),  # nobody knows; `run_id` says what to follow
        (e.DatabaseError("x"), None),
        (e.NotFound("x"), None),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, e.SquidError) else str(one),
)
def test_wait_is_said(error: e.SquidError, wait: str | None) -> None:
    assert respond(error).headers.get("retry-after") == wait


def test_document_says_where_it_may_be() -> None:
    found = 0
    for ways in DOCUMENT["paths"].values():
        for operation in ways.values():
            for status, response in operation["responses"].items():
                refs = str(response.get("content"))
                passes = (*RETRIED, e.ProviderLimited, e.RateLimited)
                wanted = any(f"{kind.__name__}Problem" in refs for kind in passes)
                assert ("Retry-After" in response.get("headers", {})) == wanted, status
                found += wanted
    assert found > 10
