"""Asking through a running server, over loopback.

The standard library's client is enough for that, and imports fast. A connection that
breaks is taken up again where it broke: the server may just be starting again.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote, urlsplit
from uuid import uuid4

import msgspec

from squid import errors
from squid.cli.ask.question import (
    NO_SESSION,
    Answer,
    Attachment,
    Question,
    Show,
    on_ctrl_c,
    read_frame,
)
from squid.config import Config
from squid.models import File, Message, Run, Session
from squid.runs.events import Event, RunError, RunFinished
from squid.store import worker

T = TypeVar("T")

PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 2.0, 2.0, 2.0)
"""Seconds between attempts: nine in all, in which a beaten server is long back."""
HEALTH_SECONDS = 2.0
SILENCE_SECONDS = 60.0
"""A stream is pinged every 15 seconds."""

JSON = "application/json"


class _View(msgspec.Struct):
    session: Session


class _Page(msgspec.Struct):
    sessions: list[Session]


class _Uploaded(msgspec.Struct):
    files: list[File]


class _Problem(msgspec.Struct):
    type: str = ""
    detail: str = ""
    hint: str | None = None


def find(database: Path) -> str | None:
    """The address of a server that works on this database and answers."""
    for url in worker.servers(database):
        try:
            with _open(url, "GET", "/healthz", timeout=HEALTH_SECONDS) as response:
                _read(response)
            return url
        except (_Lost, errors.SquidError):
            continue
    return None


class Client:
    """Speaks to the server at `url`, or to the one that takes its place on the database."""

    def __init__(self, config: Config, url: str) -> None:
        self._database = config.database_path
        self._token = config.server.token
        self._url = url
        self._stopping = False

    def ask(self, question: Question, show: Show, stopping: Callable[[], None]) -> Answer:
        """Ask, `show` what comes, return how it ended. Ctrl-C stops the answer, keeps
        its text, and calls `stopping`. Raises SquidError."""
        session_id = question.session_id
        if question.last_session:
            newest = self._get("/api/sessions?limit=1", _Page).sessions
            if not newest:
                raise errors.NotFound(NO_SESSION)
            session_id = newest[0].id
        files = [self._upload(one) for one in question.attachments]
        body = {
            "message": {"id": question.message_id, "content": question.text, "files": files},
            "run_id": question.run_id,
        }
        more = {"session_id": session_id, "model": question.model, "system": question.system}
        body |= {name: value for name, value in more.items() if value is not None}

        def stop() -> None:
            self._stopping = True
            stopping()
            # Not here: the answer's end is still being read, by this very thread.
            threading.Thread(target=self._stop, args=(question.run_id,), daemon=True).start()

        with on_ctrl_c(stop):
            self._follow(question.run_id, msgspec.json.encode(body), show)
        run = self._get(f"/api/runs/{question.run_id}", Run)
        return Answer(
            self._get(f"/api/sessions/{quote(run.session_id, safe='')}", _View).session,
            self._get(f"/api/messages/{quote(run.message_id, safe='')}", Message),
            run,
        )

    def _follow(self, run_id: str, body: bytes, show: Show) -> None:
        """Read the run to its end, over as many connections as it takes."""
        after, lost = 0, 0
        while True:
            try:
                if after == 0:  # perhaps for the second time: the ids make that harmless
                    opened = self._open("POST", "/api/chat", body)
                else:
                    opened = self._open("GET", f"/api/runs/{run_id}/events?after={after}")
                with opened as response:
                    for batch in _batches(response):
                        show([event for _, event in batch])
                        (after, last), lost = batch[-1], 0
                        if isinstance(last, RunFinished | RunError):
                            return
            except _Lost:
                pass
            self._wait(lost)
            lost += 1

    def _call(
        self, method: str, path: str, body: bytes | None = None, content_type: str = JSON
    ) -> bytes:
        lost = 0
        while True:
            try:
                with self._open(method, path, body, content_type) as response:
                    return _read(response)
            except _Lost:
                self._wait(lost)
                lost += 1

    def _open(
        self, method: str, path: str, body: bytes | None = None, content_type: str = JSON
    ) -> AbstractContextManager[http.client.HTTPResponse]:
        return _open(self._url, method, path, body, content_type, token=self._token)

    def _wait(self, lost: int) -> None:
        """Until it is worth trying again, having lost the server so many times."""
        if self._stopping:
            raise KeyboardInterrupt  # who wants to go does not wait for it to come back
        if lost == len(PAUSES):
            raise errors.ServerUnavailable(
                "The server went away and has not come back.",
                hint="What had come is kept. Start it again: squid serve",
            )
        time.sleep(PAUSES[lost])
        self._url = next(iter(worker.servers(self._database)), self._url)

    def _stop(self, run_id: str) -> None:
        for pause in PAUSES:
            try:
                with self._open("POST", f"/api/runs/{run_id}/stop") as response:
                    _read(response)
                return
            except (_Lost, errors.SquidError):  # the question may be on its way still
                time.sleep(pause)

    def _get(self, path: str, type_: type[T]) -> T:
        return _decode(self._call("GET", path), type_)

    def _upload(self, one: Attachment) -> str:
        boundary = uuid4().hex
        name = one.name.replace('"', '\\"').replace("\r", " ").replace("\n", " ")
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        body = b"%b%b\r\n--%b--\r\n" % (
            head.encode("utf-8", "replace"),
            one.content,
            boundary.encode(),
        )
        form = f"multipart/form-data; boundary={boundary}"
        return _decode(self._call("POST", "/api/files", body, form), _Uploaded).files[0].id


class _Lost(Exception):
    """The connection broke, or there was none to be had."""


@contextmanager
def _wire() -> Iterator[None]:
    try:
        yield
    except (OSError, http.client.HTTPException) as error:
        raise _Lost from error


@contextmanager
def _open(
    url: str,
    method: str,
    path: str,
    body: bytes | None = None,
    content_type: str = JSON,
    timeout: float = SILENCE_SECONDS,
    token: str = "",
) -> Iterator[http.client.HTTPResponse]:
    """The response, its head read. Raises _Lost, and the SquidError that it tells of."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=timeout)
    headers = {"Content-Type": content_type}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    try:
        with _wire():
            connection.request(method, path, body, headers)
            response = connection.getresponse()
        if response.status == errors.Unauthorized.status:
            raise errors.Unauthorized(
                f"The server at {url} wants its token, and this command has "
                + ("another one." if token else "none."),
                hint="Give it the server's: SQUID_SERVER_TOKEN, or [server] token in squid.toml.",
            )
        if response.status >= 400:
            raise _problem(_read(response))
        yield response
    finally:
        connection.close()


def _read(response: http.client.HTTPResponse) -> bytes:
    with _wire():
        return response.read()


def _batches(response: http.client.HTTPResponse) -> Iterator[list[tuple[int, Event]]]:
    """The run's events, as many at a time as have come."""
    rest = b""
    while True:
        with _wire():
            chunk = response.read1(65536)
        if not chunk:
            return
        *frames, rest = (rest + chunk).split(b"\n\n")
        batch = [found for frame in frames if (found := read_frame(frame))]
        if batch:
            yield batch


def _decode(body: bytes, type_: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=type_)
    except msgspec.DecodeError:
        raise errors.ServerUnavailable(
            "The server answers in a way that this program does not understand.",
            hint="It may be of another version: end it and start it again.",
        ) from None


def _problem(body: bytes) -> errors.SquidError:
    told = _decode(body, _Problem)
    code = told.type.rpartition(":")[2]
    kinds = {kind.code: kind for kind in _family(errors.SquidError)}
    return kinds.get(code, errors.SquidError)(told.detail, hint=told.hint)


def _family(kind: type[errors.SquidError]) -> Iterator[type[errors.SquidError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _family(below)
