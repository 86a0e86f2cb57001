"""Windows that were just used, kept for what is asked next in the same session.

So a follow-up in a long conversation reads none of it again. Like the cache of sessions
(store/cache.py), a window is only as good as its session's version: each commit raises it
by one, so a window from just before a commit is known to be what that commit went on from.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import NamedTuple

from squid.context.window import Piece, Window, cut, piece
from squid.models import Message, Session
from squid.store.branch import Said


class _Kept(NamedTuple):
    version: int
    window: Window
    budget: int
    """Tokens that it was cut to."""
    size: int


BYTES_PER_TOKEN = 4
PIECE = 100
"""What a message takes besides its words, in tokens."""


class RecentWindows:
    """Bounded in bytes, as their tokens count them; the least recently used go first."""

    def __init__(self, max_bytes: int) -> None:
        self.max_size = max_bytes // BYTES_PER_TOKEN
        self.size = 0
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def with_question(self, session: Session, question: Message, budget: int) -> Window | None:
        """The window that ends with the question, which was just committed along with its
        empty answer; None where it has to be read."""
        if question.files:
            return None
        new = _piece(question)
        if question.parent_id is None:
            return Window([new], whole=True)
        kept = self._kept.get(session.id)
        if kept is None or kept.version != session.version - 1:
            return None
        window = kept.window
        if window.pieces[-1].id != question.parent_id:
            return None  # another branch
        if not window.whole and budget > kept.budget:
            return None
        longer = cut((new, *reversed(window.pieces)), budget)
        return longer._replace(whole=longer.whole and window.whole)

    def keep(self, session: Session, window: Window, budget: int) -> None:
        """The window of a run that was begun by the commit of that session."""
        self.drop(session.id)
        if not window.pieces or any(piece.has_files for piece in window.pieces):
            return  # a file may be of any size, and is needed for its own question alone
        size = sum(piece.tokens + PIECE for piece in window.pieces)
        if size > self.max_size:
            return
        self._kept[session.id] = _Kept(session.version, window, budget, size)
        self.size += size
        while self.size > self.max_size:
            self.drop(next(iter(self._kept)))

    def answered(self, session: Session, written: Iterable[Message]) -> None:
        """The run is over: what it wrote, one behind the other, is the end of its window."""
        kept = self._kept.get(session.id)
        if kept is None:
            return
        new = [*written]
        ours = kept.window.pieces[-1].id == new[0].parent_id
        if kept.version != session.version - 1 or not ours:
            self.drop(session.id)  # something else has become of the session meanwhile
            return
        pieces = [*kept.window.pieces, *map(_piece, new)]
        self.keep(session, kept.window._replace(pieces=pieces), kept.budget)

    def drop(self, session_id: str) -> None:
        kept = self._kept.pop(session_id, None)
        if kept is not None:
            self.size -= kept.size


def _piece(message: Message) -> Piece:
    said = Said(message.id, message.role, message.content, message.tool, message.files)
    return piece(said)
