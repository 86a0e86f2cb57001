"""What is counted: plain numbers, which their owners add to and `/metrics` reads.

Nothing here knows of Prometheus: adding to a number is all that the hot path pays, and
the library is loaded when somebody first asks.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field

# Bounds of histograms. What a person waits for:
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
# From the writer's taking a batch to its being on disk.
COMMIT_SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5)
RUN_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
# Writes in one commit.
WRITES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


class Histogram:
    """How often a value was at most each bound, and more than the last."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        """Of each bucket by itself, the last being what is above all bounds."""
        self.sum = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value


@dataclass(slots=True)
class RunFigures:
    """The engine's runs, since this process began."""

    ended: Counter[str] = field(default_factory=Counter)
    """By status."""
    recovered: int = 0
    """Runs of processes that had died."""
    deltas: int = 0
    """Pieces of text that came from models, of answers that ended."""
    events: int = 0
    """What they became: committed and shown."""
    tokens: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By provider and direction, `input` or `output`."""
    errors: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Of models' servers, by provider and code; those too that a retry made good."""
    retries: int = 0
    readers: int = 0
    """Who follow a run at this moment."""
    first_event: Histogram = field(default_factory=lambda: Histogram(SECONDS))
    """From being asked to the run's first event, which a reader then has."""
    first_delta: Histogram = field(default_factory=lambda: Histogram(SECONDS))
    """From the run's beginning to the first piece of its answer being shown."""
    seconds: Histogram = field(default_factory=lambda: Histogram(RUN_SECONDS))
    """From the run's beginning to its end being written."""


@dataclass(slots=True)
class RequestFigures:
    """The web server's requests."""

    answered: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """By route, method and class of status, `2xx`."""
    seconds: dict[tuple[str, str], Histogram] = field(default_factory=dict)
    """To the head of the answer, by route and method: a stream may last for hours."""
    uploaded_bytes: int = 0

    def add(self, route: str, method: str, status: int, seconds: float) -> None:
        self.answered[route, method, f"{status // 100}xx"] += 1
        histogram = self.seconds.get((route, method))
        if histogram is None:
            histogram = self.seconds[route, method] = Histogram(SECONDS)
        histogram.observe(seconds)
