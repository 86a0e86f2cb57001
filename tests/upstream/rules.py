"""What the real Messages API refuses with a 400, where that catches our mistakes."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

FIELDS = {
    *("model", "messages", "max_tokens", "cache_control", "container", "diagnostics"),
    *("inference_geo", "metadata", "output_config", "service_tier", "speed", "stop_sequences"),
    *("stream", "system", "temperature", "thinking", "tool_choice", "tools", "top_k", "top_p"),
    "user_profile_id",
}
KINDS = {
    "assistant": ("text", "tool_use"),
    "user": ("text", "image", "document", "tool_result"),
}
IMAGES = {"image/jpeg", "image/png", "image/gif", "image/webp"}


class Refused(Exception):
    """The request is not valid, as the real API would say it."""


def require(condition: object, message: str) -> None:
    if not condition:
        raise Refused(message)


def check(body: Any) -> None:
    """Raises Refused."""
    require(isinstance(body, dict), "The request body is not valid JSON")
    for field in ("model", "messages", "max_tokens"):
        require(field in body, f"{field}: Field required")
    for field in body:
        require(field in FIELDS, f"{field}: Extra inputs are not permitted")
    limit = body["max_tokens"]
    require(isinstance(limit, int) and limit > 0, "max_tokens: must be greater than 0")
    messages = body["messages"]
    require(isinstance(messages, list) and messages, "messages: at least one message is required")
    require(messages[0]["role"] == "user", 'messages: first message must use the "user" role')
    system = body.get("system", [])
    for block in [] if isinstance(system, str) else system:
        _block(block, "system")
    for number, message in enumerate(messages):
        _message(message, f"messages.{number}")
    _tools(messages, body.get("tools", []))
    _ending(messages[-1])
    _documents(body)
    _thinking(body)
    marks = [b for b in _blocks_in_order(body) if b.get("cache_control")]
    require(len(marks) <= 4, f"A maximum of 4 blocks with cache_control, found {len(marks)}")


def blocks(message: dict[str, Any]) -> list[dict[str, Any]]:
    content = message["content"]
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def documents(body: dict[str, Any]) -> list[dict[str, Any]]:
    """All documents of the request, in order; a citation counts them from 0."""
    return [b for m in body["messages"] for b in blocks(m) if b["type"] == "document"]


def last_user_text(body: dict[str, Any]) -> str:
    turns = [m for m in body["messages"] if m["role"] == "user"]
    return "".join(b["text"] for b in blocks(turns[-1]) if b["type"] == "text")


def _message(message: dict[str, Any], where: str) -> None:
    role = message.get("role", "")
    require(role in ("user", "assistant"), f"{where}.role: must be user or assistant")
    require(message.get("content"), f"{where}: all messages must have non-empty content")
    for number, block in enumerate(blocks(message)):
        _block(block, f"{where}.content.{number}")
        kinds = KINDS[role]
        kind = block["type"]
        require(kind in kinds, f"{where}.content.{number}: {kind} is not permitted for {role}")


def _block(block: dict[str, Any], where: str) -> None:
    match block.get("type"):
        case "text":
            require(block.get("text"), f"{where}: text content blocks must be non-empty")
            require(block["text"].strip(), f"{where}: text must contain non-whitespace text")
        case "image":
            source = block["source"]
            require(source["media_type"] in IMAGES, f"{where}: media_type is not one of {IMAGES}")
            base64.b64decode(source["data"], validate=True)
        case "document":
            source = block["source"]
            if source["type"] == "base64":
                require(source["media_type"] == "application/pdf", f"{where}: not a PDF")
                base64.b64decode(source["data"], validate=True)
            elif source["type"] == "text":
                require(source["media_type"] == "text/plain", f"{where}: must be text/plain")
                require(source["data"], f"{where}: must be non-empty")
        case "tool_use":
            require(isinstance(block.get("input"), dict), f"{where}.input: must be an object")
        case "tool_result":
            require(block.get("tool_use_id"), f"{where}.tool_use_id: Field required")
        case kind:
            raise Refused(f"{where}.type: {kind} is not known")


def _tools(messages: list[dict[str, Any]], tools: list[dict[str, Any]]) -> None:
    for tool in tools:
        name = tool.get("name", "")
        require(re.fullmatch(r"[a-zA-Z0-9_-]{1,128}", name), f"tools: {name!r} is no name")
        require(tool.get("input_schema", {}).get("type") == "object", "tools: not an object")
    open_calls: set[str] = set()
    for number, message in enumerate(messages):
        results = [b["tool_use_id"] for b in blocks(message) if b["type"] == "tool_result"]
        first = [b["type"] for b in blocks(message)][: len(results)]
        require(first.count("tool_result") == len(results), "tool_result blocks must come first")
        where = f"messages.{number}"
        require(set(results) <= open_calls, f"{where}: unexpected tool_use_id in tool_result")
        require(open_calls <= set(results), f"{where}: tool_use without tool_result after it")
        open_calls = {b["id"] for b in blocks(message) if b["type"] == "tool_use"}
    require(not open_calls, "tool_use ids were found without tool_result blocks after")


def _ending(message: dict[str, Any]) -> None:
    if message["role"] == "assistant" and (last := blocks(message)[-1])["type"] == "text":
        whole = last["text"] == last["text"].rstrip()
        require(whole, "messages: final assistant content cannot end with trailing whitespace")


def _documents(body: dict[str, Any]) -> None:
    enabled = {bool((d.get("citations") or {}).get("enabled")) for d in documents(body)}
    require(len(enabled) < 2, "citations must be enabled on all or none of the documents")


def _thinking(body: dict[str, Any]) -> None:
    thinking, model = body.get("thinking"), body["model"]
    if not thinking:
        return
    kind = thinking["type"]
    if kind != "disabled":
        prefilled = body["messages"][-1]["role"] == "assistant"
        require(not prefilled, "thinking: the final message must be a user's when thinking is on")
    adaptive_only = re.search(r"-5|fable|mythos|opus-4-[78]", model) and "4-5" not in model
    budget_only = re.search(r"-4-5|-4-1|-4-2025|-3-7", model)
    if kind == "enabled":
        require(not adaptive_only, '"thinking.type.enabled" is not supported for this model')
        budget = thinking["budget_tokens"]
        require(1024 <= budget < body["max_tokens"], "thinking.budget_tokens: out of range")
    if kind == "adaptive":
        require(not budget_only, "adaptive thinking is not supported on this model")
        require("claude" in model, "thinking: this model does not think")
    if kind == "disabled":
        always = re.search("fable|mythos", model)
        require(not always, '"thinking.type.disabled" is not supported for this model')


def _blocks_in_order(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from body.get("tools", [])
    system = body.get("system", [])
    yield from [{"type": "text", "text": system}] if isinstance(system, str) else system
    for message in body["messages"]:
        yield from blocks(message)


class PromptCache:
    """Counts tokens as the real cache does: a prefix up to a mark is written once and
    read by every later request that starts with the same blocks."""

    def __init__(self) -> None:
        self._seen: dict[bytes, int] = {}

    def usage(self, body: dict[str, Any]) -> dict[str, int]:
        digest, total, read, marked = hashlib.sha256(), 0, 0, 0
        marks: dict[bytes, int] = {}
        for block in _blocks_in_order(body):
            plain = json.dumps({k: v for k, v in block.items() if k != "cache_control"})
            digest.update(plain.encode())
            total += len(plain) // 4 + 1
            read = self._seen.get(digest.digest(), read)
            if block.get("cache_control"):
                marks[digest.digest()] = marked = total
        self._seen |= marks
        marked = max(marked, read) if marks else 0
        read = read if marks else 0
        return {
            "input_tokens": total - marked,
            "cache_creation_input_tokens": marked - read,
            "cache_read_input_tokens": read,
        }
