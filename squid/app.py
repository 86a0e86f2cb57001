"""The composition root: an open Squid, its routes, and what is done by the clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware

from squid.config import Config
from squid.core import open_squid
from squid.figures import RequestFigures
from squid.http.compression import Compression
from squid.http.errors import HANDLERS
from squid.http.features import enabled
from squid.http.guard import Guard
from squid.http.observe import Observe
from squid.http.routes import ROUTES
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

    app = Starlette(
        routes=enabled(ROUTES, config.features),
        middleware=[
            Middleware(Guard),
            *([Middleware(Compression)] if config.performance.enable_compression else []),
        ],
        exception_handlers=HANDLERS,
        lifespan=lifespan,
    )
    app.state.requests = RequestFigures()
    # Around what Starlette itself puts outermost, which answers what nobody expected.
    app.middleware_stack = Observe(app.build_middleware_stack(), app.state.requests)
    return app
