"""The socket of `squid serve`: where it listens, who may reach it, and under what address."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import os
import secrets
import socket

from squid.config import Config
from squid.errors import ConfigError, ServerUnavailable, SquidError
from squid.store import worker

Address = tuple[socket.AddressFamily, tuple[str, int]]

MAX_CONNECTIONS = 4096
KEPT_FILES = 100
"""Open files for what is neither a connection nor a question to a model's server."""


def address(config: Config) -> Address:
    """Where to listen. Raises ConfigError where others could reach it and there is no
    token."""
    host, port = config.server.host, config.server.port
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise ConfigError(f"There is no address with the name {host!r}.") from None
    for *_, place in found:
        if not _ip(place[0]).is_loopback and not config.server.token:
            raise ConfigError(
                f"Squid does not listen on {host} without a token: whoever reaches it could"
                " read everything.",
                hint=f"SQUID_SERVER_TOKEN={secrets.token_urlsafe(24)} squid serve --host {host}",
            )
    # Where a name stands for both, most clients try IPv4 as well.
    family, _, _, _, place = min(found, key=lambda one: one[0] != socket.AF_INET)
    return family, (str(place[0]), port)


def listen(config: Config, address: Address) -> socket.socket:
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


def max_connections() -> int:
    """How many there may be at once: each takes an open file, and so does each question
    to a model's server. Asks the system for more of them where it gives them."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return MAX_CONNECTIONS
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * MAX_CONNECTIONS + KEPT_FILES
    with contextlib.suppress(ValueError, OSError):
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        if most > resource.getrlimit(resource.RLIMIT_NOFILE)[0]:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return max(16, min(MAX_CONNECTIONS, (soft - KEPT_FILES) // 2))


def local_url(host: str, listener: socket.socket) -> str:
    """The address for programs of this machine."""
    ip = _ip(listener.getsockname()[0])
    if ip.is_unspecified:
        host = "127.0.0.1" if ip.version == 4 else "::1"
    return _url(host, listener)


def network_url(listener: socket.socket) -> str | None:
    """The address for other machines; None where only this one may ask."""
    place = listener.getsockname()[0]
    ip = _ip(place)
    if ip.is_loopback:
        return None
    return _url(_own_address() if ip.is_unspecified else str(place), listener)


def _own_address() -> str:
    """The address that this machine would write from; nothing is sent for that."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:  # there is no network
            return socket.gethostname()
        return str(probe.getsockname()[0])


def _cannot_listen(config: Config, error: OSError) -> SquidError:
    host, port = config.server.host, config.server.port
    if error.errno == errno.EADDRINUSE:
        for url in worker.servers(config.database_path):
            if url.endswith(f":{port}"):
                return ServerUnavailable(
                    f"Squid is already running at {url}", hint="Use that one, or end it first."
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
    port = listener.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _ip(text: object) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    return ipaddress.ip_address(str(text).partition("%")[0])
