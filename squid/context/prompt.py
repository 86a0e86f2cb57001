"""From a window of the conversation to what a provider is asked."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import dropwhile

from squid.context.window import Piece
from squid.providers.base import Prompt, TextInput, Tool, Turn

GO_ON = (
    "Your last answer was cut off. Continue it exactly where it stopped, without repeating "
    "anything and without any introduction."
)


def build(
    pieces: Iterable[Piece],
    *,
    model: str,
    system: str,
    prefills: bool,
    tools: tuple[Tool, ...] = (),
) -> Prompt:
    """What the model sees.

    A run that continues an answer ends with the answer so far, where the model can go
    on with it (`prefills`), else with a request to do so.
    """
    turns = _turns(pieces)
    if turns and turns[-1].role == "assistant" and not prefills:
        turns.append(Turn("user", (TextInput(GO_ON),)))
    return Prompt(model=model, turns=tuple(turns), system=system or None, tools=tools)


def _turns(pieces: Iterable[Piece]) -> list[Turn]:
    turns: list[Turn] = []
    role = ""
    # A conversation begins with what a user said: the window may have cut a tool's
    # result from its call.
    for piece in dropwhile(lambda piece: piece.role != "user", pieces):
        for turn in piece.turns:
            if turn.role == role:
                turns[-1] = Turn(turn.role, (*turns[-1].content, *turn.content))
            else:
                turns.append(turn)
                role = turn.role
    return turns
