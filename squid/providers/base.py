"""What Squid asks of a model, and what a model gives back: one small protocol.

A provider turns a `Prompt` into batches of `Part`s. A batch is whatever one read of
the network brought, so that the cost of a part is not the cost of an `await`. Every
failure is a `ProviderError`; a provider never retries by itself (the run engine
knows whether anything was shown) and never outlives its `close`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Literal, Protocol

import msgspec

from squid.models import Source, Usage

StopReason = Literal["end", "max_tokens", "refusal", "tool_use", "stop_sequence"]


# -- what goes in ----------------------------------------------------------------


class TextInput(msgspec.Struct, frozen=True, tag="text"):
    text: str


class FileInput(msgspec.Struct, frozen=True, tag="file"):
    """A file of a message, whole. `file_id` lets a citation point back to it."""

    file_id: str
    name: str
    media_type: str
    content: bytes
    needed: bool = True
    """Whether the answer is about it: a file of an earlier turn that the model cannot
    read is told of and left out, as it must not end the whole conversation."""


class ToolUse(msgspec.Struct, frozen=True, tag="tool_use"):
    """The model's own call of a tool, in an earlier turn. `input` is JSON."""

    id: str
    name: str
    input: msgspec.Raw


class ToolResult(msgspec.Struct, frozen=True, tag="tool_result"):
    tool_use_id: str
    content: str
    is_error: bool = False


Input = TextInput | FileInput | ToolUse | ToolResult


class Turn(msgspec.Struct, frozen=True):
    """One turn of the conversation. Roles alternate, and the first is a user's."""

    role: Literal["user", "assistant"]
    content: tuple[Input, ...]


class Tool(msgspec.Struct, frozen=True):
    """A tool the model may call; `input_schema` is a JSON Schema object."""

    name: str
    description: str
    input_schema: dict[str, object]


class Prompt(msgspec.Struct, frozen=True):
    """All that the model gets to see. If the last turn is the assistant's, the model
    goes on with it (`Provider.prefills` says whether it can)."""

    model: str
    turns: tuple[Turn, ...]
    system: str | None = None
    tools: tuple[Tool, ...] = ()


# -- what comes out --------------------------------------------------------------


class Text(msgspec.Struct, frozen=True):
    text: str
    deltas: int = 1
    """How many of the model's pieces it is: those of one read come as one."""


class Reasoning(msgspec.Struct, frozen=True):
    text: str


class ToolCallStart(msgspec.Struct, frozen=True):
    id: str
    name: str


class ToolCallInput(msgspec.Struct, frozen=True):
    """A piece of the JSON text of the call's input."""

    id: str
    json: str


class ToolCallEnd(msgspec.Struct, frozen=True):
    id: str


class Citation(msgspec.Struct, frozen=True):
    source: Source


class UsageReport(msgspec.Struct, frozen=True):
    """Tokens so far, each report replacing the one before."""

    usage: Usage
    model: str | None = None
    """The model that really answered, when the server says so."""


class End(msgspec.Struct, frozen=True):
    """The answer is over. Always the last part; without it the answer was cut."""

    reason: StopReason
    detail: str | None = None
    """A sentence for a person, where the reason needs one (a refusal)."""


Part = Text | Reasoning | ToolCallStart | ToolCallInput | ToolCallEnd | Citation | UsageReport | End


class ModelInfo(msgspec.Struct, frozen=True):
    id: str
    name: str
    provider: str


class Provider(Protocol):
    name: str
    default_model: str
    prefills: bool
    """Whether a prompt may end with an assistant turn that the model completes."""
    context_tokens: int
    """How many tokens of prompt the model can take, at most."""

    def stream(self, prompt: Prompt) -> AsyncGenerator[list[Part], None]:
        """Ask the model. Raises ProviderError, also in mid-stream. Closing the
        iterator ends the request; using it up lets the connection be used again."""
        ...

    async def models(self) -> list[ModelInfo]:
        """The models that can be asked, the default one first."""
        ...

    async def warm(self) -> None:
        """Do now what the first question would otherwise wait for, if it is cheap."""
        ...

    async def close(self) -> None: ...
