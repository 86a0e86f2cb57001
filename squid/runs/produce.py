"""One run, from the question to the end of its answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing

from squid.errors import ProviderConfused, ProviderCut, ProviderError, SquidError
from squid.models import Problem
from squid.providers import base
from squid.runs import events
from squid.runs.finish import INTERRUPTED, Ending
from squid.runs.journal import Journal
from squid.runs.log import RunLog

logger = logging.getLogger(__name__)

MAX_CHARACTERS = 8_000_000
"""Of one answer. Longer than any model's longest; what stops a server gone mad."""

HANG_UP_SECONDS = 0.005
"""How long the words that came with the end wait for the model's server to hang up."""

TOLD_SECONDS = 1.0
"""A wait of the model's server that a person would wonder about."""

WAITING = "squid.waiting"

STOPPED = Ending("stopped", stop_reason="stopped")

MAX_TOKENS = Problem(
    "max-tokens",
    "The answer reached the greatest length that was asked for, and is cut off here.",
    "Continue it, or raise max_output_tokens.",
)


async def produce(
    log: RunLog,
    journal: Journal,
    provider: base.Provider,
    build: Callable[[], Awaitable[base.Prompt]],
    *,
    retries: int,
    stopped: Callable[[], bool],
) -> Ending:
    """Run the model into the log. Never raises: every way it can go is an Ending.

    `stopped` tells, once the task is cancelled, whether a person asked for it.
    """
    try:
        prompt = await build()
        end = await _ask_until_answered(log, journal, provider, prompt, retries)
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None:
            task.uncancel()  # the cancelling is over: the end has still to be written
        return STOPPED if stopped() else INTERRUPTED
    except SquidError as error:
        return Ending("error", error=Problem(error.code, error.detail, error.hint))
    except Exception:
        logger.exception("run %s failed", log.run_id)
        problem = Problem(
            "internal", "Something in Squid went wrong; the log of the server says what."
        )
        return Ending("error", error=problem)
    if end.reason == "refusal":
        detail = f"The model declined to answer. {end.detail or ''}".strip()
        return Ending("error", "refusal", Problem("refusal", detail))
    return Ending("complete", end.reason, error=MAX_TOKENS if end.reason == "max_tokens" else None)


async def _ask_until_answered(
    log: RunLog,
    journal: Journal,
    provider: base.Provider,
    prompt: base.Prompt,
    retries: int,
) -> base.End:
    """Ask again only while nothing has come: what was shown is never taken back."""
    attempt = 0
    while True:
        try:
            return await _ask(log, journal, provider, prompt)
        except ProviderError as error:
            journal.figures.errors[provider.name, error.code] += 1
            if not error.retryable or log.has_content or attempt >= retries:
                raise
            asked = error.retry_after
            pause = min(0.5 * 2**attempt if asked is None else asked, 60.0)
            attempt += 1
            journal.figures.retries += 1
            logger.info("run %s: %s Asking again in %.1f s.", log.run_id, error.code, pause)
            if pause >= TOLD_SECONDS:
                value = {"code": error.code, "detail": error.detail, "seconds": pause}
                log.announce(events.Custom(name=WAITING, value=value))
                journal.notice(log)
            await asyncio.sleep(pause)


async def _ask(
    log: RunLog, journal: Journal, provider: base.Provider, prompt: base.Prompt
) -> base.End:
    end: base.End | None = None
    late: asyncio.TimerHandle | None = None
    async with aclosing(provider.stream(prompt)) as stream:
        async for batch in stream:
            for part in batch:
                if type(part) is base.End:
                    end = part
                else:
                    log.add(part)
            if end is None:
                journal.notice(log)
            else:
                # What came with the end is committed along with it (`Engine._finish`),
                # unless the model's server takes its time to hang up.
                loop = asyncio.get_running_loop()
                late = loop.call_later(HANG_UP_SECONDS, journal.notice, log)
            if log.crowded or log.lost:
                await journal.drained(log)
            if log.characters > MAX_CHARACTERS:
                raise ProviderConfused(
                    f"The answer did not end; it was cut off at {MAX_CHARACTERS:,} characters."
                )
    if late is not None:
        late.cancel()
    if end is None:
        raise ProviderCut("The model's server ended its answer without saying so.")
    return end
