"""The upstream itself: HTTP/1.1 by hand, so that it can be fast and break at any byte.

The request is read with asyncio's streams; the answer is written as chunks of frames
that are encoded before the clock of a test starts to matter.
"""

from __future__ import annotations

import asyncio
import contextlib
import email.utils
import json
import re
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import Any, cast

import msgspec

from tests.upstream import rules
from tests.upstream.script import (
    PAGE,
    STATUS_TYPES,
    Script,
    closing,
    frame,
    mishap,
    opening,
    text_frames,
)

FRAMES_IN_A_CHUNK = 100
MAX_BODY = 32 * 1024 * 1024
REASONS = {200: "OK", 307: "Temporary Redirect", 400: "Bad Request", 401: "Unauthorized"}
MODELS = ("claude-sonnet-5-5", "claude-opus-5-5", "claude-haiku-5-5")


class Upstream:
    """`async with Upstream.start() as up: up.url`, or `with Upstream.in_thread() as up`.

    Requests that stream are in `requests`, oldest first, each as a dictionary with
    `body` (parsed) and `headers` (names in lower case). From another process:
    `GET /_requests` gives the same with `active` and `aborted`; `DELETE` clears it.
    """

    def __init__(self, *, careless: bool = False) -> None:
        self.url = ""
        self.careless = careless
        """Reads no more of a question than which model it is for, and keeps none."""
        self.requests: list[dict[str, Any]] = []
        self.active = 0
        """Answers being sent right now."""
        self.aborted = 0
        """Answers whose reader went away before they were over."""
        self.connections = 0
        """TCP connections taken since the start."""
        self._changed = asyncio.Condition()
        self._failed: Counter[str] = Counter()
        self._cache = rules.PromptCache()
        self._open: set[asyncio.Task[None]] = set()

    @classmethod
    @contextlib.asynccontextmanager
    async def start(cls, *, port: int = 0, careless: bool = False) -> AsyncIterator[Upstream]:
        self = cls(careless=careless)
        server = await asyncio.start_server(self._connected, "127.0.0.1", port, limit=MAX_BODY)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()
            for task in self._open:
                task.cancel()
            await asyncio.gather(*self._open, return_exceptions=True)
            await server.wait_closed()

    @classmethod
    @contextlib.contextmanager
    def in_thread(cls) -> Iterator[Upstream]:
        """The same, on a loop and a thread of its own. Only read its attributes."""
        ready = threading.Event()
        made: list[Upstream] = []
        loop = asyncio.new_event_loop()
        stop = asyncio.Event()

        async def serve() -> None:
            async with cls.start() as upstream:
                made.append(upstream)
                ready.set()
                await stop.wait()

        def run() -> None:
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                runner.run(serve())

        thread = threading.Thread(target=run, name="upstream", daemon=True)
        thread.start()
        ready.wait(10)
        try:
            yield made[0]
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join(10)

    async def begun(self, *, seconds: float = 5) -> None:
        """Wait until an answer is being sent, or held back."""
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(lambda: self.active)

    async def idle(self, *, aborted: int = 0, seconds: float = 5) -> None:
        """Wait until no answer is being sent and `aborted` ones were given up by their
        reader. Raises TimeoutError after `seconds`."""
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(lambda: not self.active and self.aborted >= aborted)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = cast("asyncio.Task[None]", asyncio.current_task())
        self._open.add(task)
        self.connections += 1
        try:
            while await Exchange(self, reader, writer).run():
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._open.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    @contextlib.asynccontextmanager
    async def _answering(self) -> AsyncIterator[None]:
        self.active += 1
        try:
            async with self._changed:
                self._changed.notify_all()
            yield
        except ConnectionError:
            self.aborted += 1
            raise
        finally:
            self.active -= 1
            async with self._changed:
                self._changed.notify_all()


