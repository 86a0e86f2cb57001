from __future__ import annotations

import json
import logging
import os
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from squid import log_file, logs
from squid.config import Config
from squid.log_file import writing

logger = logging.getLogger("squid.x")


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(data=str(tmp_path / "data"))


@pytest.fixture(autouse=True)
def level() -> Iterator[None]:
    ours = logging.getLogger("squid")
    before = ours.level
    yield
    ours.setLevel(before)


def lines(config: Config) -> list[dict[str, Any]]:
    return [json.loads(line) for line in config.log_path.read_text().splitlines()]


def test_lines_are_written_and_only_the_owner_reads_them(config: Config) -> None:
    with writing(config) as problem:
        logger.info("one %s", "two", extra=logs.told(status=200))
        logger.debug("too small")
        logging.getLogger("other").info("not ours")
        logging.getLogger("other").error("theirs")
    logger.info("nobody writes any more")
    assert problem is None
    found = lines(config)
    assert [line["message"] for line in found] == ["one two", "theirs"]
    assert found[0]["status"] == 200
    if os.name != "nt":
        assert stat.S_IMODE(config.log_path.stat().st_mode) == 0o600


def test_it_can_be_switched_off(tmp_path: Path) -> None:
    from squid.config import Logs

    config = Config(data=str(tmp_path / "data"), logs=Logs(level="off"))
    with writing(config) as problem:
        logger.info("x")
    assert problem is None
    assert not config.data_folder.exists()


def test_a_full_file_is_put_aside_and_three_are_kept(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_file._File, "shouldRollover", lambda self, record: True)
    with writing(config):
        for number in range(10):
            logger.info("%d", number)
    kept = sorted(path.name for path in config.data_folder.iterdir() if "lock" not in path.name)
    assert kept == ["squid.log", "squid.log.1", "squid.log.2", "squid.log.3"]
    assert [line["message"] for line in lines(config)] == ["9"]
    assert stat.S_IMODE(config.log_path.stat().st_mode) == 0o600


def test_a_file_is_full_at_its_size(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    with writing(config):
        logger.info("x" * 1024 * 1024 * config.logs.max_size_mb)
        logger.info("in the next")
    assert [line["message"] for line in lines(config)] == ["in the next"]


def test_only_one_of_several_writes(config: Config) -> None:
    with writing(config) as first, writing(config) as second:
        logger.info("once")
    assert first is None
    assert second is not None
    assert "Another server writes" in second
    assert [line["message"] for line in lines(config)] == ["once"]


def test_a_folder_that_cannot_be_made_keeps_nobody_from_working(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with writing(Config(data=str(tmp_path / "file" / "data"))) as problem:
        logger.info("x")
    assert problem is not None
    assert "cannot be written" in problem


class Full:
    """A stream on a disk without room."""

    def write(self, text: str) -> None:
        raise OSError(28, "No space left on device")

    def flush(self) -> None: ...

    def close(self) -> None: ...

    def fileno(self) -> int:
        return 0


def test_a_full_disk_is_said_once_and_then_the_log_goes_on(
    config: Config, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[logging.LogRecord] = []
    listening = logging.Handler(logging.WARNING)
    listening.emit = seen.append  # type: ignore[method-assign]
    logging.getLogger().addHandler(listening)
    written = threading.Event()
    real_open, real_emit = log_file._File._open, log_file._File.emit
    full = True

    def open_(self: Any) -> Any:
        return Full() if full else real_open(self)

    def emit(self: Any, record: logging.LogRecord) -> None:
        real_emit(self, record)
        if isinstance(self.stream, Full):
            self.stream = None
        if record.getMessage() in ("two", "three"):
            written.set()

    monkeypatch.setattr(log_file._File, "_open", open_)
    monkeypatch.setattr(log_file._File, "emit", emit)
    try:
        with writing(config):
            logger.info("one")
            logger.info("two")
            assert written.wait(5)
            full = False
            written.clear()
            logger.info("three")
            assert written.wait(5)
    finally:
        logging.getLogger().removeHandler(listening)
    said = [record.getMessage() for record in seen]
    assert len(said) == 1
    assert "squid.log cannot be written: [Errno 28]" in said[0]
    assert lines(config)[-1]["message"] == "three"
    assert capsys.readouterr().err == ""


def test_a_disk_that_hangs_holds_up_nobody(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_file, "WAITING", 10)
    monkeypatch.setattr(log_file, "CLOSE_SECONDS", 0.1)
    goes_on = threading.Event()
    hung: set[logging.Handler] = set()

    def hang(self: logging.Handler, record: logging.LogRecord) -> None:
        hung.add(self)
        goes_on.wait(10)

    monkeypatch.setattr(log_file._File, "emit", hang)
    before = set(threading.enumerate())
    began = time.monotonic()
    with writing(config):
        for number in range(1000):
            logger.info("%d", number)
    assert time.monotonic() - began < 2
    goes_on.set()
    # What it would still write is of this test, and its file is nobody's else to close.
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
    for writer in hung:
        writer.close()
