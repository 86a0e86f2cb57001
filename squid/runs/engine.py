"""The engine: every live run of this process, apart from whoever asked for it.

A request starts a run and may go away; the run goes on (P2). Only a stop request,
written down before it is obeyed, or the end of the process ends it early.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass

from squid.config import Config
from squid.context import prompt, tokens, window
from squid.context.recent import RecentWindows
from squid.context.window import Piece
from squid.errors import DatabaseError, NotFound
from squid.figures import RunFigures
from squid.models import Run
from squid.providers.base import Prompt, Provider, Tool
from squid.runs import finish, recover, report
from squid.runs.feed import Feed
from squid.runs.journal import Journal
from squid.runs.log import RunLog
from squid.runs.produce import produce
from squid.runs.start import Started
from squid.store import runs
from squid.store.cache import SessionCache
from squid.store.database import Database
from squid.store.worker import Worker, sweep
from squid.telemetry import OFF, Tracing

logger = logging.getLogger(__name__)

WATCH_SECONDS = 0.2
"""How often to look for what another process committed."""

RECOVER_SECONDS = 5.0
"""How often to look for runs of processes that have died."""

FOREIGN_STOP_SECONDS = 5.0
"""How long to wait for another process to end its run."""

CLOSE_SECONDS = 5.0
"""How long the end of a run may wait for the disk when the server is stopped."""


@dataclass(slots=True, eq=False)
class _Live:
    log: RunLog
    task: asyncio.Task[None]
    stopped: bool = False
    """A person asked for the end."""
    ending: bool = False
    """How it ends is decided and being written: nothing may interrupt that."""

    begun: bool = False
    cancelled: bool = False

    def begin(self) -> None:
        """The task's first step."""
        self.begun = True
        if self.cancelled:
            self.task.cancel()  # arrives where the task next waits

    def cancel(self) -> None:
        self.cancelled = True
        # A task that is cancelled before its first step would never run, nor end.
        if self.begun and not self.ending:
            self.task.cancel()


