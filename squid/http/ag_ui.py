"""AG-UI: any of its clients (https://docs.ag-ui.com) has its conversation here.

The client keeps the conversation too and sends all of it each time; what of it is new
is `squid.runs.conversation`'s to say. Here it is read and made plain.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import mimetypes
from typing import Annotated, Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from squid.config import Files
from squid.context.media import clean_name, media_type
from squid.errors import InvalidRequest, TooLarge
from squid.http.exchange import MAX_BODY, Id, last_event_id, limited, parse, squid, user_id
from squid.http.sse import run_stream
from squid.models import ToolCall
from squid.providers.base import Tool
from squid.runs import conversation
from squid.runs.conversation import Conversation, Said
from squid.runs.tool_results import Result
from squid.store import files

ToolName = Annotated[str, msgspec.Meta(pattern=r"^[a-zA-Z0-9_-]{1,128}(?!\n)$")]
CONTEXT = "context.md"


class _Struct(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A client's object. Clients add fields of their own, which are passed over."""


# -- content -----------------------------------------------------------------------


class DataSource(_Struct, frozen=True, tag="data"):
    value: str
    """Base64."""
    mime_type: str = ""


class UrlSource(_Struct, frozen=True, tag="url"):
    value: str


class FileSource(_Struct, frozen=True, tag="file"):
    value: str


class TextPart(_Struct, frozen=True, tag="text"):
    text: str


class _MediaPart(_Struct, frozen=True):
    source: DataSource | UrlSource | FileSource
    metadata: Any = None


class ImagePart(_MediaPart, frozen=True, tag="image"):
    pass


class AudioPart(_MediaPart, frozen=True, tag="audio"):
    pass


class VideoPart(_MediaPart, frozen=True, tag="video"):
    pass


class DocumentPart(_MediaPart, frozen=True, tag="document"):
    pass


Content = str | list[TextPart | ImagePart | AudioPart | VideoPart | DocumentPart]


# -- messages ----------------------------------------------------------------------


class _Message(_Struct, frozen=True, tag_field="role"):
    id: str


class UserMessage(_Message, frozen=True, tag="user"):
    content: Content


class FunctionCall(_Struct, frozen=True):
    name: str
    arguments: str


class ClientToolCall(_Struct, frozen=True):
    id: str
    function: FunctionCall


class AssistantMessage(_Message, frozen=True, tag="assistant"):
    content: str | None = None
    tool_calls: list[ClientToolCall] | None = None


class ToolMessage(_Message, frozen=True, tag="tool"):
    tool_call_id: str
    content: Content
    error: str | None = None


class SystemMessage(_Message, frozen=True, tag="system"):
    content: str


class DeveloperMessage(_Message, frozen=True, tag="developer"):
    content: str


class ReasoningMessage(_Message, frozen=True, tag="reasoning"):
    content: str = ""


class ActivityMessage(_Message, frozen=True, tag="activity"):
    """What a client shows and no model sees."""


ClientMessage = (
    UserMessage
    | AssistantMessage
    | ToolMessage
    | SystemMessage
    | DeveloperMessage
    | ReasoningMessage
    | ActivityMessage
)


# -- the request -------------------------------------------------------------------


class ClientTool(_Struct, frozen=True):
    """A tool that the client runs."""

    name: ToolName
    description: str = ""
    parameters: dict[str, Any] | None = None
    """JSON Schema."""


class ContextEntry(_Struct, frozen=True):
    description: str
    value: str


class RunAgentInput(_Struct, frozen=True):
    thread_id: Id
    """The session; made if it is not there yet."""
    run_id: Id
    """Sent again, it finds the run that it made."""
    messages: list[ClientMessage]
    tools: list[ClientTool] | None = None
    context: list[ContextEntry] | None = None
    forwarded_props: Any = None
    """`model` in it says which model answers."""


async def run(request: Request) -> Response:
    """Ask, as an AG-UI client: a RunAgentInput in, the run's events out.

    The stream may be dropped at any moment: the answer goes on, and the same request
    again, or /api/runs/{id}/events, takes it up.
    """
    app = squid(request)
    limits = app.config.files
    most = MAX_BODY + 2 * limits.max_file_size_mb * 1024 * 1024  # base64 takes a third more
    body = parse(await limited(request, most).body() or b"{}", RunAgentInput)
    is_new = await app.database.read(conversation.is_new, user_id(request), body.thread_id)
    said = await asyncio.to_thread(_conversation, body, limits, is_new)
    started = await app.ask(
        user_id(request),
        conversation.begin,
        said,
        model=_model(body),
        run_id=body.run_id,
        tools=_tools(body),
    )
    headers = {
        "Content-Location": f"/api/runs/{started.run.id}/events",
        "X-Squid-Session": started.session.id,
        "X-Squid-Run": started.run.id,
    }
    return run_stream(request, started.run.id, last_event_id(request) or 0, headers)


