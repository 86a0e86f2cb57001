"""The same question put to Squid, to the relay, and to the upstream itself."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from bench.load import Job, Load, Wrong, asked
from bench.processes import Running
from tests.upstream.script import Script

MOST = 100_000
"""From here on a delta's number fills it, and it has no full stop to be counted by."""

Ask = Callable[..., Load]
"""So many at once, of that model; and how often, each time when the last is over."""


def model(**script: object) -> str:
    """The upstream's behaviour, as the model's name. Deltas of 8 characters, to be counted."""
    return "script:" + ",".join(f"{key}={value}" for key, value in {"size": 8, **script}.items())


def answer(name: str) -> str:
    """What the upstream says to that."""
    return Script.parse(name).says()


def squid(server: Running, at_once: int, name: str, times: int = 1, **more: str) -> Load:
    """`more` is of the request: `session_id`."""
    body = {"message": {"content": "Go"}, "model": name, **more}
    job = Job.of(
        f"{server.url}/api/chat",
        [body] * at_once,
        end='"RUN_FINISHED"',
        clock=_clock(name),
        times=times,
    )
    return _whole(asked(job), at_once * times, name)


def warm(server: Running) -> None:
    """Have what is loaded by the first question loaded: meanwhile all else waits for it."""
    squid(server, 1, model(deltas=1))


def relay(server: Running, at_once: int, name: str, times: int = 1) -> Load:
    body = {"content": "Go", "model": name}
    job = Job.of(
        f"{server.url}/chat", [body] * at_once, end="[DONE]", clock=_clock(name), times=times
    )
    return _whole(asked(job), at_once * times, name)


def upstream(server: Running, at_once: int, name: str, times: int = 1) -> Load:
    question = {"role": "user", "content": "Go"}
    body = {"model": name, "max_tokens": 16_000, "stream": True, "messages": [question]}
    key = {"x-api-key": "bench"}
    job = Job.of(
        f"{server.url}/v1/messages",
        [body] * at_once,
        end="message_stop",
        headers=key,
        clock=_clock(name),
        times=times,
    )
    return _whole(asked(job), at_once * times, name)


def all_of(**servers: Running) -> dict[str, Ask]:
    """How to ask each by its name; what is neither the relay nor the upstream is a Squid."""
    ways: dict[str, Callable[..., Load]] = {"relay": relay, "upstream": upstream}
    return {name: partial(ways.get(name, squid), server) for name, server in servers.items()}


def _clock(name: str) -> bool:
    return Script.parse(name).text == "clock"


def _whole(load: Load, answers: int, name: str) -> Load:
    """Raises Wrong where anything is missing or came twice: such a figure says nothing."""
    deltas = Script.parse(name).deltas_or_20
    assert deltas < MOST
    if load.deltas != deltas * answers or len(load.ended) != answers:
        raise Wrong(
            f"{load.deltas:,} of {deltas * answers:,} deltas came, and {len(load.ended)} of"
            f" {answers} answers to their end; statuses {sorted(set(load.statuses))}"
        )
    return load