class Engine:
    """`await open()` recovers what was cut off; `await close()` ends what is live."""

    def __init__(
        self,
        config: Config,
        database: Database,
        cache: SessionCache,
        windows: RecentWindows,
        worker: Worker,
        tracing: Tracing = OFF,
    ) -> None:
        self.figures = RunFigures()
        self.feed = Feed(database)
        self.worker = worker
        self._config = config
        self._database = database
        self._cache = cache
        self._tracing = tracing
        self._windows = windows
        self._journal = Journal(database, self.figures)
        self._live: dict[str, _Live] = {}
        self._watcher: asyncio.Task[None] | None = None
        self._foreign_news = asyncio.Event()

    async def open(self) -> int:
        """Close the runs that a crash left open (P4); returns how many."""
        recovered = await self._recover()
        sweep(self._database.path)
        self._watcher = asyncio.create_task(self._watch(), name="squid-watch")
        return recovered

    async def close(self) -> None:
        """End what is live as interrupted, its text kept, then rest."""
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.wait([self._watcher])
        tasks = [live.task for live in self._live.values()]
        for live in self._live.values():
            live.cancel()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=CLOSE_SECONDS)
            for task in late:  # the disk does not answer; recovery finds what is on it
                task.cancel()
            if late:
                await asyncio.wait(late)
        await self._journal.close()
        self.feed.close()

    def launch(
        self, user_id: str, started: Started, provider: Provider, tools: tuple[Tool, ...] = ()
    ) -> None:
        """Begin to produce a run whose start is committed."""
        if not started.created:
            return
        run = started.run
        self._cache.write(started.session, started.messages)
        log = RunLog(run.id, started.number, run.message_id, len(started.first))
        log.show(list(started.first))
        self.figures.events += len(started.first)
        task = asyncio.create_task(
            self._run(user_id, started, log, provider, tools), name=f"squid-run-{run.id}"
        )
        self._live[run.id] = _Live(log, task)
        self._ring()  # a reader may have found the run before it was live here

    async def stop(self, user_id: str, run_id: str) -> Run:
        """End a run early, wherever it runs; its text is kept. Returns it ended, or,
        where another process takes its time over it, as it is."""
        run = await self._database.write(runs.request_stop, user_id, run_id)
        with suppress(TimeoutError):
            async with asyncio.timeout(FOREIGN_STOP_SECONDS):
                while True:
                    news = self._foreign_news
                    live = self._live.get(run_id)
                    if live is not None:
                        _obey_stop(live)
                        await asyncio.wait([live.task])
                    run = await self._database.read(runs.get, user_id, run_id, deleted=True)
                    if run.status != "running":
                        break
                    await news.wait()
        return run

    def log(self, run_id: str) -> RunLog | None:
        """The log of a run that is live in this process."""
        live = self._live.get(run_id)
        return live.log if live else None

    @property
    def foreign_news(self) -> asyncio.Event:
        """Set when another process has committed; take it before looking."""
        return self._foreign_news

    @property
    def live_runs(self) -> int:
        return len(self._live)

    async def _run(
        self,
        user_id: str,
        started: Started,
        log: RunLog,
        provider: Provider,
        tools: tuple[Tool, ...],
    ) -> None:
        self._live[started.run.id].begin()
        with report.reporting(started.run, log, self.figures, self._tracing) as reported:
            await self._produce(user_id, started, log, provider, tools, reported)

    async def _produce(
        self,
        user_id: str,
        started: Started,
        log: RunLog,
        provider: Provider,
        tools: tuple[Tool, ...],
        reported: report.Report,
    ) -> None:
        run, session = started.run, started.session
        system = self._config.context.system if session.system is None else session.system

        async def build() -> Prompt:
            most = min(self._config.context.max_tokens, provider.context_tokens)
            pieces = await self._window(user_id, started, most - tokens.of_text(system))
            return prompt.build(
                pieces, model=run.model, system=system, prefills=provider.prefills, tools=tools
            )

        ending = await produce(
            log,
            self._journal,
            provider,
            build,
            retries=self._config.provider.anthropic.retries,
            stopped=lambda: self._live[run.id].stopped,
        )
        self._live[run.id].ending = True
        try:
            await self._finish(user_id, run, log, ending)
            reported.ended(ending)
        except asyncio.CancelledError:
            logger.warning("run %s: its end could not be written; it is recovered later", run.id)
        except NotFound:
            logger.info("run %s: its session is gone", run.id)
        except Exception:
            logger.exception("run %s could not be finished", run.id)
        finally:
            del self._live[run.id]
            log.close()

    async def _window(self, user_id: str, started: Started, budget: int) -> list[Piece]:
        """What the model sees of the conversation, from memory where it can be."""
        run, session = started.run, started.session
        first = started.messages[0]
        if run.kind == "answer" and first.id == run.question_id:
            found = self._windows.with_question(session, first, budget)
        else:
            found = None
        if found is None:
            leaf = run.question_id if run.kind == "answer" else run.message_id
            found = await self._database.read(window.read, user_id, leaf, budget, run.question_id)
        if run.kind == "answer":
            self._windows.keep(session, found, budget)
        return found.pieces

    async def _finish(self, user_id: str, run: Run, log: RunLog, ending: finish.Ending) -> None:
        await self._journal.settled(log)
        # What came last is committed along with the end.
        came = log.take()
        answer = log.answer.after(event for _, event, _ in came)
        log.end(
            finish.last_event(
                ending,
                session_id=run.session_id,
                run_id=run.id,
                provider=run.provider,
                model=run.model,
                answer=answer,
            )
        )
        taken = came + log.take()
        pause = 0.05
        while True:
            try:
                session, written = await self._database.write(
                    finish.write, user_id, log, answer, run.session_id, taken, ending
                )
                break
            except DatabaseError as error:
                logger.warning("cannot finish run %s, trying again: %s", run.id, error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 2.0)
            except (NotFound, asyncio.CancelledError):
                raise
            except Exception:
                if answer.bare:
                    # What the model said is kept all the same, for recovery to end it.
                    await self._database.write(runs.append, runs.rows(log.number, came))
                    self._journal.show(log, came)
                    raise
                logger.exception("run %s cannot be finished in full", run.id)
                answer.strip()
        self._cache.write(session, written)
        self._windows.answered(session, written)
        self._journal.show(log, taken)

    async def _watch(self) -> None:
        """See what other processes commit, and which of them have died."""
        version = -1  # none that SQLite gives out: the first look is always worth it
        loop = asyncio.get_running_loop()
        recover_at = loop.time() + RECOVER_SECONDS
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            try:
                seen = await self._database.data_version()
                if seen != version:
                    self._ring()
                    await self._obey_foreign_stops()
                    version = seen
                if loop.time() >= recover_at:
                    recover_at = loop.time() + RECOVER_SECONDS
                    if await self._recover():
                        self._ring()
            except DatabaseError as error:
                logger.warning("cannot look for other processes' changes: %s", error)
            except Exception:
                logger.exception("looking for other processes' changes failed")

    async def _recover(self) -> int:
        recovered = await recover.recover(self._database, self.worker.id)
        self.figures.recovered += recovered
        return recovered

    def _ring(self) -> None:
        self._foreign_news.set()
        self._foreign_news = asyncio.Event()
        self.feed.look_again()

    async def _obey_foreign_stops(self) -> None:
        if not self._live:
            return
        for run_id in await self._database.read(runs.stops_requested, self.worker.id):
            live = self._live.get(run_id)
            if live is not None:
                _obey_stop(live)


def _obey_stop(live: _Live) -> None:
    if not live.stopped:
        live.stopped = True
        live.cancel()
