"""The load: many answers at once over raw sockets, whose bytes are counted and not parsed.

It runs in a process of its own, so that what it takes of the processor is known and is
nobody else's. `asked()` starts one.
"""

from __future__ import annotations

import json
import resource
import selectors
import socket
import subprocess
import sys
import time
from urllib.parse import urlsplit

import msgspec

from bench.processes import environment

DELTA = b". "
"""Ends each delta of a script with `size=`, and stands nowhere else in a stream."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """`times` requests at the same instant, each on a connection of its own."""

    url: str
    bodies: tuple[str, ...]
    """A request's body each; as many connections as bodies."""
    end: str
    """What a stream's last bytes have in them."""
    headers: dict[str, str] = {}


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. Times are seconds from the sending of the first request."""

    wall: float
    cpu: float
    """Of this client's own process."""
    deltas: int
    bytes: int
    first: tuple[float, ...]
    """When each stream's first delta was there."""
    ended: tuple[float, ...]
    """When each stream was over; fewer than streams where one was cut off."""
    statuses: tuple[int, ...]


def asked(url: str, bodies: list[dict[str, object]], end: str, **headers: str) -> Load:
    """Send all bodies at once, from a process of its own, and wait for the last answer."""
    job = Job(url=url, bodies=tuple(json.dumps(body) for body in bodies), end=end, headers=headers)
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        input=msgspec.json.encode(job),
        env=environment(),
        capture_output=True,
        check=True,
    )
    return msgspec.json.decode(done.stdout, type=Load)


class _Stream:
    __slots__ = ("deltas", "ended", "first", "size", "socket", "status", "tail")

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.deltas = 0
        self.size = 0
        self.first = 0.0
        self.ended = 0.0
        self.status = 0
        self.tail = b""


def run(job: Job) -> Load:
    where = urlsplit(job.url)
    assert where.hostname and where.port
    address = (where.hostname, where.port)
    end = job.end.encode()
    keep = len(end) - 1
    streams = [_Stream(socket.create_connection(address)) for _ in job.bodies]
    requests = [post(where.path, where.netloc, body, job.headers) for body in job.bodies]
    poll = selectors.DefaultSelector()
    for stream in streams:
        poll.register(stream.socket, selectors.EVENT_READ, stream)
    begun = time.perf_counter()
    busy = _cpu()
    for stream, request in zip(streams, requests, strict=True):
        stream.socket.sendall(request)
    left = len(streams)
    buffer = bytearray(256 * 1024)
    view = memoryview(buffer)
    while left:
        for key, _ in poll.select():
            stream = key.data
            count = stream.socket.recv_into(buffer)
            now = time.perf_counter() - begun
            data = stream.tail + bytes(view[:count])
            stream.size += count
            if not stream.status:
                stream.status = int(data[9:12] or 0)
            # The tail was counted already, but for a delta that it holds half of.
            found = data.count(DELTA, max(0, len(stream.tail) - 1))
            if found and not stream.deltas:
                stream.first = now
            stream.deltas += found
            over = end in data
            if over:
                stream.ended = now
            if over or not count:
                poll.unregister(stream.socket)
                stream.socket.close()
                left -= 1
            stream.tail = data[-keep:]
    return Load(
        wall=time.perf_counter() - begun,
        cpu=_cpu() - busy,
        deltas=sum(stream.deltas for stream in streams),
        bytes=sum(stream.size for stream in streams),
        first=tuple(stream.first for stream in streams if stream.deltas),
        ended=tuple(stream.ended for stream in streams if stream.ended),
        statuses=tuple(stream.status for stream in streams),
    )


def post(path: str, host: str, body: str, headers: dict[str, str]) -> bytes:
    data = body.encode()
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: {host}",
        "Content-Type: application/json",
        f"Content-Length: {len(data)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    result = run(msgspec.json.decode(sys.stdin.buffer.read(), type=Job))
    sys.stdout.buffer.write(msgspec.json.encode(result))
