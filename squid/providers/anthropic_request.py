"""A `Prompt` as the body of a Messages API request."""

from __future__ import annotations

import base64
import re
from typing import Any

import msgspec

from squid.config import Anthropic
from squid.errors import ProviderRejected
from squid.providers.base import FileInput, Input, Prompt, TextInput, ToolResult, ToolUse, Turn

Block = dict[str, Any]

IMAGES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
PDF = "application/pdf"
EPHEMERAL = {"type": "ephemeral"}
MIN_BUDGET = 1024  # tokens; the API takes no smaller thinking budget
MAX_BUDGET = 8_000  # tokens of thinking, for models that want a number


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What the server at the other end understands. The defaults are Anthropic's."""

    thinking: bool = True
    """Asked for only where the model's name says that it can; see `thinking`."""
    citations: bool = True
    """Text files go as documents to cite, not into the text."""
    caching: bool = True
    images: bool = True
    pdfs: bool = True


PLAIN = Capabilities(thinking=False, citations=False, caching=False, images=False, pdfs=False)
"""A small model's server: text in, text out."""


class Request(msgspec.Struct, frozen=True):
    body: dict[str, Any]
    documents: tuple[FileInput, ...]
    """What a citation's `document_index` counts."""
    trimmed: str = ""
    """White space cut from the end of the assistant's turn, which the API does not take
    there. The model is likely to begin with it again."""


def build(prompt: Prompt, config: Anthropic, capabilities: Capabilities) -> Request:
    """Raises ProviderRejected for what cannot be sent. Slow with large files."""
    documents: list[FileInput] = []
    messages = []
    for turn in prompt.turns:
        if len(turn.content) == 1 and isinstance(only := turn.content[0], TextInput):
            # Nearly all of a long conversation's are this, in a third of the time.
            if only.text.strip():
                text = {"type": "text", "text": only.text}
                messages.append({"role": turn.role, "content": [text]})
            continue
        blocks: list[Block] = []
        for item in _results_first(turn):
            try:
                blocks += _blocks(item, capabilities, documents)
            except ProviderRejected as refused:
                if not isinstance(item, FileInput) or item.needed:
                    raise
                blocks.append({"type": "text", "text": f"({refused.detail})"})
        if blocks:
            messages.append({"role": turn.role, "content": blocks})
    trimmed = _trim_ending(messages)
    if not messages:
        raise ProviderRejected(
            "There is nothing to answer: the message is empty.", hint="Write something first."
        )
    body: dict[str, Any] = {
        "model": prompt.model or config.model,
        "max_tokens": config.max_output_tokens,
        "messages": messages,
    }
    if prompt.system and prompt.system.strip():
        body["system"] = [{"type": "text", "text": prompt.system}]
    if prompt.tools:
        body["tools"] = [
            {"name": tool.name, "description": tool.description, "input_schema": tool.input_schema}
            for tool in prompt.tools
        ]
    if capabilities.thinking:
        # We keep no signatures, so a model that goes on after a tool's result, or with
        # its own words, cannot be shown what it thought before.
        last = prompt.turns[-1]
        goes_on = last.role == "assistant" or any(isinstance(i, ToolResult) for i in last.content)
        wanted = config.thinking and not goes_on
        if chosen := thinking(body["model"], wanted, config.max_output_tokens):
            body["thinking"] = chosen
    if capabilities.caching:
        _mark_for_cache(body)
    return Request(body, tuple(documents), trimmed)


