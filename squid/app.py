"""The composition root: an open Squid, its routes, and what is done by the clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from squid.config import Config
from squid.core import open_squid
from squid.figures import RequestFigures
from squid.http.compression import Compression
from squid.http.errors import HANDLERS
from squid.http.features import enabled
from squid.http.guard import Guard
from squid.http.headers import SecurityHeaders
from squid.http.observe import Observe
from squid.http.rate_limits import RateLimits
from squid.http.routes import ROUTES
from squid.http.token import Token
from squid.http.wire import Protocol
from squid.telemetry import tracing
from squid.upkeep.jobs import jobs
from squid.upkeep.scheduler import Scheduler

SENT_BY_PAGES = ("Authorization", "Idempotency-Key", "If-Match", "If-None-Match", "Last-Event-ID")
READ_BY_PAGES = (
    *("Content-Disposition", "Content-Location", "ETag", "Location", "Retry-After"),
    *("X-Request-Id", "X-Squid-Run", "X-Squid-Session"),
)
"""Headers beyond those that pages of `allowed_origins` may always send and read."""


def create_app(config: Config) -> Starlette:
    """The ASGI application of `squid serve`."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            spans = stack.enter_context(tracing(config))
            squid = await stack.enter_async_context(open_squid(config, spans))
            app.state.squid = squid
            scheduler = Scheduler(squid.database, squid.worker.id, jobs(config, squid.database))
            upkeep = asyncio.create_task(scheduler.run(), name="squid-upkeep")
            try:
                yield
            finally:
                upkeep.cancel()
                await asyncio.wait([upkeep])

    app = _App(
        routes=enabled(ROUTES, config.features),
        middleware=list(_middleware(config)),
        exception_handlers=HANDLERS,
        lifespan=lifespan,
    )
    app.state.requests = RequestFigures()
    return app


def server_config(app: Starlette, config: Config, **more: Any) -> uvicorn.Config:
    """How the application is served: by what protocol, and whose word is taken."""
    return uvicorn.Config(
        app,
        http=Protocol,
        ws="none",
        server_header=False,
        # Whoever may say for whom they ask, could ask as everybody in turn.
        proxy_headers=bool(config.server.trusted_proxies),
        forwarded_allow_ips=list(config.server.trusted_proxies),
        **more,
    )


class _App(Starlette):
    def build_middleware_stack(self) -> ASGIApp:
        # Around all of it: what Starlette says of an error of ours comes from the outermost.
        return Observe(SecurityHeaders(super().build_middleware_stack()), self.state.requests)


def _middleware(config: Config) -> Iterator[Middleware]:
    """What a request goes through on its way to its route, in this order."""
    server = config.server
    yield Middleware(
        Guard, hosts=(server.host, *server.allowed_hosts), origins=server.allowed_origins
    )
    if server.allowed_origins:
        yield Middleware(
            CORSMiddleware,
            allow_origins=server.allowed_origins,
            allow_methods=("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"),
            allow_headers=SENT_BY_PAGES,
            expose_headers=READ_BY_PAGES,
        )
    if config.performance.rate_limit_requests_per_minute:
        yield Middleware(RateLimits, config.performance.rate_limit_requests_per_minute)
    if server.token:
        yield Middleware(Token, server.token)
    if config.performance.enable_compression:
        yield Middleware(Compression)
