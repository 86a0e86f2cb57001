"""The bench counts right, says what it found, and keeps what it has. Nothing is timed."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from bench import asking, plot, publish, table
from bench.__main__ import run
from bench.figure import Figure
from bench.load import Job, Wrong, asked
from bench.options import Options, in_turn
from bench.processes import ROOT, Running, environment
from bench.rows import LONG, ROWS
from tests.upstream import Upstream


@pytest.fixture
def running(upstream: Upstream) -> Running:
    return Running(upstream.url, 0)


def bench(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench", *words],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=100,
    )


@pytest.mark.parametrize("script", [{}, {"text": "clock", "size": 24}, {"delay_ms": 0.1}])
def test_each_delta_is_counted_once(running: Running, script: dict[str, object]) -> None:
    load = asking.upstream(running, 3, asking.model(deltas=1200, **script))
    assert load.deltas == 3600
    assert len(load.first) == len(load.ended) == 3
    assert load.statuses == (200, 200, 200)
    assert len(load.lags) == (3600 if "text" in script else 0)


@pytest.mark.parametrize("size", [1, 3, 50])
def test_a_delta_that_comes_in_pieces_is_counted_once(size: int) -> None:
    data = b"HTTP/1.1 200 OK\r\n\r\n" + b'data: {"w1..... "}\n\n' * 30 + b"data: [DONE]"

    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.recv(65536)
            for begin in range(0, len(data), size):
                connection.sendall(data[begin : begin + size])

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        job = Job.of(f"http://127.0.0.1:{listening.getsockname()[1]}/", [{}], end="[DONE]")
        load = asked(job)
        thread.join()
    assert (load.deltas, load.bytes, len(load.ended)) == (30, len(data), 1)
    assert load.statuses == (200,)


def test_an_answer_that_is_cut_off_is_no_figure(running: Running) -> None:
    with pytest.raises(Wrong, match="10 of 20 deltas came, and 0 of 2 answers"):
        asking.upstream(running, 2, asking.model(deltas=10, cut_after=5))


def test_a_row_is_measured_by_the_command(tmp_path: Path) -> None:
    done = bench("lists", "--quick", "--json", str(tmp_path / "figures.json"))
    assert done.returncode == 0, done.stderr
    assert "| lists | filter by a word of one title |" in done.stdout
    found = json.loads((tmp_path / "figures.json").read_bytes())
    assert found["quick"] is True
    assert found["machine"]["python"]
    barred = [figure for figure in found["figures"] if "bar" in figure]
    assert len(barred) == 4
    for figure in barred:
        assert figure["bar"].endswith(" ms")
        assert isinstance(figure["reached"], bool)
    for figure in found["figures"]:
        assert len(figure["values"]) == 2
        assert figure["median"] == pytest.approx(sum(figure["values"]) / 2)


def test_an_interrupted_call_says_what_it_has(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    command = [sys.executable, "-m", "bench", "page", "--quick", "--json", str(path)]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        process.stderr.readline()
        process.stderr.readline()  # the first figure
        process.terminate()
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 1
    assert b"| page | " in said
    assert json.loads(path.read_bytes())["figures"]


def test_a_row_that_fails_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    figures: list[Figure] = []
    monkeypatch.setattr("bench.processes.upstream", None)
    monkeypatch.setattr("bench.rows.page.opened", None)
    assert run(["lists", "page"], Options(quick=True), figures) is False
    assert [one.row for one in figures if one.name == "not measured"] == ["lists", "page"]
    assert "not measured" in table.line(figures[0])


def test_every_row_is_there_and_says_what_it_is() -> None:
    done = bench("--list")
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == [*ROWS, *LONG]
    there = {path.stem for path in (ROOT / "bench" / "rows").glob("*.py")} - {"__init__"}
    assert there == {*ROWS, *LONG}
    assert "no such row: nothing" in bench("nothing").stderr


def test_each_is_first_as_often_as_the_others() -> None:
    assert list(in_turn("abc", 3)) == [*"abc", *"bca", *"cab"]


def test_figures_take_the_place_of_the_ones_before() -> None:
    points = [
        Figure(row="growth", name="", unit="ms", values=(at / 10,), curve="a | <b>", at=at)
        for at in (10, 100)
    ]
    report = table.Report(machine={"python": "3"}, quick=False, figures=points)
    page = f"before\n{publish.BEGIN}\nold\n{publish.END}\nafter\n"
    made = publish.published(page, [report])
    assert publish.published(made, [report]) == made
    assert "old" not in made
    assert made.startswith("before")
    assert made.endswith("after\n")
    assert "a | &lt;b&gt;" in plot.svg("As it grows", "messages", points)


def test_docs_have_room_for_them() -> None:
    page = (ROOT / "docs" / "performance.md").read_text("utf-8")
    assert publish.BEGIN in page
    assert publish.END in page
    for row in (*ROWS, *LONG):
        assert f"`{row}`" in page, f"docs/performance.md does not say how to read {row}"
