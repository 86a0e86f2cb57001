"""Where a text stands: found by the same rules as sessions are listed by."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from hypothesis import given, settings
from hypothesis import strategies as st

from squid.store import matches, messages, sessions
from tests.conftest import ME
from tests.store.tree import add_message, add_session, fresh

SIGNS = st.text(st.sampled_from("aAbBäÄkK\u212a%_\\[*. \n\u0301🦑ſs"), max_size=12)


def test_newest_first_with_words_around_it(db: sqlite3.Connection) -> None:
    add_session(db, id="s")
    add_message(db, "s", "m1", content="x" * 200 + "Needle" + "y" * 200)
    add_message(db, "s", "m2", "m1", content="a needle", role="assistant")
    db.execute("UPDATE messages SET created_at = CASE id WHEN 'm1' THEN 1 ELSE 2 END")
    found, count = matches.in_session(db, "s", "NEEDLE", 10)
    assert [match.message_id for match in found] == ["m2", "m1"]
    assert count == 2
    assert found[0][1:] == ("assistant", 2, "a needle", 2, 8)
    long = found[1]
    assert long.excerpt[long.start : long.end] == "Needle"
    assert long.excerpt == "…" + "x" * 40 + "Needle" + "y" * 100 + "…"


def test_no_more_than_wanted_and_all_counted(db: sqlite3.Connection) -> None:
    add_session(db, id="s")
    add_session(db, id="other")
    for number in range(5):
        add_message(db, "s", f"m{number}", content="needle")
    add_message(db, "other", "o", content="needle")
    messages.set_deleted(db, ME, "m0", True)
    found, count = matches.in_session(db, "s", "needle", 3)
    assert (len(found), count) == (3, 4)
    assert matches.in_session(db, "s", "hay", 3) == ([], 0)


@settings(deadline=None, max_examples=200)
@given(content=SIGNS, text=SIGNS.filter(bool))
def test_what_a_list_finds_has_its_place(content: str, text: str) -> None:
    with closing(fresh()) as db:
        add_session(db, id="s")
        add_message(db, "s", "m", content=content)
        listed, _ = sessions.page(db, ME, text=text)
        place = matches.place(content, text)
        assert bool(listed) == (place is not None)
        if place is not None:
            [match], _ = matches.in_session(db, "s", text, 1)
            assert match.excerpt[match.start : match.end] == content[slice(*place)]
