"""Markdown for reading: what it looks like, and that nothing breaks out of its place."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from squid.models import Problem, Source, ToolCall
from squid.store import files, sessions
from squid.transfer.markdown import close_fence, code, fenced, quoted
from tests.conftest import ME
from tests.store.tree import add_message, add_session
from tests.transfer.talk import mark, read_out

NOON = 1_795_262_400_000  # 2026-11-21 12:00 UTC


def conversation(db: sqlite3.Connection) -> None:
    add_session(db, id="trip", title="A trip\nto Rome", system="Be brief.")
    file = files.add(db, ME, files.New(files.pack(b"words"), "no`tes.txt", "text/plain"))
    add_message(db, "trip", "m1", content="What is in it?", file_ids=[file.id])
    add_message(
        db, "trip", "m2", "m1", role="assistant", model="squid-1", reasoning="Hm.\n\nRead it.",
        content="Code:\n```python\nprint(1)", status="stopped",
    )  # fmt: skip
    found = [
        Source("Notes", "the [words]", file.id, unit="page", start=2, end=4),
        Source("A *page*", url="https://example.org/a b", unit="char", start=1, end=2),
        Source("A script", url="javascript:alert(1)"),
    ]
    mark(db, "m2", found=found, error=Problem("x", "Stopped by\nsomeone."))
    call = ToolCall("c1", "look", '{"a": "```"}', "a\n````\nb", is_error=True)
    add_message(db, "trip", "m3", "m2", role="tool", content="", tool=call)
    add_message(db, "trip", "m4", "m3", content="deleted")
    mark(db, "m4", deleted_at=1)
    add_message(db, "trip", "m5", "m4", content="Thanks\x1b[31m\0")
    add_message(db, "trip", "other", "m1", role="assistant", content="another branch")
    sessions.set_head(db, "trip", "m5")
    db.execute("UPDATE messages SET created_at = ?", (NOON,))
    db.execute("UPDATE sessions SET created_at = ?, active_at = ?", (NOON, NOON + 60_000))


GOLDEN = """\
# A trip to Rome

2026-11-21 12:00 UTC to 2026-11-21 12:01 UTC, `trip`

## System

Be brief.

## User, 2026-11-21 12:00 UTC

What is in it?

Files:

- ``no`tes.txt`` (text/plain, 5 bytes)

## Assistant (squid-1), 2026-11-21 12:00 UTC

> Hm.
>
> Read it.

Code:
```python
print(1)
```

*(stopped: Stopped by someone.)*

Sources:

1. Notes, in ``no`tes.txt``, page 2 to 3, “the [words]”
2. [A \\*page\\*](<https://example.org/ab>), char 1
3. A script

## Tool, 2026-11-21 12:00 UTC

`look` was called with

````json
{"a": "```"}
````

It failed:

`````
a
````
b
`````

## User, 2026-11-21 12:00 UTC

Thanks\ufffd[31m\ufffd

"""


def test_a_conversation(db: sqlite3.Connection) -> None:
    conversation(db)
    assert read_out(db, "trip") == GOLDEN


def test_all_leave_the_trash_out(db: sqlite3.Connection) -> None:
    for name in ("a", "b", "c"):
        add_session(db, id=name, title=name.upper())
    sessions.delete(db, ME, "b")
    text = read_out(db)
    assert [line for line in text.splitlines() if line.startswith("# ")] == ["# A", "# C"]
    assert read_out(db, "b").startswith("# B\n"), "but it can be asked for"


def test_an_empty_session(db: sqlite3.Connection) -> None:
    add_session(db, id="empty")
    assert read_out(db, "empty").startswith("# Untitled\n")


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        ("no code", True),
        ("```\nclosed\n```", True),
        ("```\nopen", False),
        ("~~~\nopen\n```", False),
        ("````\nopen\n```", False),
        ("````\n```\nclosed\n````", True),
        ("```\nopen\n``` not a close", False),
        ("```inline``` is no fence", True),
        ("    ```\n    indented", True),
        ("```\r\nclosed\r\n```", True),
    ],
)
def test_a_fence_left_open_is_closed(text: str, closed: bool) -> None:
    after = close_fence(text)
    assert (after == text.replace("\r\n", "\n")) == closed
    assert MarkdownIt().parse(after + "\n\n# Behind")[-3].type == "heading_open"


@given(st.text(st.sampled_from("`~ab \n>"), max_size=40))
def test_code_stays_code(text: str) -> None:
    tokens = MarkdownIt().parse(f"{fenced(text)}\n\n# Behind")
    assert tokens[0].type == "fence"
    assert tokens[0].content.removesuffix("\n") == text
    assert tokens[1].type == "heading_open"


@given(st.text(st.sampled_from("`~ab \n>#"), max_size=40))
def test_thoughts_stay_thoughts(text: str) -> None:
    tokens = MarkdownIt().parse(f"{quoted(text)}\n\n# Behind")
    assert [one.type for one in tokens if one.level == 0] == [
        *("blockquote_open", "blockquote_close", "heading_open", "heading_close"),
    ]


@given(st.text(st.sampled_from("`a "), min_size=1, max_size=20).filter(str.strip))
def test_a_name_stays_a_name(text: str) -> None:
    [_, inline, _] = MarkdownIt().parse("a " + code(text))
    assert inline.children is not None
    assert [one.type for one in inline.children] == ["text", "code_inline"]
    assert inline.children[1].content.strip() == " ".join(text.split())
