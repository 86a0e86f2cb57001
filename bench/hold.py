"""Holds answers open: `python -m bench.hold URL COUNT` says `held` once each has begun."""

from __future__ import annotations

import json
import socket
import sys
from urllib.parse import urlsplit

from bench.asking import model
from bench.load import post


def main(url: str, count: int) -> None:
    where = urlsplit(url)
    body = json.dumps({"message": {"content": "Go"}, "model": model(stall_after=20)})
    held = []
    for _ in range(count):
        connection = socket.create_connection((where.hostname or "", where.port or 0))
        connection.sendall(post("/api/chat", where.netloc, body, {}))
        held.append(connection)
    for connection in held:
        begun = b""
        while b"TEXT_MESSAGE_CONTENT" not in begun:
            begun += connection.recv(65536)
    print("held", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
