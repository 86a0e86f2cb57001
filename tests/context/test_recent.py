"""What is kept of the windows that models were shown is what the database would give."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest

from squid.context import window
from squid.context.recent import RecentWindows
from squid.context.window import Piece, Window
from squid.core import Squid
from squid.models import Message, Session
from squid.runs import start
from squid.runs.start import Started
from squid.store import messages, sessions
from tests.conftest import ME, answered, say
from tests.context.test_prompt import sent, texts
from tests.upstream import Upstream

SESSION = {
    **{"title": "", "system": None, "model": None, "head": None, "live_run_id": None},
    **{"message_count": 0, "input_tokens": 0, "output_tokens": 0, "created_at": 0, "active_at": 0},
}
MESSAGE = {
    **{"session_id": "s", "status": "complete", "content": "hello"},
    **{"created_at": 0, "updated_at": 0},
}


class Reads:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self._read = window.read
        monkeypatch.setattr(window, "read", self._counted)

    def _counted(self, *args: Any) -> Window:
        self.count += 1
        return self._read(*args)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    return Reads(monkeypatch)


async def stored(squid: Squid, started: Started) -> list[tuple[str, str]]:
    """What was said up to a question, as the database has it."""
    read = await squid.database.read(
        window.read, ME, started.run.question_id, 100_000, started.run.question_id
    )
    return [
        (turn.role, "".join(getattr(item, "text", "") for item in turn.content))
        for piece in read.pieces
        for turn in piece.turns
    ]


async def test_a_conversation_is_not_read_again(
    squid: Squid, upstream: Upstream, reads: Reads
) -> None:
    first = await say(squid, "one", "deltas=1")
    await answered(squid, first)
    for number in range(3):
        more = await say(squid, f"more {number}", f"key=a{number}", session_id=first.session.id)
        await answered(squid, more)
        assert reads.count == 0
        assert texts(sent(upstream, more)) == await stored(squid, more)
        reads.count = 0


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_becomes_of_it(squid: Squid, upstream: Upstream, seed: int) -> None:
    """Branches, deletions and changes by others, in any order."""
    chosen = random.Random(seed)
    first = await say(squid, "one", "deltas=1")
    await answered(squid, first)
    session_id = first.session.id
    for number in range(12):
        page = await squid.database.read(messages.page, ME, session_id)
        if not page.messages:
            break
        target = chosen.choice(page.messages)
        model = f"script:key=b{seed}n{number},deltas=2"
        match chosen.choice(["send", "send", "edit", "retry", "delete", "rename", "branch"]):
            case "edit" if target.role == "user":
                started = await squid.ask(
                    ME, start.edit, target.id, content=f"edit {number}", model=model
                )
            case "retry" if target.role == "user":
                started = await squid.ask(ME, start.retry, target.id, model=model)
            case "delete":
                await squid.database.write(messages.set_deleted, ME, target.id, True)
                continue
            case "rename":
                await squid.database.write(sessions.update, ME, session_id, title=f"t {number}")
                continue
            case "branch":
                await squid.database.write(messages.update_session, ME, session_id, head=target.id)
                continue
            case _:
                started = await squid.ask(
                    ME, start.send, content=f"n {number}", session_id=session_id, model=model
                )
        await answered(squid, started)
        merged: list[tuple[str, str]] = []
        for role, text in await stored(squid, started):
            if merged and merged[-1][0] == role:
                merged[-1] = (role, merged[-1][1] + text)
            elif merged or role == "user":
                merged.append((role, text))
        assert texts(sent(upstream, started)) == merged


def piece(number: int, tokens: int = 10) -> Piece:
    return Piece(f"m{number}", "user" if number % 2 else "assistant", tokens, ())


def session(version: int, id: str = "s") -> Session:
    return msgspec.convert({**SESSION, "id": id, "version": version}, Session)


def message(id: str, parent_id: str | None, role: str = "user") -> Message:
    return msgspec.convert({**MESSAGE, "id": id, "parent_id": parent_id, "role": role}, Message)


def test_only_what_comes_right_behind_goes_on_from_it() -> None:
    recent = RecentWindows(1 << 20)
    recent.keep(session(4), Window([piece(1)], whole=True), 100)
    recent.answered(session(5), [message("m2", "m1", "assistant")])
    found = recent.with_question(session(6), message("q", "m2"), 100)
    assert found is not None
    assert [one.id for one in found.pieces] == ["m1", "m2", "q"]
    assert found.whole
    assert recent.with_question(session(7), message("q", "m2"), 100) is None
    assert recent.with_question(session(6), message("q", "m1"), 100) is None
    recent.answered(session(9), [message("a", "m2", "assistant")])
    assert recent.with_question(session(6), message("q", "m2"), 100) is None


def test_a_window_that_was_cut_does_for_no_larger_one() -> None:
    recent = RecentWindows(1 << 20)
    recent.keep(session(4), Window([piece(3), piece(4)], whole=False), 25)
    assert recent.with_question(session(5), message("q", "m4"), 26) is None
    found = recent.with_question(session(5), message("q", "m4"), 25)
    assert found is not None
    assert [one.id for one in found.pieces] == ["m4", "q"]
    assert not found.whole


def test_it_has_bounds() -> None:
    recent = RecentWindows(4 * 250)
    for id in ("a", "b", "c"):
        recent.keep(session(1, id), Window([piece(1)], whole=True), 100)
    assert recent.size <= 250
    assert recent.with_question(session(2, "a"), message("q", "m1"), 100) is None
    assert recent.with_question(session(2, "c"), message("q", "m1"), 100) is not None
    recent.keep(session(1, "d"), Window([piece(1, 1000)], whole=True), 100)
    assert recent.with_question(session(2, "d"), message("q", "m1"), 100) is None
    nothing = RecentWindows(0)
    nothing.keep(session(1), Window([piece(1)], whole=True), 100)
    assert nothing.size == 0
