"""How upkeep writes: in small steps with rests between, so that no answer waits."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from squid.store.database import Database

P = ParamSpec("P")
T = TypeVar("T")

REST_SECONDS = 0.005
"""At least this long between two steps; else as long as the step took."""


class Pace:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(
        self,
        transaction: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """One step, and the rest behind it."""
        began = time.monotonic()
        result = await self._database.write(transaction, *args, **kwargs)
        await self.rest(began)
        return result

    async def rest(self, began: float) -> None:
        await asyncio.sleep(max(REST_SECONDS, time.monotonic() - began))
