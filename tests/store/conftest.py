from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from tests.store.tree import fresh


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    db = fresh()
    yield db
    db.close()
