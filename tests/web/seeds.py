"""Conversations made in one request: an export that is written here and imported. It is the
public API, so it does for a server in this process, in another one, and for the bench."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import httpx2
import msgspec

from squid.ids import message_id, new_id, now

Turn = dict[str, Any]
MINUTE = 60_000

PARAGRAPH = (
    "The tide tables for the bay are made from eighteen years of readings, so that each of"
    " the moon's slow swings is in them once. What they cannot hold is the weather: a week of"
    " westerly wind puts a hand's breadth of water on top of any figure that was printed."
)


def user(content: str, **fields: Any) -> Turn:
    return {"role": "user", "content": content, **fields}


def assistant(content: str, **fields: Any) -> Turn:
    return {"role": "assistant", "content": content, "model": "claude-sonnet-5-5", **fields}


def conversation(
    title: str,
    turns: Iterable[Turn],
    *,
    id: str | None = None,
    at: int | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """One session and its messages, as an export has them."""
    session_id = id or new_id()
    messages: list[Turn] = []
    turns = list(turns)
    begun = (at or now()) - len(turns) * MINUTE
    for number, turn in enumerate(turns):
        mine = turn["role"] == "user"
        when = begun + number * MINUTE
        parent = {"parent_id": messages[-1]["id"]} if messages else {}
        made = message_id("local", "assistant") if mine else message_id("assistant", "local")
        stamps = {"created_at": when, "updated_at": when}
        messages.append({"id": made, "session_id": session_id, **parent, **stamps, **turn})
    head = {"head": messages[-1]["id"]} if messages else {}
    session = {
        **{"id": session_id, "title": title, **head},
        **{"created_at": begun, "active_at": at or now(), **fields},
    }
    return {"sessions": [session], "messages": messages}


def to_and_fro(count: int) -> list[Turn]:
    """Turns of very different heights, each with its number in it: `turn 0`, `turn 1`, …"""
    turns = []
    for number in range(count):
        if number % 2 == 0:
            turns.append(user(f"turn {number}: what about the tides?"))
        else:
            body = "\n\n".join([PARAGRAPH] * (1 + number // 2 % 4))
            turns.append(assistant(f"turn {number}: {body}"))
    return turns


async def seed(client: httpx2.AsyncClient, *conversations: dict[str, Any]) -> list[str]:
    """Have them there; returns the sessions' ids."""
    whole = {"format": "squid", "version": 1}
    whole |= {"contents": [], "files": [], "sessions": [], "messages": []}
    for one in conversations:
        for name, rows in one.items():
            whole[name] = [*whole[name], *rows]
    answer = await client.post("/api/import", content=msgspec.json.encode(whole))
    assert answer.status_code == 200, answer.text
    return [one["sessions"][0]["id"] for one in conversations]
