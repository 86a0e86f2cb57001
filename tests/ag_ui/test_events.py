"""Every event that any path emits, held against the official Python models."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from squid.config import Config
from tests.ag_ui.rules import check, events_of
from tests.ag_ui.streams import STREAMS, stopped_in_a_tool_call

ENDS = {
    "refused": "RUN_ERROR",
    "error at once": "RUN_ERROR",
    "error in the middle": "RUN_ERROR",
    "connection cut": "RUN_ERROR",
    "interrupted": "RUN_ERROR",
    "interrupted in a tool call": "RUN_ERROR",
}


@pytest.mark.parametrize("name", STREAMS)
async def test_a_stream_is_as_the_protocol_wants_it(
    name: str, configure: Callable[..., Config]
) -> None:
    streamed = await STREAMS[name](configure())
    events = events_of(streamed.sse)
    check(events, whole=streamed.whole)
    assert events[-1]["type"] == ENDS.get(name, "RUN_FINISHED")
    cancelled = events[-1].get("outcome") == {"type": "cancelled"}
    assert cancelled == (name == "stopped")
    if streamed.whole:
        deltas = [e["delta"] for e in events if e["type"] == "TEXT_MESSAGE_CONTENT"]
        assert streamed.before + "".join(deltas) == streamed.answer.content


def test_a_run_that_is_stopped_in_a_tool_call_closes_it() -> None:
    check(events_of(stopped_in_a_tool_call()))