def _model(body: RunAgentInput) -> str | None:
    props = body.forwarded_props
    model = props.get("model") if isinstance(props, dict) else None
    if model is not None and not isinstance(model, str):
        raise InvalidRequest("The model is a name.", pointer="/forwardedProps/model")
    return model or None


def _tools(body: RunAgentInput) -> tuple[Tool, ...]:
    return tuple(
        # A tool without arguments may leave its schema out; the model's server needs one.
        Tool(tool.name, tool.description, {"type": "object", **(tool.parameters or {})})
        for tool in body.tools or ()
    )


# -- the conversation, plain -------------------------------------------------------


def _conversation(body: RunAgentInput, limits: Files, is_new: bool) -> Conversation:
    """What was said; with the files of the last question, or of all where the session is
    new. Hashes and compresses, so it is not for the event loop's thread."""
    asked = [message for message in body.messages if isinstance(message, UserMessage)]
    instructions: list[str] = []
    reasoning: list[str] = []
    said: list[Said] = []
    for number, message in enumerate(body.messages):
        where = f"/messages/{number}"
        match message:
            case SystemMessage() | DeveloperMessage():
                instructions.append(message.content)
            case ReasoningMessage():
                reasoning.append(message.content)
            case UserMessage():
                wanted = is_new or message is asked[-1]
                said.append(_question(message, where, limits, wanted))
            case AssistantMessage():
                said.append(_answer(message, "\n\n".join(reasoning)))
                reasoning.clear()
            case ToolMessage():
                said.append(_result(message, where))
    if not said:
        raise InvalidRequest("There is nothing to answer.", pointer="/messages")
    return Conversation(
        body.thread_id,
        tuple(said),
        "\n\n".join(instructions) or None,
        _context(body.context or []),
    )


def _question(message: UserMessage, where: str, limits: Files, wanted: bool) -> Said:
    digest = hashlib.sha256(msgspec.json.encode(message.content)).hexdigest()
    if isinstance(message.content, str):
        return Said(message.id, "user", message.content, digest)
    texts: list[str] = []
    uploads: list[files.New] = []
    for number, part in enumerate(message.content):
        if isinstance(part, TextPart):
            texts.append(part.text)
        elif wanted:
            uploads.append(_upload(part, len(uploads), f"{where}/content/{number}", limits))
    if len(uploads) > limits.max_files_per_message:
        raise InvalidRequest(
            f"A message takes {limits.max_files_per_message} files at most.", pointer=where
        )
    return Said(message.id, "user", "\n\n".join(texts), digest, tuple(uploads))


def _answer(message: AssistantMessage, reasoning: str) -> Said:
    calls = tuple(
        ToolCall(id=call.id, name=call.function.name, input=call.function.arguments or "{}")
        for call in message.tool_calls or ()
    )
    return Said(message.id, "assistant", message.content or "", reasoning=reasoning, calls=calls)


def _result(message: ToolMessage, where: str) -> Said:
    content = message.content
    if not isinstance(content, str):
        texts = [part.text for part in content if isinstance(part, TextPart)]
        if len(texts) < len(content):
            raise InvalidRequest("A tool's result is text here.", pointer=f"{where}/content")
        content = "\n\n".join(texts)
    if message.error is not None:
        content = "\n\n".join(filter(None, (message.error, content)))
    failed = message.error is not None
    return Said(message.id, "tool", result=Result(message.tool_call_id, content, failed))


def _upload(part: _MediaPart, number: int, where: str, limits: Files) -> files.New:
    source = part.source
    if not isinstance(source, DataSource):
        raise InvalidRequest(
            "Squid fetches nothing: neither from a URL nor by a provider's file handle.",
            hint="Send the content itself, as a source of the type `data`.",
            pointer=f"{where}/source",
        )
    try:
        content = base64.b64decode(source.value, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidRequest(
            "The content is not valid base64.", pointer=f"{where}/source/value"
        ) from None
    if len(content) > limits.max_file_size_mb * 1024 * 1024:
        raise TooLarge(f"A file may have {limits.max_file_size_mb} MB at most.", pointer=where)
    name = _name(part, source.mime_type, number)
    return files.New(files.pack(content), name, media_type(name, content))


def _name(part: _MediaPart, mime_type: str, number: int) -> str:
    """AG-UI has no place for a file's name; some clients put it in the metadata."""
    if isinstance(part.metadata, dict):
        for key in ("filename", "name", "title"):
            if isinstance(given := part.metadata.get(key), str) and given.strip():
                return clean_name(given)
    kind = str(part.__struct_config__.tag)
    numbered = kind if number == 0 else f"{kind}-{number + 1}"
    return numbered + (mimetypes.guess_extension(mime_type.partition(";")[0].strip()) or "")


def _context(entries: list[ContextEntry]) -> files.New | None:
    """What the client wants known goes along as a file, so that it is kept with the
    question it was for, and can be cited."""
    if not entries:
        return None
    text = "\n\n".join(f"## {entry.description}\n\n{entry.value}" for entry in entries)
    return files.New(files.pack(text.encode()), CONTEXT, media_type(CONTEXT, text.encode()))
