"""A page that grows says in the end what it would have said at once."""

from __future__ import annotations

import io
import itertools
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from squid.cli import markdown
from squid.cli.markdown import Page

TEXT = """\
# A title

A paragraph with `code`, *stress*
and a second line.

1. one
2. two

   with more

| a | b |
|---|---|
| 1 | 2 |

```python
def f():

    return 1
```

> A quotation

- the
- end
"""


def written(chunks: list[str]) -> str:
    console = Console(file=io.StringIO(), width=60, force_terminal=False)
    page = Page(console)
    for chunk in chunks:
        page.write(chunk)
    page.close()
    assert isinstance(console.file, io.StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines() if line.strip())


@settings(deadline=None)
@given(st.lists(st.integers(0, len(TEXT)), max_size=30))
def test_however_it_comes(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(TEXT)]
    chunks = [TEXT[a:b] for a, b in itertools.pairwise(places)]
    assert written(chunks) == written([TEXT])


def scrollback(said: str) -> list[str]:
    """What a terminal shows and has shown: enough of one for what Rich sends."""
    lines, row = [""], 0
    for part in re.findall(r"\x1b\[[?0-9;]*[A-Za-z]|[\r\n]|[^\x1b\r\n]+", said):
        if part == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif part == "\x1b[1A":
            row -= 1
        elif part == "\x1b[2K":
            lines[row] = ""
        elif part[0] not in "\x1b\r":
            lines[row] += part
    return [line.rstrip() for line in lines if line.strip()]


class SlowTerminal(io.StringIO):
    """Lets another thread write first, as a real one does."""

    def write(self, text: str) -> int:
        time.sleep(0.002)
        return super().write(text)


def test_a_terminal_shows_each_line_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markdown, "DRAWS_A_SECOND", 2000)
    console = Console(file=SlowTerminal(), width=60, height=12, force_terminal=True)
    page = Page(console)
    text = "\n\n".join(f"Line {i}\n\n- one {i}\n- two {i}" for i in range(150))
    for start in range(0, len(text), 3):
        page.write(text[start : start + 3])
        time.sleep(0.0003)  # or the drawing thread hardly gets its turn
    page.close()
    assert isinstance(console.file, io.StringIO)
    wanted = [line for i in range(150) for line in (f"Line {i}", f" • one {i}", f" • two {i}")]
    assert scrollback(console.file.getvalue()) == wanted
