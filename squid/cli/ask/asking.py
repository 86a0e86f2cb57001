"""What `squid ask` does: gather the question, find who answers it, say how it ended."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import typer

from squid.cli.ask.question import Answer, Attachment, Question
from squid.cli.render import Plain, Quiet, Terminal, View
from squid.config import Config
from squid.errors import InvalidRequest, TooLarge
from squid.ids import message_id, new_id
from squid.store import once, sessions
from squid.store.users import ASSISTANT, LOCAL

ANSWERED, NOT_WELL, CTRL_C = 0, 1, 130

CUT_SHORT = ("interrupted", "max-tokens", "provider-cut", "provider-silent")
"""Ways to end after which asking on makes sense."""


def ask(
    config: Config,
    *,
    words: Sequence[str],
    go_on: bool,
    session_id: str | None,
    paths: Sequence[Path],
    model: str | None,
    system: str | None,
    as_json: bool,
    stream: bool,
) -> int:
    """Returns the exit code. Raises SquidError where nothing came to be asked."""
    if go_on and session_id is not None:
        raise InvalidRequest("-c goes on with the last session and -s with another: take one.")
    if system is not None and (go_on or session_id is not None):
        raise InvalidRequest(
            "--system is for a new session; this one has its system prompt already."
        )
    attachments = _read_files(config, paths)
    if session_id is not None:
        session_id = once.read(config, sessions.find, LOCAL, session_id).id
    question = Question(
        text=_text(words, required=not attachments),
        message_id=message_id(LOCAL, ASSISTANT),
        run_id=new_id(),
        session_id=session_id,
        last_session=go_on,
        attachments=attachments,
        model=model,
        system=system,
    )
    view = _view(as_json, stream)
    stopped = False

    def stopping() -> None:
        nonlocal stopped
        stopped = True

    message = None
    try:
        answer = _ask(config, question, view, stopping)
        message = answer.message
    finally:
        view.end(message)
    if as_json:
        sys.stdout.write(msgspec.json.encode(answer).decode() + "\n")
        sys.stdout.flush()
    return _outcome(answer, stopped)


def _ask(config: Config, question: Question, view: View, stopping: Callable[[], None]) -> Answer:
    from squid.cli.ask import client

    url = client.find(config.database_path)
    if url is not None:
        return client.Client(config, url).ask(question, view.show, stopping)
    from squid.cli.ask import direct

    return direct.ask(config, question, view.show, stopping)


def _view(as_json: bool, stream: bool) -> View:
    if as_json:
        return Quiet()
    view = Terminal() if sys.stdout.isatty() else Plain()
    return view if stream else Quiet(view)


def _outcome(answer: Answer, stopped: bool) -> int:
    message = answer.message
    go_on = f"Go on with: squid ask -s {answer.session.id} 'Please go on.'"
    if message.status == "stopped":
        by = "Stopped" if stopped else "The answer was stopped by someone else"
        typer.echo(f"squid: {by}. What had come is kept.\nhint: {go_on}", err=True)
        return CTRL_C if stopped else NOT_WELL
    if message.error is None:
        return ANSWERED
    typer.echo(f"squid: {message.error.detail}", err=True)
    if message.error.code in CUT_SHORT:
        typer.echo(f"hint: {go_on}", err=True)
    elif message.error.hint:
        typer.echo(f"hint: {message.error.hint}", err=True)
    return NOT_WELL


def _text(words: Sequence[str], *, required: bool) -> str:
    """The words of the command line, then what is piped in."""
    parts = [" ".join(words).strip()]
    if sys.stdin is not None and not sys.stdin.isatty():
        try:
            parts.append(sys.stdin.buffer.read().decode("utf-8-sig").rstrip())
        except UnicodeDecodeError:
            raise InvalidRequest(
                "What is piped in is not text.", hint="Send a file along with -f FILE."
            ) from None
    text = "\n\n".join(part for part in parts if part.strip())
    if required and not text:
        raise InvalidRequest(
            "There is no question.",
            hint="squid ask 'What is the capital of France?', or pipe text into it.",
        )
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidRequest("The question is not text in UTF-8.") from None
    return text


def _read_files(config: Config, paths: Sequence[Path]) -> tuple[Attachment, ...]:
    limits = config.files
    if len(paths) > limits.max_files_per_message:
        raise InvalidRequest(f"A question takes {limits.max_files_per_message} files at most.")
    found = []
    for path in paths:
        try:
            # Not by its size alone: a device or a pipe tells none.
            with path.open("rb") as file:
                content = file.read(limits.max_file_size_mb * 1024 * 1024 + 1)
        except OSError as error:
            raise InvalidRequest(f"{path} cannot be read: {error.strerror}.") from None
        if len(content) > limits.max_file_size_mb * 1024 * 1024:
            raise TooLarge(
                f"{path} is larger than {limits.max_file_size_mb} MB.",
                hint="The limit is [files] max_file_size_mb in squid.toml.",
            )
        found.append(Attachment(path.name, content))
    return tuple(found)
