"""A reader over real HTTP that may be dropped and come back, and keeps what it saw."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import msgspec


def http(url: str = "") -> httpx2.AsyncClient:
    """A client without TLS, whose certificates would take 60 ms to load each time."""
    return httpx2.AsyncClient(base_url=url, timeout=30, verify=False)


BROKEN = (httpx2.TransportError, httpx2.StreamError)


class Reader:
    """Follows one run; `text` and `ids` are what was shown, over all connections."""

    def __init__(self, url: str, run_id: str) -> None:
        self.url = url
        self.run_id = run_id
        self.ids: list[int] = []
        self.text = ""
        self.ended = False
        self.news = asyncio.Event()

    async def read(self) -> None:
        """Until the run ends or the connection breaks."""
        after = self.ids[-1] if self.ids else 0
        headers = {"Last-Event-ID": str(after)} if after else {}
        url = f"{self.url}/api/runs/{self.run_id}/events"
        try:
            async with (
                http() as client,
                client.stream("GET", url, headers=headers) as response,
            ):
                assert response.status_code == 200
                async for line in response.aiter_lines():
                    self._take(line)
        except BROKEN:
            pass

    def _take(self, line: str) -> None:
        name, _, value = line.partition(": ")
        if name == "id":
            self.ids.append(int(value))
        elif name == "data":
            event = msgspec.json.decode(value)
            if event["type"] == "TEXT_MESSAGE_CONTENT":
                self.text += event["delta"]
            self.ended = event["type"] in ("RUN_FINISHED", "RUN_ERROR")
        self.news.set()

    async def until_text(self, characters: int) -> None:
        async with asyncio.timeout(20):
            while len(self.text) < characters and not self.ended:
                self.news.clear()
                await self.news.wait()

    def check(self) -> None:
        """P3: each event once, in order, none missing."""
        assert self.ids == list(range(1, len(self.ids) + 1))


async def send(url: str, content: str, script: str, **more: Any) -> dict[str, Any]:
    """POST a message into a new session; returns what was accepted."""
    async with http(url) as client:
        made = await client.post("/api/sessions", json={})
        assert made.status_code == 201, made.text
        message = {"content": content, **more}
        sent = await client.post(
            f"/api/sessions/{made.json()['id']}/messages",
            json={"message": message, "model": f"script:{script}"},
        )
        assert sent.status_code == 202, sent.text
        accepted: dict[str, Any] = sent.json()
        return accepted


async def read_message(url: str, message_id: str) -> dict[str, Any]:
    async with http(url) as client:
        response = await client.get(f"/api/messages/{message_id}")
        assert response.status_code == 200, response.text
        message: dict[str, Any] = response.json()
        return message
