"""An answer on its way to a reader: a terminal, a pipe, or nobody yet."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from squid.models import Message, Source
from squid.runs import events

if TYPE_CHECKING:
    from squid.cli.markdown import Page

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

_TURNS = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
"""Signs that reverse what comes behind them, to the end of a line that is not theirs."""


def harmless(text: str) -> str:
    """Without what would move the cursor, ring the bell or rename the window."""
    return _CONTROLS.sub("", text.replace("\r\n", "\n"))


def line(text: str) -> str:
    """As one line that no terminal acts on and no column of a table is broken by."""
    return re.sub(r"\s+", " ", _TURNS.sub("", harmless(text)))


def tell_waits(batch: Sequence[events.Event]) -> None:
    """Say on stderr why nothing comes."""
    for event in batch:
        if isinstance(event, events.Custom) and event.name == "squid.waiting":
            why, seconds = line(str(event.value["detail"])), event.value["seconds"]
            sys.stderr.write(f"squid: {why} Asking again in {seconds:.0f} s.\n")
            sys.stderr.flush()


class View(Protocol):
    def show(self, batch: Sequence[events.Event]) -> None: ...

    def end(self, message: Message | None) -> None:
        """The answer is over, as `message`, or cut off."""
        ...


class Quiet:
    """Says nothing until the answer is over, and then hands it to another view."""

    def __init__(self, then: View | None = None) -> None:
        self._then = then

    def show(self, batch: Sequence[events.Event]) -> None:
        tell_waits(batch)

    def end(self, message: Message | None) -> None:
        if self._then is not None and message is not None:
            ids = {"message_id": message.id}
            self._then.show([events.TextMessageContent(**ids, delta=message.content)])
            self._then.end(message)


class Plain:
    """The text as it is, into a pipe or a file."""

    def __init__(self) -> None:
        self._text = _Text()

    def show(self, batch: Sequence[events.Event]) -> None:
        tell_waits(batch)
        if news := self._text.of(batch):
            sys.stdout.write(news)
            sys.stdout.flush()

    def end(self, message: Message | None) -> None:
        if self._text.all and not self._text.all.endswith("\n"):
            sys.stdout.write("\n")
        sys.stdout.flush()


class Terminal:
    """Markdown, rendered while it grows; thoughts dim above it, sources below."""

    def __init__(self) -> None:
        self._text = _Text()
        self._page: Page | None = None

    def show(self, batch: Sequence[events.Event]) -> None:
        if self._page is None:
            # Rich takes a fifth of a second to import: now, while the model thinks.
            from squid.cli.markdown import Page

            self._page = Page()
        tell_waits(batch)
        for event in batch:
            if isinstance(event, events.ReasoningMessageContent):
                self._page.think(harmless(event.delta))
        if news := self._text.of(batch):
            self._page.write(harmless(news))

    def end(self, message: Message | None) -> None:
        if self._page is None:
            return
        self._page.close()
        for number, line in enumerate(cited(message.sources if message else ()), 1):
            self._page.note(f"[{number}] {harmless(line)}")


class _Text:
    """The answer's text so far, out of its events."""

    def __init__(self) -> None:
        self.all = ""

    def of(self, batch: Sequence[events.Event]) -> str:
        """What these add to it."""
        before = self.all
        for event in batch:
            if isinstance(event, events.TextMessageContent):
                self.all += event.delta
            elif isinstance(event, events.Custom) and event.name == "squid.message":
                # The events that we missed are gone; we have its beginning.
                self.all = str(event.value["content"])
        return self.all[len(before) :]


def cited(sources: Sequence[Source]) -> list[str]:
    """A line for each place that an answer draws on, in the order of the answer."""
    lines = []
    for source in sources:
        line = source.title
        if source.unit == "page" and source.start is not None:
            line += f", page {source.start}"
        if source.url:
            line += f" <{source.url}>"
        if source.text:
            words = " ".join(source.text.split())
            line += f": “{words if len(words) <= 100 else words[:99] + '…'}”"
        lines.append(line)
    return list(dict.fromkeys(lines))
