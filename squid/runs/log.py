"""The log of a live run: parts come in, committed events come out.

While a commit is in flight, parts gather, and neighbouring pieces of the same text
become one event; so an event is what one commit shows. The journal (`journal.py`) commits the
logs of all runs together, and only then does a log show its events to anyone.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from itertools import islice
from typing import NamedTuple

import msgspec

from squid.providers import base as parts
from squid.runs import events
from squid.runs.answer import SOURCE, USAGE, Answer

TAIL_BYTES = 64 * 1024
"""Of a live run's newest frames kept in memory; a slower reader reads from SQL."""

GATHER_CHARACTERS = 1_000_000
"""Text that may wait for a commit before the model is made to wait too."""


OTHER_CHARACTERS = 200
"""What an event without text counts as, so that a server gone mad over them is noticed."""

DeltaOf = type[parts.Text] | type[parts.Reasoning] | type[parts.ToolCallInput]


class Taken(NamedTuple):
    seq: int
    event: events.Event
    data: str


class RunLog:
    """One live run's events: gathered, committed, shown."""

    def __init__(self, run_id: str, number: int, message_id: str, last_event: int) -> None:
        self.run_id = run_id
        self.number = number
        self.message_id = message_id
        self.answer = Answer()
        """What was shown so far."""
        self.shown_event = last_event
        self.has_content = False
        """Whether anything of the answer has come from the model."""
        self.characters = 0
        """Of all that came: text, reasoning, the input of tools."""
        self.deltas = 0
        """How many of the model's pieces that was."""
        self.opened = time.perf_counter()
        self.first_shown: float | None = None
        """When the first piece of the answer was shown, by the same clock."""
        self.ended = False
        self.lost: Exception | None = None
        """Why its events can never be committed: its rows are gone, say."""
        self._last_seq = last_event
        self._gathered: list[events.Event] = []
        self._deltas: list[str] = []
        self._delta_of: DeltaOf | None = None
        self._call_id = ""
        self._waiting_characters = 0
        self._text_open = False
        self._reasoning_spans = 0
        self._reasoning_open = False
        self._open_calls: dict[str, None] = {}
        self._tail: deque[tuple[int, bytes]] = deque()
        self._tail_bytes = 0
        self._news = asyncio.Event()

    # -- the run writes ----------------------------------------------------------

    def add(self, part: parts.Part) -> None:
        """Take a part. Costs an append for a piece of text; all else is per commit."""
        if type(part) is parts.Text:
            if self._delta_of is not parts.Text:
                self._switch(parts.Text)
            self._add_delta(part.text, part.deltas)
        elif type(part) is parts.Reasoning:
            if self._delta_of is not parts.Reasoning:
                self._switch(parts.Reasoning)
            self._add_delta(part.text)
        elif type(part) is parts.ToolCallInput:
            if self._delta_of is not parts.ToolCallInput or self._call_id != part.id:
                self._switch(parts.ToolCallInput)
                self._call_id = part.id
            self._add_delta(part.json)
        else:
            self._add_other(part)

    def announce(self, event: events.RunStarted | events.Custom) -> None:
        """Add an event that is no part of the answer."""
        self._gathered.append(event)

    def end(self, event: events.RunFinished | events.RunError) -> None:
        """Close what is open and add the last event."""
        self._switch(None)
        for call_id in self._open_calls:
            self._gathered.append(events.ToolCallEnd(tool_call_id=call_id))
        self._open_calls.clear()
        if self._text_open:
            self._text_open = False
            self._gathered.append(events.TextMessageEnd(message_id=self.message_id))
        self._gathered.append(event)

    @property
    def waiting(self) -> bool:
        return bool(self._gathered or self._deltas)

    @property
    def behind(self) -> bool:
        """Whether anything that came is not shown yet."""
        return self.waiting or self.in_flight

    @property
    def in_flight(self) -> bool:
        """Whether something was taken that is not shown yet."""
        return self._last_seq > self.shown_event

    @property
    def begun(self) -> bool:
        """Whether anything of the answer was shown."""
        return bool(self.answer.text or self.answer.reasoning or self.answer.calls)

    @property
    def crowded(self) -> bool:
        return self._waiting_characters > GATHER_CHARACTERS

    def take(self) -> list[Taken]:
        """Everything gathered, as events with their ids."""
        self._close_deltas()
        self._waiting_characters = 0
        gathered, self._gathered = self._gathered, []
        taken = []
        for event in gathered:
            self._last_seq += 1
            taken.append(Taken(self._last_seq, event, events.encode(event)))
        return taken

    # -- the journal shows -------------------------------------------------------

    def show(self, taken: list[Taken]) -> None:
        """These are committed now: let readers have them."""
        for seq, event, data in taken:
            self.answer.apply(event)
            frame = events.frame(seq, data)
            self._tail.append((seq, frame))
            self._tail_bytes += len(frame)
        while self._tail_bytes > TAIL_BYTES and len(self._tail) > 1:
            self._tail_bytes -= len(self._tail.popleft()[1])
        if taken:
            self.shown_event = taken[-1].seq
        self.ring()

    def replay(self, committed: list[tuple[int, events.Event]]) -> None:
        """Take over events that an earlier process committed, so as to go on from them."""
        for seq, event in committed:
            self.answer.apply(event)
            self._last_seq = self.shown_event = seq
            match event:
                case events.TextMessageStart():
                    self._text_open = True
                case events.TextMessageEnd():
                    self._text_open = False
                case events.ReasoningStart():
                    self._reasoning_spans += 1
                    self._reasoning_open = True
                case events.ReasoningEnd():
                    self._reasoning_open = False
                case events.ToolCallStart():
                    self._open_calls[event.tool_call_id] = None
                case events.ToolCallEnd():
                    self._open_calls.pop(event.tool_call_id, None)

    def lose(self, error: Exception) -> None:
        """What was taken could not be committed and never will be."""
        self.lost = error
        self.ring()

    def close(self) -> None:
        """Nothing more will come."""
        self.ended = True
        self.ring()

    def ring(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    # -- readers read ------------------------------------------------------------

    def since(self, after: int) -> list[tuple[int, bytes]] | None:
        """Frames behind `after`, or None where memory no longer has all of them."""
        if after >= self.shown_event:
            return []
        if not self._tail or self._tail[0][0] > after + 1:
            return None
        return list(islice(self._tail, after + 1 - self._tail[0][0], None))

    @property
    def news(self) -> asyncio.Event:
        """Set when there is more; take it before looking, so that none is missed."""
        return self._news

    # -- how parts become events -------------------------------------------------

    def _add_delta(self, text: str, deltas: int = 1) -> None:
        self.has_content = True
        self.deltas += deltas
        self._deltas.append(text)
        self._count(len(text))

    def _count(self, characters: int) -> None:
        self.characters += characters
        self._waiting_characters += characters

    def _add_other(self, part: parts.Part) -> None:
        self._switch(None)
        self._count(OTHER_CHARACTERS)
        match part:
            case parts.ToolCallStart():
                self.has_content = True
                self._open_calls[part.id] = None
                self._gathered.append(
                    events.ToolCallStart(
                        tool_call_id=part.id,
                        tool_call_name=part.name,
                        parent_message_id=self.message_id,
                    )
                )
            case parts.ToolCallEnd():
                self._open_calls.pop(part.id, None)
                self._gathered.append(events.ToolCallEnd(tool_call_id=part.id))
            case parts.Citation():
                value = msgspec.to_builtins(part.source)
                self._gathered.append(events.Custom(name=SOURCE, value=value))
            case parts.UsageReport():
                value = {"usage": msgspec.to_builtins(part.usage), "model": part.model}
                self._gathered.append(events.Custom(name=USAGE, value=value))

    def _switch(self, kind: DeltaOf | None) -> None:
        """Text stays open to the end, as several messages may be; reasoning closes
        where something else begins."""
        self._close_deltas()
        self._delta_of = kind
        if kind is parts.Reasoning:
            self._reasoning_open = True
            self._reasoning_spans += 1
            id_ = self._reasoning_id
            self._gathered.append(events.ReasoningStart(message_id=id_))
            self._gathered.append(events.ReasoningMessageStart(message_id=id_, role="reasoning"))
        elif self._reasoning_open:
            self._reasoning_open = False
            self._gathered.append(events.ReasoningMessageEnd(message_id=self._reasoning_id))
            self._gathered.append(events.ReasoningEnd(message_id=self._reasoning_id))
        if kind is parts.Text and not self._text_open:
            self._text_open = True
            start = events.TextMessageStart(message_id=self.message_id, role="assistant")
            self._gathered.append(start)

    def _close_deltas(self) -> None:
        if not self._deltas:
            return
        delta = "".join(self._deltas)
        self._deltas.clear()
        if self._delta_of is parts.Text:
            event: events.Event = events.TextMessageContent(message_id=self.message_id, delta=delta)
        elif self._delta_of is parts.ToolCallInput:
            event = events.ToolCallArgs(tool_call_id=self._call_id, delta=delta)
        else:
            event = events.ReasoningMessageContent(message_id=self._reasoning_id, delta=delta)
        self._gathered.append(event)

    @property
    def _reasoning_id(self) -> str:
        return f"{self.message_id}.reasoning-{self._reasoning_spans}"
