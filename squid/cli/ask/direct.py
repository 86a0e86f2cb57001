"""Asking without a server: the engine runs in this process, for one question."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from squid.cli.ask.question import (
    NO_SESSION,
    Answer,
    Attachment,
    Question,
    Show,
    on_ctrl_c,
    read_frame,
)
from squid.config import Config
from squid.context.media import clean_name, media_type
from squid.core import Squid, open_squid
from squid.errors import NotFound
from squid.runs import start
from squid.runs.follow import follow
from squid.store import files, messages, runs, sessions
from squid.store.users import LOCAL


def ask(config: Config, question: Question, show: Show, stopping: Callable[[], None]) -> Answer:
    """Ask, `show` what comes, return how it ended. Ctrl-C stops the answer, keeps its
    text, and calls `stopping`. Raises SquidError."""
    return asyncio.run(_ask(config, question, show, stopping))


async def _ask(
    config: Config, question: Question, show: Show, stopping: Callable[[], None]
) -> Answer:
    async with open_squid(config) as squid:
        squid.provider()  # where there is none, say so before anything is stored
        read = squid.database.read
        session_id = question.session_id
        if question.last_session:
            newest = await read(sessions.newest, LOCAL)
            if newest is None:
                raise NotFound(NO_SESSION)
            session_id = newest.id
        started = await squid.ask(
            LOCAL,
            start.send,
            content=question.text,
            session_id=session_id,
            message_id=question.message_id,
            file_ids=[await _keep(squid, one) for one in question.attachments],
            system=question.system,
            model=question.model,
            run_id=question.run_id,
        )
        run_id = started.run.id
        loop = asyncio.get_running_loop()
        tasks = []

        def stop() -> None:
            stopping()
            tasks.append(loop.create_task(squid.engine.stop(LOCAL, run_id)))

        def hurry() -> None:
            loop.call_soon_threadsafe(stop)

        with on_ctrl_c(hurry):
            async for frames in follow(squid.engine, squid.database, LOCAL, run_id):
                found = [read_frame(frame) for _, frame in frames]
                show([one[1] for one in found if one])
            await asyncio.gather(*tasks)
        return Answer(
            await read(sessions.get, LOCAL, started.session.id),
            await read(messages.get, LOCAL, started.run.message_id),
            await read(runs.get, LOCAL, run_id),
        )


async def _keep(squid: Squid, one: Attachment) -> str:
    stored = await asyncio.to_thread(files.pack, one.content)
    name = clean_name(one.name)
    new = files.New(stored, name, media_type(name, one.content))
    file = await squid.database.write(files.add, LOCAL, new)
    return file.id
