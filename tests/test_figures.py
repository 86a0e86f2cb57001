from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from squid.figures import SECONDS, Histogram, RequestFigures


@given(st.lists(st.floats(0, 20) | st.sampled_from(SECONDS)))
def test_a_bucket_counts_what_is_at_most_its_bound(values: list[float]) -> None:
    histogram = Histogram(SECONDS)
    for value in values:
        histogram.observe(value)
    for number, bound in enumerate(SECONDS, 1):
        assert sum(histogram.counts[:number]) == sum(value <= bound for value in values)
    assert sum(histogram.counts) == len(values)
    assert histogram.sum == sum(values)


def test_requests_are_counted_by_the_class_of_their_status() -> None:
    figures = RequestFigures()
    for status in (200, 204, 404, 503):
        figures.add("/x", "GET", status, 0.1)
    assert figures.answered == {
        ("/x", "GET", "2xx"): 2,
        ("/x", "GET", "4xx"): 1,
        ("/x", "GET", "5xx"): 1,
    }
    assert sum(figures.seconds["/x", "GET"].counts) == 4
