"""Running the web server: the socket, the signals, and what is said once it is ready."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import importlib
import ipaddress
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable
from types import FrameType

import typer
import uvicorn

from squid import __version__
from squid.app import create_app
from squid.cli import settings
from squid.config import Config
from squid.core import Squid, upgrade
from squid.errors import ConfigError, ProviderError, ServerUnavailable, SquidError
from squid.log_file import writing
from squid.logs import told
from squid.providers.base import Provider
from squid.runs import worker

logger = logging.getLogger(__name__)

Address = tuple[socket.AddressFamily, tuple[str, int]]

GRACE_SECONDS = 2
"""How long requests may take to end by themselves. Streams end at once, answers are
kept as far as they have come."""


def serve(config: Config) -> int:
    """Serve until a signal comes; returns the exit code. Raises SquidError."""
    address = _loopback(config.server.host, config.server.port)
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


def _serve(config: Config, address: Address, problem: str | None) -> _Server:
    # Before anything can be asked: a bad database is one clean line.
    upgrade(config.database_path)
    listener = _listen(config, address)
    if problem:  # which is not what keeps it from starting
        logger.warning(problem)
    app = create_app(config)
    server = _Server(
        uvicorn.Config(
            app,
            lifespan="off",  # it is entered below, where its errors can be told cleanly
            ws="none",
            log_config=None,
            access_log=settings.given.debug,
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )

    async def run() -> None:
        async with app.router.lifespan_context(app):
            squid: Squid = app.state.squid
            server.squid = squid
            server.ready = lambda: _ready(squid, _url(config.server.host, listener))
            await server.serve(sockets=[listener])

    with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
        runner.run(run())
    return server


class _Server(uvicorn.Server):
    squid: Squid
    ended_by: int | None = None
    ready: Callable[[], _Warming | None]
    warming: _Warming | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.warming = self.ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # uvicorn would raise the signal again once it has ended, and so cut short the
        # closing of the database. The second one is meant: the log survives it.
        if self.should_exit:
            os._exit(128 + sig)
        # It would call each stream that is ended now an error.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        self.ended_by = sig
        self.squid.closing = True
        self.should_exit = True


def _ready(squid: Squid, url: str) -> _Warming | None:
    """Tell everybody; returns what goes on in the background."""
    warming = None
    squid.worker.announce(url)
    logger.info("serving at %s", url, extra=told(version=__version__, pid=os.getpid()))
    typer.echo(f"Squid is at {url}")
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
        importlib.import_module("anthropic")
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


def _loopback(host: str, port: int) -> Address:
    """Where to listen. Raises ConfigError where others could reach it: there is no
    password yet."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise ConfigError(f"There is no address with the name {host!r}.") from None
    for *_, address in found:
        ip = str(address[0]).partition("%")[0]
        if not ipaddress.ip_address(ip).is_loopback:
            raise ConfigError(
                f"Squid does not listen on {host}: whoever reaches it could read everything.",
                hint="It has no passwords yet. Use 127.0.0.1, and an SSH tunnel from elsewhere.",
            )
    # Where a name stands for both, most clients try IPv4 as well.
    family, _, _, _, address = min(found, key=lambda one: one[0] != socket.AF_INET)
    return family, (str(address[0]), port)


def _listen(config: Config, address: Address) -> socket.socket:
    family, place = address
    listener = socket.socket(family)
    try:
        if os.name != "nt":  # there it would let two servers share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
        # Only now is the port ours: two may bind it, one may listen.
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise _cannot_listen(config, error) from None
    return listener


def _cannot_listen(config: Config, error: OSError) -> SquidError:
    host, port = config.server.host, config.server.port
    if error.errno == errno.EADDRINUSE:
        if any(url.endswith(f":{port}") for url in worker.servers(config.database_path)):
            return ServerUnavailable(
                f"Squid is already running at http://{_in_url(host)}:{port}",
                hint="Use that one, or end it first.",
            )
        return ServerUnavailable(
            f"Port {port} is in use by another program.",
            hint="Choose another one: squid serve --port "
            + str(port + 1 if port < 65535 else port - 1),
        )
    if error.errno == errno.EACCES:
        return ServerUnavailable(
            f"Port {port} may not be used by this user.", hint="Ports from 1024 on are for all."
        )
    return ServerUnavailable(f"Squid cannot listen on {host} port {port}: {error.strerror}.")


def _url(host: str, listener: socket.socket) -> str:
    return f"http://{_in_url(host)}:{listener.getsockname()[1]}"


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
