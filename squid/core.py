"""What is open: the database, its cache, the engine, and the model to ask.

Routes and commands work with a `Squid`; neither knows how it is put together. It has
no web server in it, so that `squid ask` alone need not load one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from squid.config import Config
from squid.context.recent import RecentWindows
from squid.providers.base import Provider, Tool
from squid.providers.choose import choose
from squid.runs.engine import Engine
from squid.runs.start import Asked, Started
from squid.store.cache import SessionCache
from squid.store.database import Database
from squid.store.migrate import migrate, version
from squid.store.worker import Worker
from squid.telemetry import OFF, Tracing


class Squid:
    """Everything that is open: what the routes and the commands work with."""

    def __init__(
        self,
        config: Config,
        database: Database,
        cache: SessionCache,
        windows: RecentWindows,
        worker: Worker,
        version: int,
        tracing: Tracing,
    ) -> None:
        self.config = config
        self.database = database
        self.cache = cache
        self.worker = worker
        self.version = version
        """Of the database, as this program knows it."""
        self.tracing = tracing
        self.engine = Engine(config, database, cache, windows, worker, tracing)
        self.closing = False
        """Whether it is about to be closed: whoever asks now had better ask another."""
        self._provider: Provider | None = None
        self._beginning: set[asyncio.Task[Started]] = set()

    def provider(self) -> Provider:
        """The model to ask. Raises NoProvider where there is none yet."""
        if self._provider is None:
            self._provider = choose(self.config)
        return self._provider

    async def ask(
        self,
        user_id: str,
        begin: Callable[..., Started],
        *args: Any,
        model: str | None = None,
        run_id: str | None = None,
        tools: tuple[Tool, ...] = (),
        **kwargs: Any,
    ) -> Started:
        """Begin a run (`begin` is one of `squid.runs.start`) and have it produced."""
        provider = self.provider()
        asked = Asked(provider.name, provider.default_model, self.worker.id, model, run_id)

        asked_at = time.perf_counter()

        async def begun() -> Started:
            started = await self.database.write(begin, user_id, asked, *args, **kwargs)
            self.engine.launch(user_id, started, provider, tools)
            if started.created:
                self.engine.figures.first_event.observe(time.perf_counter() - asked_at)
            return started

        # Whoever asks may go away between the two; a run that is begun is produced.
        beginning = asyncio.create_task(begun())
        self._beginning.add(beginning)
        beginning.add_done_callback(self._beginning.discard)
        return await asyncio.shield(beginning)

    async def close_provider(self) -> None:
        if self._provider is not None:
            await self._provider.close()


@asynccontextmanager
async def open_squid(config: Config, tracing: Tracing = OFF) -> AsyncIterator[Squid]:
    """Migrate, open, recover; and put everything away afterwards. Raises DatabaseError."""
    path = config.database_path
    migrate(path)
    async with AsyncExitStack() as stack:
        database = await Database.open(
            path,
            readers=config.database.connection_pool_size,
            synchronous=config.database.synchronous,
            busy_timeout=config.database.busy_timeout_seconds,
        )
        stack.push_async_callback(database.close)
        own = Worker(path)
        stack.callback(own.close)
        room = config.performance.cache_size_mb * 1024 * 1024
        cache, windows = SessionCache(room * 3 // 4), RecentWindows(room // 4)
        ours = await database.read(version)  # `migrate` made it so
        squid = Squid(config, database, cache, windows, own, ours, tracing)
        stack.push_async_callback(squid.close_provider)
        await squid.engine.open()
        stack.push_async_callback(squid.engine.close)
        yield squid
