"""The log: whatever comes in, in whatever portions, comes out once and in order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from squid.models import Source, Usage
from squid.providers import base
from squid.runs import events
from squid.runs.answer import Answer
from squid.runs.log import RunLog, Taken

texts = st.text(min_size=1, max_size=20)
calls = st.builds(lambda n: base.ToolCallStart(f"call-{n}", "tool"), st.integers(0, 10**6))
parts = st.lists(
    st.one_of(
        texts.map(base.Text),
        texts.map(base.Reasoning),
        texts.map(lambda text: base.Citation(Source("A title", text))),
        st.builds(lambda n: base.UsageReport(Usage(n, n)), st.integers(0, 100)),
        calls,
    ),
    max_size=30,
)
END = events.RunError(message="over", code="over")


def run(given_parts: list[base.Part], takes: set[int]) -> tuple[RunLog, list[Taken]]:
    """Feed a log, committing after the parts whose numbers are in `takes`."""
    log, committed = RunLog("run", 1, "message", 2), []
    for number, part in enumerate(given_parts):
        log.add(part)
        if number in takes:
            taken = log.take()
            log.show(taken)
            committed += taken
    log.end(END)
    taken = log.take()
    log.show(taken)
    return log, committed + taken


@given(parts, st.sets(st.integers(0, 30)))
def test_nothing_is_lost_doubled_or_disordered(
    given_parts: list[base.Part], takes: set[int]
) -> None:
    log, committed = run(given_parts, takes)
    assert [taken.seq for taken in committed] == list(range(3, 3 + len(committed)))
    text = "".join(p.text for p in given_parts if isinstance(p, base.Text))
    assert "".join(log.answer.text) == text
    cited = [p.source for p in given_parts if isinstance(p, base.Citation)]
    assert log.answer.sources == cited


@given(parts, st.sets(st.integers(0, 30)))
def test_replaying_the_rows_gives_the_same_answer(
    given_parts: list[base.Part], takes: set[int]
) -> None:
    """What recovery reads is what readers were shown."""
    log, committed = run(given_parts, takes)
    replayed = Answer()
    for taken in committed:
        replayed.apply(events.decode(taken.data))
    assert replayed == log.answer


@given(parts, st.sets(st.integers(0, 30)))
def test_what_opens_closes(given_parts: list[base.Part], takes: set[int]) -> None:
    _, committed = run(given_parts, takes)
    open_ids: set[str] = set()
    for taken in committed:
        match taken.event:
            case events.TextMessageStart() | events.ReasoningMessageStart():
                assert taken.event.message_id not in open_ids
                open_ids.add(taken.event.message_id)
            case events.TextMessageContent() | events.ReasoningMessageContent():
                assert taken.event.message_id in open_ids
            case events.TextMessageEnd() | events.ReasoningMessageEnd():
                open_ids.remove(taken.event.message_id)
    assert open_ids == set()


@given(parts, st.sets(st.integers(0, 30)), st.integers(0, 60))
def test_memory_gives_what_is_behind_an_event(
    given_parts: list[base.Part], takes: set[int], after: int
) -> None:
    log, committed = run(given_parts, takes)
    frames = log.since(after)
    if frames is None:
        assert after < committed[0].seq - 1
    else:
        expected = [events.frame(t.seq, t.data) for t in committed if t.seq > after]
        assert [frame for _, frame in frames] == expected


def test_neighbouring_text_becomes_one_event() -> None:
    _, committed = run([base.Text("a"), base.Text("b"), base.Text("c")], set())
    deltas = [t.event.delta for t in committed if isinstance(t.event, events.TextMessageContent)]
    assert deltas == ["abc"]
