"""Whether the server is up, and whether it can take a question."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from squid import __version__
from squid.core import Squid
from squid.errors import DiskFull, ServerUnavailable, SquidError
from squid.http.exchange import answer, squid
from squid.store import migrate
from squid.store.database import probe

CHECK_SECONDS = 2.0
"""What each check may take; a database that takes longer is not there to be asked."""

FREE_BYTES = 16 * 1024 * 1024
"""Room on the disk below which it counts as full."""

OK = "ok"


class Health(msgspec.Struct, frozen=True):
    status: Literal["ok"]
    version: str


class Readiness(msgspec.Struct, frozen=True):
    status: Literal["ready"]
    checks: dict[str, str]
    """Each is `ok`, or says what is wrong. Without a `model`, the server is ready all
    the same."""


async def healthz(request: Request) -> Response:
    """Say that the server is up. It looks at nothing else."""
    return answer(Health("ok", __version__))


async def readyz(request: Request) -> Response:
    """Say whether the server can take a question now: whether the database answers, can
    be written, has room, and is of this version. Each check has two seconds."""
    app = squid(request)
    if app.closing:
        raise ServerUnavailable("The server is being stopped.", hint="Ask the next one.")
    found = await asyncio.gather(
        _check(_database(app)), _check(_migrations(app)), _check(_writer(app)), _check(_disk(app))
    )
    checks = dict(zip(("database", "migrations", "writer", "disk"), found, strict=True))
    wrong = [name for name, said in checks.items() if said != OK]
    checks["model"] = _model(app)
    if wrong:
        raise ServerUnavailable(
            f"Not ready: {' '.join(checks[name] for name in wrong)}",
            hint="squid logs --level warning says more; readiness comes back by itself.",
            checks=checks,
        )
    return answer(Readiness("ready", checks))


async def _check(check: Awaitable[None]) -> str:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check
    except TimeoutError:
        return f"It did not answer within {CHECK_SECONDS:g} seconds."
    except SquidError as error:
        return error.detail
    return OK


async def _database(app: Squid) -> None:
    await app.database.read(migrate.version)


async def _migrations(app: Squid) -> None:
    theirs = await app.database.read(migrate.version)
    ours = app.version
    if theirs != ours:
        raise ServerUnavailable(
            f"The database is of version {theirs} now, and this program of {ours}: "
            "restart it with the new one."
        )


async def _writer(app: Squid) -> None:
    """Not a write: that is for when there is reason to doubt it."""
    await app.database.write(probe if app.database.full else _nothing)


async def _disk(app: Squid) -> None:
    sizes = await asyncio.to_thread(app.database.sizes)
    if sizes.free < FREE_BYTES:
        raise DiskFull(f"The disk has {sizes.free // 1024**2} MB left: make room on it.")


def _nothing(db: object) -> None:
    """What only has to reach the writer and come back."""


def _model(app: Squid) -> str:
    try:
        app.provider()
    except SquidError as error:
        return error.detail
    return OK
