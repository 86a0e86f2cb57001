"""An answer as its events tell it: one fold for everyone who needs the text.

The same function builds what a run writes at its end, what a reader sees in the
middle of it, and what is kept of one that was killed. So they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import msgspec

from squid.models import Message, Source, ToolCall, Usage
from squid.runs import events

SOURCE = "squid.source"
USAGE = "squid.usage"


@dataclass(slots=True)
class Call:
    name: str
    input: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Answer:
    text: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    calls: dict[str, Call] = field(default_factory=dict)
    sources: list[Source] = field(default_factory=list)
    usage: Usage | None = None
    model: str | None = None
    bare: bool = False
    """Without what could not be stored."""

    def strip(self) -> None:
        """Keep the words alone: something else of it the database does not take."""
        self.bare = True
        self.usage, self.sources = None, []

    def after(self, more: Iterable[events.Event]) -> Answer:
        """What it will be when these are shown, too."""
        longer = replace(
            self,
            text=[*self.text],
            reasoning=[*self.reasoning],
            calls={id_: Call(call.name, [*call.input]) for id_, call in self.calls.items()},
            sources=[*self.sources],
        )
        for event in more:
            longer.apply(event)
        return longer

    def apply(self, event: events.Event) -> None:
        match event:
            case events.TextMessageContent():
                self.text.append(event.delta)
            case events.ReasoningMessageContent():
                self.reasoning.append(event.delta)
            case events.ReasoningMessageStart() if self.reasoning:
                self.reasoning.append("\n\n")
            case events.ToolCallStart():
                self.calls[event.tool_call_id] = Call(event.tool_call_name)
            case events.ToolCallArgs():
                self.calls[event.tool_call_id].input.append(event.delta)
            case events.Custom() if event.name == SOURCE:
                self.sources.append(msgspec.convert(event.value, Source))
            case events.Custom() if event.name == USAGE:
                self.usage = msgspec.convert(event.value["usage"], Usage)
                self.model = event.value.get("model") or self.model

    def tools(self) -> list[ToolCall]:
        return [
            ToolCall(id=id_, name=call.name, input="".join(call.input))
            for id_, call in self.calls.items()
        ]

    def onto(self, message: Message) -> Message:
        """The message with this answer behind what it held before: nothing, or, where
        the run continues it, the text so far."""
        before = len(message.content)
        moved = [
            msgspec.structs.replace(source, position=source.position + before)
            if source.position is not None
            else source
            for source in self.sources
        ]
        reasoning = "".join(self.reasoning)
        both = bool(message.reasoning and reasoning)
        return msgspec.structs.replace(
            message,
            content=message.content + "".join(self.text),
            reasoning=message.reasoning + ("\n\n" if both else "") + reasoning,
            sources=(*message.sources, *moved),
            usage=_sum(message.usage, self.usage),
            model=self.model or message.model,
        )


def _sum(one: Usage | None, other: Usage | None) -> Usage | None:
    if one is None or other is None:
        return one or other
    return Usage(*(a + b for a, b in zip(_counts(one), _counts(other), strict=True)))


def _counts(usage: Usage) -> tuple[int, ...]:
    return msgspec.structs.astuple(usage)
