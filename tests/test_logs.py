from __future__ import annotations

import contextvars
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from squid import logs
from squid.config import Logs

HOSTILE = "a\nERROR b\r\x1b[31mred\x1b[0m\x07\x9b2J\u202ec\udcff\x7f"
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, put back as it was."""
    root, ours = logging.getLogger(), logging.getLogger("squid")
    handlers, levels = list(root.handlers), (root.level, ours.level)
    # Without pytest's own.
    root.handlers[:] = []
    yield root
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    ours.setLevel(levels[1])


def record(message: str, *args: Any, **fields: Any) -> logging.LogRecord:
    made = logging.LogRecord("squid.x", logging.ERROR, "x.py", 1, message, args, None)
    for name, value in fields.items():
        setattr(made, name, value)
    return made


@given(st.text())
def test_escaped_text_is_one_line_that_moves_no_cursor(text: str) -> None:
    assert not CONTROL.search(logs.escape(text))
    assert logs.escape("plain é 漢") == "plain é 漢"


def test_what_comes_from_outside_can_neither_begin_a_line_nor_colour_it() -> None:
    made = record("uploaded %s", HOSTILE, **logs.told(name=HOSTILE, nothing=None))
    line = logs.JsonLine().format(made)
    assert not CONTROL.search(line)
    told = json.loads(line)
    assert told["message"] == f"uploaded {HOSTILE}"
    assert told["name"] == HOSTILE
    assert "nothing" not in told
    assert not CONTROL.search(logs.PlainLine().format(made))


def test_a_line_has_the_ids_of_where_it_was_made() -> None:
    made = record("x")

    def inside() -> None:
        logs.request_id.set("request-1")
        logs.run_id.set("run-1")
        assert logs.Stamp().filter(made)

    contextvars.copy_context().run(inside)
    told = json.loads(logs.JsonLine().format(made))
    assert (told["request_id"], told["run_id"]) == ("request-1", "run-1")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", told["time"])


def test_arguments_that_do_not_fit_cost_nothing_else() -> None:
    assert json.loads(logs.JsonLine().format(record("%d files", "x")))["message"] == "%d files"


def test_stderr_is_quiet_and_says_an_error_in_one_line(
    root: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.to_stderr(Logs())
    logs.to_stderr(Logs())  # once a process
    ours, theirs = logging.getLogger("squid.x"), logging.getLogger("other")
    ours.info("nothing to worry about")
    theirs.info("started")
    try:
        raise ValueError("two\nlines")
    except ValueError:
        ours.exception("it failed")
    theirs.warning("theirs")
    assert capsys.readouterr().err == (
        "squid: it failed: ValueError: two\\u000alines\nsquid: theirs\n"
    )


def test_stderr_for_programs(root: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    logs.to_stderr(Logs(format="json", stderr="info"))
    logging.getLogger("squid.x").info("hello")
    logging.getLogger("other").info("not ours")
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["message"] == "hello"


def test_stderr_can_be_silent(root: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    logs.to_stderr(Logs(stderr="off"))
    logging.getLogger("squid.x").error("it failed")
    assert capsys.readouterr().err == ""
