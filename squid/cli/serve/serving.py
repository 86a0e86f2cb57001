"""Running the web server: the signals, and what is said once it is ready."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType

import typer

from squid import __version__
from squid.app import Server, create_app, server_config
from squid.cli import settings
from squid.cli.serve import listening
from squid.config import Config
from squid.core import Squid
from squid.errors import ProviderError, SquidError
from squid.log_file import writing
from squid.logs import told
from squid.providers.base import Provider
from squid.store.migrate import migrate

logger = logging.getLogger(__name__)

GRACE_SECONDS = 2
"""How long requests may take to end by themselves. Streams end at once, answers are
kept as far as they have come."""

GARBAGE_OBJECTS = 10_000
"""After how many new objects the collector looks for cycles. Of ours hardly any are in one;
Python's own 700 come together several times within each answer."""

IMPORT_SECONDS = 0.0002
"""For how long the import of the SDK may keep those waiting who ask meanwhile."""

ECHO_SECONDS = 0.3
"""`timeout` and process managers signal a process and its group: twice in an instant."""


def serve(config: Config) -> int:
    """Serve until a signal comes; returns the exit code. Raises SquidError."""
    address = listening.address(config)
    with writing(config) as problem:
        try:
            server = _serve(config, address, problem)
        except SquidError as error:
            logger.info("not started: %s", error.detail)
            raise
        code = 130 if server.ended_by == signal.SIGINT else 0
        logger.info("stopped", extra=told(pid=os.getpid(), code=code))
    if server.warming is not None and server.warming.importing:
        os._exit(code)  # all is closed, and an import that is left half done could hang us
    return code


def _serve(config: Config, address: listening.Address, problem: str | None) -> _Server:
    # Before anything can be asked: a bad database is one clean line.
    migrate(config.database_path)
    listener = listening.listen(config, address)
    if problem:  # which is not what keeps it from starting
        logger.warning(problem)
    app = create_app(config)
    server = _Server(
        server_config(
            app,
            config,
            lifespan="off",  # it is entered below, where its errors can be told cleanly
            limit_concurrency=listening.max_connections(),
            log_config=None,
            access_log=settings.given.debug,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )

    gc.set_threshold(GARBAGE_OBJECTS, 10, 100)

    async def run() -> None:
        async with app.router.lifespan_context(app):
            squid: Squid = app.state.squid
            server.squid = squid
            server.ready = lambda: _ready(squid, listener)
            await server.serve(sockets=[listener])

    with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
        runner.run(run())
    return server


class _Server(Server):
    squid: Squid
    ended_by: int | None = None
    ended_at = 0.0
    ready: Callable[[], _Warming | None]
    warming: _Warming | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.warming = self.ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # uvicorn would raise the signal again once it has ended, and so cut short the
        # closing of the database. A second one is meant: the log survives it.
        if self.should_exit:
            if time.monotonic() - self.ended_at > ECHO_SECONDS:
                os._exit(128 + sig)
            return
        self.ended_at = time.monotonic()
        # It would call each stream that is ended now an error.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        self.ended_by = sig
        self.squid.closing = True
        self.should_exit = True


def _ready(squid: Squid, listener: socket.socket) -> _Warming | None:
    """Tell everybody; returns what goes on in the background."""
    warming = None
    url = listening.local_url(squid.config.server.host, listener)
    squid.worker.announce(url)
    logger.info("serving at %s", url, extra=told(version=__version__, pid=os.getpid()))
    typer.echo(f"Squid is at {url}")
    if elsewhere := listening.network_url(listener):
        typer.echo(f"  also   {elsewhere}, for whoever has the token")
    try:
        provider = squid.provider()
    except SquidError as error:
        typer.echo(f"  model  none yet: {error.detail}")
        if error.hint:
            typer.echo(f"         {error.hint}")
    else:
        typer.echo(f"  model  {provider.default_model} ({provider.name})")
        if provider.name == "local" and not squid.config.provider.local.model:
            typer.echo("         small, and often wrong; set ANTHROPIC_API_KEY for a better one")
        warming = _Warming(provider)
    typer.echo(f"  data   {squid.config.data_folder}")
    return warming


class _Warming:
    """Spares the first question the second that the SDK takes to import.

    In a thread of its own, which unlike an executor's need not be waited for when the
    server is ended meanwhile.
    """

    def __init__(self, provider: Provider) -> None:
        self._imported = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._import, name="squid-warm", daemon=True)
        self._thread.start()
        self._task = asyncio.create_task(self._warm(provider))

    @property
    def importing(self) -> bool:
        return self._thread.is_alive()

    def _import(self) -> None:
        usual = sys.getswitchinterval()
        sys.setswitchinterval(IMPORT_SECONDS)
        try:
            importlib.import_module("anthropic")
        finally:
            sys.setswitchinterval(usual)
        with contextlib.suppress(RuntimeError):  # the loop is closed already
            self._loop.call_soon_threadsafe(self._imported.set)

    async def _warm(self, provider: Provider) -> None:
        await self._imported.wait()
        warm = getattr(provider, "warm", None)
        try:
            if warm is not None:
                await warm()
        except ProviderError as error:  # the first question will say so, to whoever asks it
            logger.info("%s", error)
        gc.freeze()  # the SDK alone has 150,000 objects, which stay, and need no looking at
