"""The same question put to Squid, to the relay, and to the upstream itself."""

from __future__ import annotations

from bench.load import Load, asked
from bench.processes import Running


def model(**script: object) -> str:
    """The upstream's behaviour, as the model's name. Deltas of 8 characters, to be counted."""
    return "script:" + ",".join(f"{key}={value}" for key, value in {"size": 8, **script}.items())


def squid(server: Running, at_once: int, name: str, **more: object) -> Load:
    """`more` is of the request: `session_id`."""
    body = {"message": {"content": "Go"}, "model": name, **more}
    return asked(f"{server.url}/api/chat", [body] * at_once, '"RUN_FINISHED"')


def relay(server: Running, at_once: int, name: str) -> Load:
    body = {"content": "Go", "model": name}
    return asked(f"{server.url}/chat", [body] * at_once, "[DONE]")


def upstream(server: Running, at_once: int, name: str) -> Load:
    body = {
        **{"model": name, "max_tokens": 16_000, "stream": True},
        "messages": [{"role": "user", "content": "Go"}],
    }
    key = {"x-api-key": "bench"}
    return asked(f"{server.url}/v1/messages", [body] * at_once, "message_stop", **key)