def thinking(model: str, wanted: bool, max_tokens: int) -> dict[str, Any] | None:
    """The `thinking` parameter; None leaves it out, which every model takes.

    Anthropic's rules, by model: from 4.6 on `adaptive` (the only way from 4.7 on);
    from 3.7 up to 4.5 `enabled` with a budget, `adaptive` being refused; before that,
    nothing. From 4.7 on the text is left out unless `display` asks for it. From 5 on
    the model thinks unless told `disabled`, which Fable and Mythos refuse. A name that
    says no version, or is not Claude's, gets nothing.
    """
    found = re.search(r"claude-(?:[a-z]+-)?(\d)(?:[-.](\d{1,2}))?(?!\d)", model)
    if not found:
        return None
    version = (int(found[1]), int(found[2] or 0))
    always = "fable" in model or "mythos" in model
    if version >= (4, 6):
        if wanted:
            return {"type": "adaptive", "display": "summarized"}
        return None if always else {"type": "disabled"}
    if version >= (3, 7) and wanted and max_tokens >= 2 * MIN_BUDGET:
        return {"type": "enabled", "budget_tokens": min(max_tokens // 2, MAX_BUDGET)}
    return None


def _results_first(turn: Turn) -> list[Input]:
    """The API wants the results of tools before anything else in a turn."""
    return sorted(turn.content, key=lambda item: not isinstance(item, ToolResult))


def _blocks(item: Input, capabilities: Capabilities, documents: list[FileInput]) -> list[Block]:
    match item:
        case TextInput(text):
            return [{"type": "text", "text": text}] if text.strip() else []
        case ToolUse(id_, name, raw):
            return [{"type": "tool_use", "id": id_, "name": name, "input": _object(raw)}]
        case ToolResult(id_, content, is_error):
            block: Block = {"type": "tool_result", "tool_use_id": id_}
            if content.strip():
                block["content"] = content
            if is_error:
                block["is_error"] = True
            return [block]
        case FileInput():
            block, is_document = _file(item, capabilities)
            if is_document:
                documents.append(item)
            return [block]


def _object(raw: msgspec.Raw) -> dict[str, Any]:
    """A call that was cut off may have left half an object; the API wants a whole one."""
    try:
        return msgspec.json.decode(raw, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}


def _file(file: FileInput, capabilities: Capabilities) -> tuple[Block, bool]:
    """The block for a file, and whether it is a document that can be cited."""
    media_type = file.media_type.partition(";")[0].strip().lower()
    media_type = "image/jpeg" if media_type == "image/jpg" else media_type
    if not file.content:
        return {"type": "text", "text": f"The file “{file.name}” is empty."}, False
    if media_type in IMAGES:
        if not capabilities.images:
            raise _refuse(file, "this model cannot see images", "Ask a model that can.")
        source = _base64(file.content, media_type)
        return {"type": "image", "source": source}, False
    if media_type == PDF:
        if not capabilities.pdfs:
            raise _refuse(file, "this model cannot read PDFs", "Send its text instead.")
        return _document(file, _base64(file.content, PDF), capabilities), True
    text = _text(file, media_type)
    if not capabilities.citations:
        told = f"File “{file.name}”:\n\n{text}\n\n(End of the file.)"
        return {"type": "text", "text": told}, False
    source = {"type": "text", "media_type": "text/plain", "data": text}
    return _document(file, source, capabilities), True


def _document(file: FileInput, source: dict[str, str], capabilities: Capabilities) -> Block:
    block: Block = {"type": "document", "title": file.name, "source": source}
    if capabilities.citations:
        block["citations"] = {"enabled": True}
    return block


def _base64(content: bytes, media_type: str) -> dict[str, str]:
    data = base64.b64encode(content).decode("ascii")
    return {"type": "base64", "media_type": media_type, "data": data}


def _text(file: FileInput, media_type: str) -> str:
    """Any file whose bytes are text is text, whatever a browser took it for."""
    try:
        text = file.content.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" not in text:
        return text
    if media_type.startswith("text/"):
        raise _refuse(file, "its text is not UTF-8", "Save it as UTF-8 and send it again.")
    takes = "Images (JPEG, PNG, GIF, WebP), PDFs and text files can be sent."
    raise _refuse(file, f"a model cannot read {media_type or 'this kind of file'}", takes)


def _refuse(file: FileInput, why: str, hint: str) -> ProviderRejected:
    detail = f"The file “{file.name}” cannot be sent: {why}."
    return ProviderRejected(detail, hint=hint, file_id=file.file_id)


def _trim_ending(messages: list[dict[str, Any]]) -> str:
    if not messages or messages[-1]["role"] != "assistant":
        return ""
    last = messages[-1]["content"][-1]
    if last["type"] != "text":
        return ""
    text = last["text"]
    last["text"] = text.rstrip()
    return str(text[len(last["text"]) :])


def _mark_for_cache(body: dict[str, Any]) -> None:
    """Three of the four marks that the API allows: what never changes (tools come
    before the system prompt, so its mark covers them), the conversation up to the
    newest question, so that another try or an edit of that question finds it, and all
    of it, so that the next question does."""
    stable = body.get("system") or body.get("tools")
    if stable:
        stable[-1]["cache_control"] = EPHEMERAL
    messages = body["messages"]
    asked = max((i for i, m in enumerate(messages) if m["role"] == "user"), default=0)
    for message in messages[max(asked - 1, 0) : asked] + messages[-1:]:
        message["content"][-1]["cache_control"] = EPHEMERAL