class Exchange:
    """One request and its answer, on a connection that may have more of them."""

    def __init__(
        self, upstream: Upstream, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.upstream = upstream
        self.reader = reader
        self.writer = writer
        self.headers: dict[str, str] = {}

    async def run(self) -> bool:
        """Whether the connection can be used again. Raises ConnectionError."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        request, *lines = head.decode("latin-1").rstrip().split("\r\n")
        method, path, _ = request.split(" ", 2)
        for line in lines:
            name, _, value = line.partition(":")
            name, value = name.lower(), value.strip()
            # One that comes twice is not to look like one that came once.
            before = f"{self.headers[name]}, " if name in self.headers else ""
            self.headers[name] = before + value
        body = await self.reader.readexactly(int(self.headers.get("content-length", 0)))
        match method, path.partition("?")[0]:
            case "POST", "/v1/messages":
                async with self.upstream._answering():
                    return await self._messages(body)
            case "GET", "/v1/models":
                await self._models()
            case "GET", "/_requests":
                up = self.upstream
                seen = {"requests": up.requests, "active": up.active, "aborted": up.aborted}
                await self._json(200, seen)
            case "DELETE", "/_requests":
                self.upstream.requests.clear()
                await self._json(200, {})
            case _:
                await self._error(404, f"There is no {method} {path}")
        return True

    # -- GET /v1/models

    async def _models(self) -> None:
        if not self._key():
            return await self._error(401, "x-api-key header is required")
        if self._key().startswith("bad"):
            return await self._error(401, f"invalid x-api-key: {self._key()}")
        models = [
            {
                "type": "model",
                "id": model,
                "display_name": _name(model),
                "created_at": "2026-10-01T00:00:00Z",
                "lifecycle": "active",
            }
            for model in MODELS
        ]
        ends = {"first_id": MODELS[0], "last_id": MODELS[-1], "has_more": False}
        await self._json(200, {"data": models, **ends})

    # -- POST /v1/messages

    async def _messages(self, raw: bytes) -> bool:
        body: Any
        try:
            body = _at_a_glance(raw) if self.upstream.careless else json.loads(raw)
        except ValueError:
            body = None
        if not self.upstream.careless:
            self.upstream.requests.append({"body": body, "headers": self.headers})
        if not self._key():
            await self._error(401, "x-api-key header is required")
            return True
        if self._key().startswith("bad"):
            await self._error(401, f"invalid x-api-key: {self._key()}")
            return True
        try:
            rules.check(body)
            if not body["model"].startswith(("script", "claude-")):
                await self._error(404, f"model: {body['model']}")
                return True
            script = Script.parse(body["model"])
        except (rules.Refused, ValueError, KeyError, TypeError) as error:
            await self._error(400, str(error))
            return True
        if script.silent_connect:
            await self._hang_until_left()
        if script.redirect:
            await self._respond(307, b"", "text/plain", {"location": "/elsewhere"})
        elif self._fails_now(script):
            await self._fail(script)
        elif script.malformed == "html" and script.after is None:
            await self._respond(200, PAGE, "text/html")
        elif not body.get("stream"):
            await self._error(400, "This upstream only streams")
        else:
            return await self._stream(script, body)
        return True

    def _key(self) -> str:
        bearer = self.headers.get("authorization", "").removeprefix("Bearer ")
        return self.headers.get("x-api-key", "") or bearer

    def _fails_now(self, script: Script) -> bool:
        if script.status is None:
            return False
        failed = self.upstream._failed
        failed[script.key] += 1
        return script.times is None or failed[script.key] <= script.times

    async def _fail(self, script: Script) -> None:
        extra = {"request-id": "req_01Squid"}
        if script.retry_after == "date":
            extra["retry-after"] = email.utils.formatdate(time.time() + 30, usegmt=True)
        elif script.retry_after:
            extra["retry-after"] = script.retry_after
        status = cast(int, script.status)
        match script.body:
            case "json":
                await self._error(status, script.say, extra)
            case "html":
                await self._respond(status, PAGE, "text/html", extra)
            case "empty":
                await self._respond(status, b"", "text/plain", extra)

    async def _stream(self, script: Script, body: dict[str, Any]) -> bool:
        usage = self.upstream._cache.usage(body)
        first, index = opening(script, body["model"], usage)
        texts = islice(script.texts(rules.last_user_text(body)), script.limit)
        self.writer.write(_head(200, "text/event-stream", {"transfer-encoding": "chunked"}))
        await self._chunk(first, script)
        await asyncio.sleep(script.first_ms / 1000)
        frames, sent = text_frames(texts, index), 0
        batch = 1 if script.delay_ms or script.split else FRAMES_IN_A_CHUNK
        while piece := list(islice(frames, batch)):
            if script.ping and sent % 10 == 0:
                piece.append(frame("ping"))
            await self._chunk(b"".join(piece), script)
            sent += len(piece)
            if script.delay_ms:
                await asyncio.sleep(script.delay_ms / 1000)
        if script.stall_after is not None:
            await self._hang_until_left()
        if script.cut_after is not None:
            # In the middle of a frame, in the middle of a chunk.
            self.writer.write(b"400\r\nevent: content_block_delta\ndata: {")
            await self.writer.drain()
            return False
        if script.limit is not None:
            await self._chunk(mishap(script), script)
        else:
            documents = rules.documents(body)
            await self._chunk(closing(script, index, documents, usage, sent), script)
        await asyncio.sleep(script.last_ms / 1000)
        self.writer.write(b"0\r\n\r\n")
        await self.writer.drain()
        return True

    async def _chunk(self, data: bytes, script: Script) -> None:
        """Raises ConnectionError if the reader has gone."""
        pieces = [data[i : i + 7] for i in range(0, len(data), 7)] if script.split else [data]
        for piece in pieces:
            self.writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await self.writer.drain()
            if script.split:
                await asyncio.sleep(0)

    async def _hang_until_left(self) -> None:
        """Say nothing until the other side goes away. Always raises ConnectionError."""
        while await self.reader.read(1024):
            pass
        raise ConnectionResetError

    # -- plain answers

    async def _error(self, status: int, message: str, extra: dict[str, str] | None = None) -> None:
        error = {"type": STATUS_TYPES.get(status, "api_error"), "message": message}
        problem = {"type": "error", "error": error, "request_id": "req_01Squid"}
        await self._json(status, problem, extra)

    async def _json(self, status: int, body: Any, extra: dict[str, str] | None = None) -> None:
        await self._respond(status, json.dumps(body).encode(), "application/json", extra)

    async def _respond(
        self, status: int, body: bytes, media_type: str, extra: dict[str, str] | None = None
    ) -> None:
        length = {"content-length": str(len(body)), **(extra or {})}
        self.writer.write(_head(status, media_type, length) + body)
        await self.writer.drain()


class _Glance(msgspec.Struct):
    model: str
    max_tokens: int = 1
    stream: bool = False


def _name(model: str) -> str:
    """`claude-sonnet-5-5` is called Claude Sonnet 5.5."""
    return re.sub(r"(\d)-(\d)", r"\1.\2", model).replace("-", " ").title()


def _at_a_glance(raw: bytes) -> dict[str, Any]:
    """A question of which nothing but its size mattered."""
    said = {"role": "user", "content": [{"type": "text", "text": "A question."}]}
    return {**msgspec.to_builtins(msgspec.json.decode(raw, type=_Glance)), "messages": [said]}


def _head(status: int, media_type: str, extra: dict[str, str]) -> bytes:
    fields = {"content-type": f"{media_type}; charset=utf-8", "request-id": "req_01Squid", **extra}
    lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Whatever')}"]
    lines += [f"{name}: {value}" for name, value in fields.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
