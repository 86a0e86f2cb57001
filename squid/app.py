"""The composition root: an open Squid, its routes, and what is done by the clock."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.types import ASGIApp

from squid.config import Config
from squid.core import open_squid
from squid.figures import RequestFigures
from squid.http import page
from squid.http.compression import Compression
from squid.http.cors import Cors
from squid.http.errors import HANDLERS
from squid.http.features import enabled
from squid.http.guard import Guard
from squid.http.headers import SecurityHeaders
from squid.http.observe import Observe
from squid.http.rate_limits import RateLimits
from squid.http.routes import ROUTES
from squid.http.sse import Streams
from squid.http.token import Token
from squid.http.wire import Protocol
from squid.telemetry import tracing
from squid.upkeep.jobs import jobs
from squid.upkeep.scheduler import Scheduler


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

    figures = RequestFigures()
    app = _App(
        around=list(_around(config, figures)),
        routes=[*enabled(ROUTES, config.features), *page.routes(config)],
        middleware=list(_middleware(config)),
        exception_handlers=HANDLERS,
        lifespan=lifespan,
    )
    app.state.requests = figures
    app.state.streams = Streams()
    return app


class Server(uvicorn.Server):
    """uvicorn's, which would wait for what is streamed, and so ends that first."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        app = self.config.app
        assert isinstance(app, Starlette)
        app.state.streams.end()
        await super().shutdown(sockets)


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
    def __init__(self, around: Sequence[Middleware], **more: Any) -> None:
        super().__init__(**more)
        self._around = around

    def build_middleware_stack(self) -> ASGIApp:
        app = super().build_middleware_stack()
        for cls, args, kwargs in reversed(self._around):
            app = cls(app, *args, **kwargs)
        return app


def _around(config: Config, figures: RequestFigures) -> Iterator[Middleware]:
    """What is around all of it, in this order: it sees, or adds to, what is answered to a
    bug of ours too, which comes from Starlette's outermost."""
    server = config.server
    yield Middleware(Observe, figures)
    yield Middleware(SecurityHeaders)
    yield Middleware(
        Guard, hosts=(server.host, *server.allowed_hosts), origins=server.allowed_origins
    )
    if server.allowed_origins:
        yield Middleware(Cors, server.allowed_origins)


def _middleware(config: Config) -> Iterator[Middleware]:
    """What a request goes through then on its way to its route, in this order."""
    server = config.server
    if config.performance.rate_limit_requests_per_minute:
        yield Middleware(RateLimits, config.performance.rate_limit_requests_per_minute)
    if server.token:
        yield Middleware(Token, server.token)
    if config.performance.enable_compression:
        yield Middleware(Compression)
