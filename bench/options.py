"""What a call of the bench may ask of its rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Options(NamedTuple):
    quick: bool = False
    """Few tries: to see that a row runs, not what it says."""
    minutes: float = 60
    """Of steady load, in the row `hour`."""

    def tries(self, count: int) -> int:
        return min(count, 2) if self.quick else count


def in_turn(names: Sequence[str], tries: int) -> Iterator[str]:
    """Each of them once a try, and each one first as often as the others, so that a busy
    moment of the machine hits them all."""
    for number in range(tries):
        first = number % len(names)
        yield from (*names[first:], *names[:first])
