"""The load: many answers at once over raw sockets, whose bytes are counted and not parsed.

It runs in a process of its own, so that what it takes of the processor is known and is
nobody else's. `asked()` starts one.
"""

from __future__ import annotations

import contextlib
import json
import re
import resource
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Self
from urllib.parse import urlsplit

import msgspec

from bench.processes import environment

DELTA = b". "
"""Ends each delta of a script with `size=`, and stands nowhere else in a stream."""
CLOCK = re.compile(rb"(\d+\.\d{6})\.+ ")
"""A delta of `text=clock`: when it was sent."""
LONGEST = 64
"""No delta of a script is longer than this, nor what ends a stream."""
SILENCE = 60.0
"""Seconds after which nothing more is expected."""


class Wrong(Exception):
    """What came is not what was asked for."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """Requests at the same instant, each on a connection of its own; as often as `times`
    says, each time when the last answer is over."""

    url: str
    bodies: tuple[str, ...]
    """A request's body each; as many connections as bodies."""
    end: str
    """What a stream's last bytes have in them."""
    headers: dict[str, str] = {}
    clock: bool = False
    """Whether the deltas say when they were sent."""
    times: int = 1

    @classmethod
    def of(
        cls,
        url: str,
        bodies: Sequence[object],
        *,
        end: str,
        headers: dict[str, str] | None = None,
        clock: bool = False,
        times: int = 1,
    ) -> Self:
        made = tuple(json.dumps(body) for body in bodies)
        return cls(url=url, bodies=made, end=end, headers=headers or {}, clock=clock, times=times)


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. Times are seconds from the sending of the requests of that instant."""

    wall: float
    """From the first request to the end of the last answer."""
    cpu: float
    """Of this client's own process."""
    deltas: int
    bytes: int
    first: tuple[float, ...]
    """When each stream's first delta was there."""
    ended: tuple[float, ...]
    """When each stream was over; fewer than streams where one was cut off."""
    statuses: tuple[int, ...]
    lags: tuple[tuple[float, float], ...] = ()
    """Of each delta that says when it was sent: when that was, and how old it came."""


def asked(job: Job) -> Load:
    """Have it done by a process of its own, and wait for the last answer."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        input=msgspec.json.encode(job),
        env=environment(),
        stdout=subprocess.PIPE,
        check=True,
    )
    return msgspec.json.decode(done.stdout, type=Load)


class _Stream:
    __slots__ = ("deltas", "ended", "first", "lags", "size", "socket", "status", "tail")

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.deltas = 0
        self.size = 0
        self.first = 0.0
        self.ended = 0.0
        self.status = 0
        self.tail = b""
        """What came behind the last delta that was counted."""
        self.lags: list[tuple[float, float]] = []


def run(job: Job) -> Load:
    begun, busy = time.monotonic(), _cpu()
    streams = [stream for _ in range(job.times) for stream in _at_once(job)]
    return Load(
        wall=time.monotonic() - begun,
        cpu=_cpu() - busy,
        deltas=sum(stream.deltas for stream in streams),
        bytes=sum(stream.size for stream in streams),
        first=tuple(stream.first for stream in streams if stream.deltas),
        ended=tuple(stream.ended for stream in streams if stream.ended),
        statuses=tuple(stream.status for stream in streams),
        lags=tuple(lag for stream in streams for lag in stream.lags),
    )


def _at_once(job: Job) -> list[_Stream]:
    where = urlsplit(job.url)
    assert where.hostname is not None
    assert where.port is not None
    address = (where.hostname, where.port)
    end = job.end.encode()
    streams = [_Stream(socket.create_connection(address)) for _ in job.bodies]
    requests = [post(where.path, where.netloc, body, job.headers) for body in job.bodies]
    poll = selectors.DefaultSelector()
    for stream in streams:
        poll.register(stream.socket, selectors.EVENT_READ, stream)
    begun = time.monotonic()
    for stream, request in zip(streams, requests, strict=True):
        stream.socket.sendall(request)
    left = len(streams)
    buffer = bytearray(256 * 1024)
    view = memoryview(buffer)
    while left and (ready := poll.select(SILENCE)):
        for key, _ in ready:
            stream = key.data
            try:
                count = stream.socket.recv_into(buffer)
            except ConnectionError:
                count = 0
            now = time.monotonic()
            data = stream.tail + view[:count]
            stream.size += count
            if not stream.status and len(data) >= 12:
                stream.status = int(data[9:12])
            if found := data.count(DELTA):
                if not stream.deltas:
                    stream.first = now - begun
                stream.deltas += found
                if job.clock:
                    sent = (float(one) for one in CLOCK.findall(data))
                    stream.lags += [(at - begun, now - at) for at in sent]
                data = data[data.rfind(DELTA) + len(DELTA) :]
            over = end in data
            if over:
                stream.ended = now - begun
            if over or not count:
                poll.unregister(stream.socket)
                stream.socket.close()
                left -= 1
            stream.tail = data[-LONGEST:]
    return streams


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
    with contextlib.suppress(KeyboardInterrupt):  # which whoever started it hears as well
        result = run(msgspec.json.decode(sys.stdin.buffer.read(), type=Job))
        sys.stdout.buffer.write(msgspec.json.encode(result))
