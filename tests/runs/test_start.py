"""Sending, editing, trying again, continuing; and all of it twice (P5)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from squid.core import Squid
from squid.errors import Conflict, IdTaken, InvalidRequest, NotFound
from squid.ids import message_id, new_id
from squid.models import Message
from squid.runs import start
from squid.store import messages, sessions
from tests.conftest import ME, answered, say


async def branch(squid: Squid, session_id: str) -> list[Message]:
    page = await squid.database.read(messages.page, ME, session_id)
    return page.messages


async def talk(squid: Squid, *questions: str) -> list[Message]:
    session_id = None
    for question in questions:
        started = await say(squid, question, "text=echo", session_id=session_id)
        session_id = started.session.id
        await answered(squid, started)
    assert session_id is not None
    return await branch(squid, session_id)


async def test_first_question_gives_the_title(squid: Squid) -> None:
    started = await say(squid, "\n  What is a squid?  \nTell me.")
    assert started.session.title == "What is a squid?"
    await answered(squid, started)


async def test_resent_message_finds_the_first_run(squid: Squid) -> None:
    id_ = message_id(ME, "assistant")
    all_started = await asyncio.gather(*(say(squid, "Hello", message_id=id_) for _ in range(10)))
    assert len({one.run.id for one in all_started}) == 1
    assert sum(one.created for one in all_started) == 1
    await answered(squid, all_started[0])
    later = await say(squid, "Hello", message_id=id_)
    assert later.run.id == all_started[0].run.id
    found, _ = await squid.database.read(sessions.page, ME)
    assert len(found) == 1
    assert found[0].message_count == 2


async def test_same_id_for_something_else_is_refused(squid: Squid) -> None:
    id_ = message_id(ME, "assistant")
    await answered(squid, await say(squid, "Hello", message_id=id_))
    with pytest.raises(IdTaken):
        await say(squid, "Something else", message_id=id_)


async def test_edit_makes_a_sibling_with_its_own_answer(squid: Squid) -> None:
    q1, a1, q2, a2 = await talk(squid, "one", "two")
    edited = await squid.ask(ME, start.edit, q2.id, content="three", model="script:text=echo")
    await answered(squid, edited)
    shown = await branch(squid, q1.session_id)
    assert [m.content for m in shown] == ["one", "one", "three", "three"]
    assert shown[2].siblings == (q2.id, shown[2].id)
    assert shown[3].siblings == ()
    session = await squid.database.write(messages.update_session, ME, q1.session_id, head=q2.id)
    assert session.head == a2.id, "switching shows the branch to its end"
    assert [m.id for m in await branch(squid, q1.session_id)] == [q1.id, a1.id, q2.id, a2.id]


async def test_editing_the_first_message_branches_at_the_root(squid: Squid) -> None:
    q1, *_ = await talk(squid, "one", "two")
    edited = await squid.ask(ME, start.edit, q1.id, content="uno", model="script:text=echo")
    await answered(squid, edited)
    shown = await branch(squid, q1.session_id)
    assert [m.content for m in shown] == ["uno", "uno"]
    assert shown[0].siblings == (q1.id, shown[0].id)


async def test_retry_makes_a_sibling_of_the_answer(squid: Squid) -> None:
    q1, a1 = await talk(squid, "one")
    again = await squid.ask(ME, start.retry, a1.id, model="script:deltas=1")
    answer = await answered(squid, again)
    assert answer.parent_id == q1.id
    assert answer.siblings == (a1.id, answer.id)
    session = await squid.database.read(sessions.get, ME, q1.session_id)
    assert (session.head, session.message_count) == (answer.id, 3)


@pytest.mark.parametrize("begin", [start.retry, start.resume])
async def test_same_run_id_is_the_same_run(squid: Squid, begin: Any) -> None:
    cut = await answered(squid, await say(squid, script="deltas=3,cut_after=1"))
    run_id = new_id()
    first = await squid.ask(ME, begin, cut.id, run_id=run_id)
    second = await squid.ask(ME, begin, cut.id, run_id=run_id)
    assert (first.created, second.created) == (True, False)
    assert second.run.id == run_id
    await answered(squid, first)


async def test_only_what_ended_early_can_be_continued(squid: Squid) -> None:
    q1, a1 = await talk(squid, "one")
    for id_ in (q1.id, a1.id):
        with pytest.raises(Conflict):
            await squid.ask(ME, start.resume, id_)


@pytest.mark.parametrize("begin", [start.retry, start.resume])
async def test_whatever_is_asked_brings_an_archived_session_back(squid: Squid, begin: Any) -> None:
    first = await say(squid, script="deltas=3,stop=max_tokens")
    await answered(squid, first)
    await squid.database.write(sessions.archive, ME, first.session.id, True)
    again = await squid.ask(ME, begin, first.run.message_id)
    assert again.session.archived_at is None
    await answered(squid, again)


async def test_what_went_on_cannot_be_continued(squid: Squid) -> None:
    cut = await answered(squid, await say(squid, script="deltas=3,cut_after=1"))
    await answered(squid, await say(squid, session_id=cut.session_id))
    with pytest.raises(Conflict, match="gone on"):
        await squid.ask(ME, start.resume, cut.id)


async def test_cut_at_max_tokens_can_be_continued(squid: Squid) -> None:
    cut = await answered(squid, await say(squid, script="deltas=2,stop=max_tokens"))
    more = await squid.ask(ME, start.resume, cut.id, model="script:deltas=1")
    message = await answered(squid, more)
    assert message.content == cut.content + "w0 "


@pytest.mark.parametrize("content", ["", "  \n\t"])
async def test_empty_message_is_refused(squid: Squid, content: str) -> None:
    with pytest.raises(InvalidRequest):
        await say(squid, content)
    assert await squid.database.read(sessions.newest, ME) is None, "and leaves no session"


async def test_unknown_ids_are_not_found(squid: Squid) -> None:
    with pytest.raises(NotFound):
        await say(squid, session_id="nobody")
    with pytest.raises(NotFound):
        await say(squid, parent_id="nobody")
    with pytest.raises(NotFound):
        await squid.ask(ME, start.retry, "nobody")


async def test_fork_from_any_message(squid: Squid) -> None:
    _, a1, _, _ = await talk(squid, "one", "two")
    started = await say(squid, "fork", "text=echo", session_id=a1.session_id, parent_id=a1.id)
    await answered(squid, started)
    shown = await branch(squid, a1.session_id)
    assert [m.content for m in shown] == ["one", "one", "fork", "fork"]
