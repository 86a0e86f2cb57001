"""What people write first: a relay from the SDK's typed stream to server-sent events.

It stores nothing. It is what Squid is held against, because it does the least that a chat
server can do with the same libraries: `create(stream=True)`, whose events are typed, takes
about half of what the SDK's `stream()` does, which gathers the message besides; and uvicorn
finds uvloop and httptools, as Squid does. `python -m bench.relay` prints its URL.
"""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator

import uvicorn
from anthropic import AsyncAnthropic
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

client = AsyncAnthropic(max_retries=0)


async def chat(request: Request) -> Response:
    body = await request.json()
    return StreamingResponse(_answer(body), media_type="text/event-stream")


async def _answer(body: dict[str, str]) -> AsyncIterator[bytes]:
    stream = await client.messages.create(
        model=body["model"],
        max_tokens=16_000,
        messages=[{"role": "user", "content": body["content"]}],
        stream=True,
    )
    async for event in stream:
        if event.type == "content_block_delta" and event.delta.type == "text_delta":
            yield b"data: " + json.dumps({"delta": event.delta.text}).encode() + b"\n\n"
    yield b"data: [DONE]\n\n"


app = Starlette(routes=[Route("/chat", chat, methods=["POST"])])


def main() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
        config = uvicorn.Config(app, log_level="warning", lifespan="off")
        uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
