"""What the CUSTOM events of a run hold, for the page that describes the API.

The events themselves are written as dicts; a test holds them against these.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from squid.models import Message, Source, Usage


class RunValue(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows a run belongs to."""

    session_id: str
    question_id: str
    message_id: str
    """The answer."""
    kind: Literal["answer", "continue"]
    provider: str
    model: str
    text_start: int
    """Characters of the message that were there before this run."""


class UsageValue(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens so far."""

    usage: Usage
    model: str | None
    """As its server calls itself."""


class _Custom(msgspec.Struct, frozen=True, kw_only=True, tag_field="name"):
    type: Literal["CUSTOM"]


class CustomRun(_Custom, frozen=True, kw_only=True, tag="squid.run"):
    """The second event of a run."""

    value: RunValue


class WaitingValue(msgspec.Struct, frozen=True, kw_only=True):
    """Why nothing comes yet."""

    code: str
    """The problem's, as a `RUN_ERROR` would have it."""
    detail: str
    seconds: float
    """After which the model is asked again."""


class CustomWaiting(_Custom, frozen=True, kw_only=True, tag="squid.waiting"):
    """The model's server cannot answer just now; it is asked again by itself."""

    value: WaitingValue


class CustomSource(_Custom, frozen=True, kw_only=True, tag="squid.source"):
    """What the answer drew on."""

    value: Source


class CustomUsage(_Custom, frozen=True, kw_only=True, tag="squid.usage"):
    """The tokens so far, each report in place of the one before."""

    value: UsageValue


class CustomMessage(_Custom, frozen=True, kw_only=True, tag="squid.message"):
    """The whole message, for a reader that was away too long."""

    value: Message


Custom = CustomRun | CustomWaiting | CustomSource | CustomUsage | CustomMessage
