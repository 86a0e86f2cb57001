"""Markdown on a terminal while it is being written.

A finished block is printed once and scrolls away like any output; only the last one,
which can still change, is drawn again. So a long answer neither flickers nor is lost
from the scrollback.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

from markdown_it import MarkdownIt
from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.markdown import Markdown
from rich.segment import Segment
from rich.text import Text

DRAWS_A_SECOND = 12
BUSY = 4
"""Drawing a block waits so many times as long as the last drawing took, so that a very
long one does not take up the processor."""


class Page:
    """`think` and `write` as it comes, `close`, then `note` what belongs below."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        # Only where blocks begin and end: what is inside them is Rich's to find out.
        self._parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable("inline")
        self._block = _Block()
        self._live: Live | None = None
        # Rich's own refreshing may come between the two halves of a print, and then
        # erases a line too many.
        self._drawing = threading.Lock()
        self._over = threading.Event()
        self._drawer = threading.Thread(target=self._draw, name="squid-page", daemon=True)
        self._thinking = False
        self._next_split = 0.0

    def think(self, text: str) -> None:
        if self._live is None:
            self._thinking = True
            self._console.print(Text(text, "dim italic"), end="", soft_wrap=True)

    def write(self, text: str) -> None:
        if self._thinking:
            self._console.print("\n")
            self._thinking = False
        if self._live is None:
            self._live = Live(
                self._block,
                console=self._console,
                transient=True,
                auto_refresh=False,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()
            self._drawer.start()
        with self._drawing:
            self._block.source += text
            began = time.monotonic()
            if "\n" in text and began >= self._next_split:
                self._print_finished()
                now = time.monotonic()
                self._next_split = now + BUSY * (now - began)

    def close(self) -> None:
        if self._thinking:
            self._console.print()
        if self._live is not None:
            self._over.set()
            self._drawer.join()
            rest = self._block.source
            self._block.begin("")
            self._live.stop()
            self._print(rest)

    def note(self, line: str) -> None:
        if self._block.follows:
            self._console.print()
            self._block.follows = False
        self._console.print(Text(line, "dim"))

    def _draw(self) -> None:
        while not self._over.wait(1 / DRAWS_A_SECOND):
            with self._drawing:
                if self._live is not None:
                    self._live.refresh()

    def _print_finished(self) -> None:
        """Print the blocks that nothing to come can change."""
        source = self._block.source
        starts = [
            token.map[0]
            for token in self._parser.parse(source)
            if token.level == 0 and token.map and token.nesting >= 0
        ]
        if len(starts) > 1:
            lines = source.splitlines(keepends=True)
            self._block.begin("".join(lines[starts[-1] :]))
            self._print("".join(lines[: starts[-1]]))

    def _print(self, source: str) -> None:
        if source.strip():
            follows, self._block.follows = self._block.follows, True
            self._console.print(*([""] if follows else []), _Markdown(source), sep="\n")


def show(parts: Iterable[str]) -> None:
    """Print what is finished already, part by part."""
    console = Console(highlight=False)
    for number, part in enumerate(parts):
        console.print(*([""] if number else []), _Markdown(part), sep="\n")


class _Markdown(Markdown):
    """Rich's, with HTML as the text that it is: Rich would show none of it."""

    def __init__(self, source: str) -> None:
        super().__init__(source)
        parser = MarkdownIt("commonmark", {"html": False}).enable(["strikethrough", "table"])
        self.parsed = parser.parse(source)


class _Block:
    """The open block as it is now: its last lines, where it is higher than the screen."""

    def __init__(self) -> None:
        self.follows = False
        """Whether another block stands above it."""
        self.begin("")

    def begin(self, source: str) -> None:
        self.source = source
        self._drawn: tuple[str, int] | None = None
        self._lines: list[list[Segment]] = []
        self._next = 0.0

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        wanted = (self.source, options.max_width)
        if wanted[0].strip() and wanted != self._drawn and time.monotonic() >= self._next:
            began = time.monotonic()
            self._lines = console.render_lines(_Markdown(wanted[0]), options, pad=False)
            now = time.monotonic()
            self._drawn, self._next = wanted, now + BUSY * (now - began)
        if self._lines and self.follows:
            yield Segment.line()
        for line in self._lines[-max(1, options.size.height - 3) :]:
            yield from line
            yield Segment.line()
