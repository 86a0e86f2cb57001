"""A question on its way to a model, and what comes back: the same with a server and
without one."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import NamedTuple

import msgspec

from squid.models import Message, Run, Session
from squid.runs import events

Show = Callable[[Sequence[events.Event]], None]
"""Takes what has just come; each event once, in order."""


class Attachment(NamedTuple):
    name: str
    content: bytes


class Question(NamedTuple):
    text: str
    message_id: str
    """Chosen here, as is `run_id`, so that asking again after a lost connection finds
    the first one's answer."""
    run_id: str
    session_id: str | None = None
    last_session: bool = False
    attachments: tuple[Attachment, ...] = ()
    model: str | None = None
    system: str | None = None


class Answer(msgspec.Struct, frozen=True):
    session: Session
    message: Message
    run: Run


NO_SESSION = "There is no session to go on with yet."


def read_frame(frame: bytes) -> tuple[int, events.Event] | None:
    """One SSE frame of a run; None for a ping."""
    lines = dict(line.split(b": ", 1) for line in frame.splitlines() if b": " in line)
    if b"data" not in lines:
        return None
    return int(lines[b"id"]), events.decode(lines[b"data"])


@contextmanager
def on_ctrl_c(stop: Callable[[], None]) -> Iterator[None]:
    """Have the first Ctrl-C call `stop`, and nothing be torn apart by it; the second
    one raises KeyboardInterrupt."""
    pressed = False

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        if pressed:
            raise KeyboardInterrupt
        pressed = True
        stop()

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
