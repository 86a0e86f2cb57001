"""The end of a run: its last events, its messages in full, its usage and its status,
in one transaction. A run that was killed ends the same way, when it is found."""

from __future__ import annotations

import sqlite3
from typing import Any, NamedTuple

import msgspec

from squid.ids import message_id
from squid.models import EndStatus, Message, Problem, Session, ToolCall
from squid.runs import events
from squid.runs.answer import Answer
from squid.runs.log import RunLog, Taken
from squid.store import messages, runs, sessions
from squid.store.users import ASSISTANT


class Ending(NamedTuple):
    status: EndStatus
    stop_reason: str | None = None
    error: Problem | None = None


INTERRUPTED = Ending(
    "interrupted",
    error=Problem(
        "interrupted",
        "Squid was stopped while this answer was being written.",
        "What had come is kept. Continue it, or try again.",
    ),
)


def last_event(
    ending: Ending, *, session_id: str, run_id: str, provider: str, model: str, answer: Answer
) -> events.RunFinished | events.RunError:
    usage = events.token_usage(answer.usage, provider, answer.model or model)
    if ending.status in ("error", "interrupted"):
        problem = ending.error or Problem("error", "The answer could not be finished.")
        return events.RunError(message=problem.detail, code=problem.code, usage=usage)
    return events.RunFinished(
        thread_id=session_id,
        run_id=run_id,
        result={"status": ending.status, "stop_reason": ending.stop_reason},
        outcome={"type": "cancelled"} if ending.status == "stopped" else None,
        usage=usage,
    )


def write(
    db: sqlite3.Connection,
    user_id: str,
    log: RunLog,
    answer: Answer,
    session_id: str,
    taken: list[Taken],
    ending: Ending,
) -> tuple[Session, tuple[Message, ...]]:
    """`answer` is the run's, with what is in `taken`; all before that is committed."""
    runs.append(db, runs.rows(log.number, taken))
    message = answer.onto(messages.load(db, [log.message_id], siblings=False)[0])
    messages.finish(
        db,
        log.message_id,
        status=ending.status,
        content=message.content,
        reasoning=message.reasoning,
        sources_=message.sources,
        model=message.model,
        usage=message.usage,
        stop_reason=ending.stop_reason,
        error=ending.error,
    )
    written = [log.message_id]
    for call in filter(_is_whole, answer.tools()):
        id_ = message_id(ASSISTANT, user_id)
        messages.insert(
            db,
            id=id_,
            session_id=session_id,
            parent_id=written[-1],
            role="tool",
            content="",
            tool=msgspec.structs.replace(call, input=call.input or "{}"),
            run_id=log.run_id,
        )
        written.append(id_)
    if len(written) > 1:
        sessions.extend(db, session_id, log.message_id, written[-1], messages=len(written) - 1)
    runs.finish(
        db,
        log.run_id,
        status=ending.status,
        last_event=taken[-1].seq if taken else log.shown_event,
        text_end=len(message.content),
        usage=answer.usage,
        error=ending.error,
    )
    usage = answer.usage
    sessions.ended(
        db,
        session_id,
        log.run_id,
        input_tokens=usage.input_tokens if usage else 0,
        output_tokens=usage.output_tokens if usage else 0,
    )
    sessions.touch(db, session_id, "run", message_id=log.message_id, run_id=log.run_id)
    session = sessions.get(db, user_id, session_id, deleted=True)
    return session, tuple(messages.load(db, written))


def _is_whole(call: ToolCall) -> bool:
    """A call that was cut off is none, nor one nested so deeply that nobody can read it:
    nobody can run it, and the answer can go on."""
    try:
        msgspec.json.decode(call.input or "{}", type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True
