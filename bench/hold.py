"""Holds answers open: `python -m bench.hold URL COUNT DELTAS` says `held` once each has
shown so many deltas, and goes when whoever started it does."""

from __future__ import annotations

import json
import socket
import sys
from urllib.parse import urlsplit

from bench.asking import model
from bench.load import DELTA, post


def main(url: str, count: int, deltas: int) -> None:
    where = urlsplit(url)
    name = model(deltas=deltas, stall_after=deltas)
    body = json.dumps({"message": {"content": "Go"}, "model": name})
    held = []
    for _ in range(count):
        connection = socket.create_connection((where.hostname or "", where.port or 0))
        connection.sendall(post("/api/chat", where.netloc, body, {}))
        held.append(connection)
    for connection in held:
        shown, last = 0, b""
        while shown < deltas:
            data = connection.recv(65536)
            if not data:
                sys.exit("an answer was cut off")
            shown += (last + data).count(DELTA)
            last = data[-1:]
    print("held", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
