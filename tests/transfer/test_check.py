"""Whatever is wrong with an export is told with its place, and changes nothing."""

from __future__ import annotations

import base64
import hashlib
import sqlite3
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from squid.context.media import clean_name
from squid.errors import InvalidRequest, MalformedBody
from squid.store import files
from squid.transfer.records import FileName, MediaType
from tests.conftest import ME
from tests.store.tree import add_message, add_session, chain, fresh
from tests.transfer.talk import contents, exported, imported

Tree = dict[str, Any]


def whole() -> Tree:
    """An export of two sessions and a file, as a tree."""
    db = fresh()
    add_session(db, id="trip")
    chain(db, "trip", 3)
    add_session(db, id="other")
    file = files.add(db, ME, files.New(files.pack(b"words"), "a.txt", "text/plain"))
    add_message(db, "other", "o1", role="assistant", file_ids=[file.id])
    tree: Tree = msgspec.json.decode(exported(db))
    db.close()
    return tree


def put(*path: str | int, value: Any) -> Callable[[Tree], None]:
    def change(tree: Tree) -> None:
        at: Any = tree
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = value

    return change


def again(name: str) -> Callable[[Tree], None]:
    return lambda tree: tree[name].append(tree[name][0])


def backwards(tree: Tree) -> None:
    tree["messages"].reverse()


NOISE = base64.b64encode(b"noise").decode()
NOISE_SHA = hashlib.sha256(b"noise").hexdigest()

# The messages are o1 (of `other`), m00000, m00001, m00002 (of `trip`).
BROKEN: dict[str, tuple[Callable[[Tree], None], str]] = {
    "another format": (put("format", value="zip"), "/format"),
    "a newer version": (put("version", value=2), "/version"),
    "no version": (lambda tree: tree.pop("version"), ""),
    "a version in words": (put("version", value="one"), "/version"),
    "an unknown array": (put("extras", value=[]), ""),
    "an unknown field": (put("messages", 0, "colour", value="red"), "/messages/0"),
    "a missing field": (lambda tree: tree["messages"][1].pop("role"), "/messages/1"),
    "a role of its own": (put("messages", 1, "role", value="god"), "/messages/1/role"),
    "a live answer": (put("messages", 1, "status", value="streaming"), "/messages/1/status"),
    "an id with a line break": (put("messages", 1, "id", value="a\n"), "/messages/1/id"),
    "a path as an id": (put("sessions", 0, "id", value="../x"), "/sessions/0/id"),
    "a session twice": (again("sessions"), "/sessions/2/id"),
    "a message twice": (again("messages"), "/messages/4/id"),
    "a file twice": (again("files"), "/files/1/id"),
    "a content twice": (again("contents"), "/contents/1/sha256"),
    "a dangling parent": (put("messages", 1, "parent_id", value="x"), "/messages/1/parent_id"),
    "its own parent": (put("messages", 1, "parent_id", value="m00000"), "/messages/1/parent_id"),
    "a cycle": (put("messages", 1, "parent_id", value="m00002"), "/messages/1/parent_id"),
    "children first": (backwards, "/messages/0/parent_id"),
    "another's parent": (put("messages", 1, "parent_id", value="o1"), "/messages/1/parent_id"),
    "no such session": (put("messages", 0, "session_id", value="x"), "/messages/0/session_id"),
    "a head that is none": (put("sessions", 1, "head", value="x"), "/sessions/1/head"),
    "another's head": (put("sessions", 1, "head", value="o1"), "/sessions/1/head"),
    "no such file": (put("messages", 0, "files", value=["x"]), "/messages/0/files/0"),
    "a source in no file": (
        put("messages", 0, "sources", value=[{"title": "", "file_id": "x"}]),
        "/messages/0/sources/0/file_id",
    ),
    "a huge number": (
        put("messages", 0, "usage", value={"input_tokens": 1 << 60}),
        "/messages/0/usage/input_tokens",
    ),
    "a place before the first": (
        put("messages", 0, "sources", value=[{"title": "", "start": -1}]),
        "/messages/0/sources/0/start",
    ),
    "a time beyond time": (put("sessions", 0, "active_at", value=1 << 60), "/sessions/0/active_at"),
    "a title without end": (put("sessions", 0, "title", value="x" * 501), "/sessions/0/title"),
    "no base64": (put("contents", 0, "data", value="d29yZHM"), "/contents/0/data"),
    "another content": (put("contents", 0, "data", value=NOISE), "/contents/0"),
    "a wrong sha256": (put("contents", 0, "sha256", value="0" * 64), "/contents/0"),
    "a content of no file": (
        lambda tree: tree["contents"].append({"sha256": NOISE_SHA, "data": NOISE}),
        "/contents/1",
    ),
    "a file without content": (put("contents", value=[]), "/files/0/sha256"),
    "a path as a name": (put("files", 0, "name", value="../x"), "/files/0/name"),
    "a name that turns round": (put("files", 0, "name", value="a\u202egnp.exe"), "/files/0/name"),
    "a header as a type": (put("files", 0, "media_type", value="a/b\nX: y"), "/files/0/media_type"),
    "an object for an array": (put("messages", value={}), "/messages"),
    "nothing of it": (lambda tree: tree.clear(), ""),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_told_with_its_place(db: sqlite3.Connection, name: str) -> None:
    change, pointer = BROKEN[name]
    tree = whole()
    change(tree)
    before = contents(db)
    with pytest.raises(InvalidRequest) as caught:
        imported(db, msgspec.json.encode(tree))
    assert caught.value.members["pointer"] == pointer
    assert pointer in caught.value.detail
    assert contents(db) == before


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "empty"),
        (b"hello", "not valid JSON"),
        (b"[]", "Expected `object`"),
        (b'{"format":"squid","version":1,"messages":[' + b"[" * 200_000, "nested too deeply"),
        (b'{"format":"squid","version":1,"messages":[' + b'{"a":' * 200_000, "nested too deeply"),
        (b'{"format":"squid","version":1,"messages":[{"id":"\xff"}]}', "not valid JSON"),
        (b'{"format":"squid","version":1,"messages":[{"id":"\\ud800"}]}', "not valid JSON"),
        (b'{"format":"squid","version":1,"messages":[1e999]}', "/messages/0"),
        (b'{"format":"squid","version":1} again', "not valid JSON"),
        (b"\x1f\x8b\x08\0\0", "not valid JSON"),
    ],
)
def test_what_is_no_export_at_all(db: sqlite3.Connection, text: bytes, says: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        imported(db, text)
    assert says in caught.value.detail


def test_a_newer_version_says_what_to_do(db: sqlite3.Connection) -> None:
    text = b'{"format":"squid","version":2,"messages":{"what":"ever"},"more":1}'
    with pytest.raises(InvalidRequest) as caught:
        imported(db, text)
    assert "upgrade" in str(caught.value.hint)


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_cut_off_anywhere_it_is_not_taken(data: st.DataObject) -> None:
    text = msgspec.json.encode(whole())
    cut = data.draw(st.integers(1, len(text) - 1))
    db = fresh()
    before = contents(db)
    with pytest.raises(MalformedBody):
        imported(db, text[:cut])
    assert contents(db) == before
    db.close()


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_one_wrong_byte_is_an_error_or_another_text(data: st.DataObject) -> None:
    text = bytearray(msgspec.json.encode(whole()))
    text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
    db = fresh()
    before = contents(db)
    try:
        imported(db, bytes(text))
    except InvalidRequest:
        assert contents(db) == before
    db.close()


@given(st.text(max_size=300))
def test_every_name_that_a_file_can_have_is_taken(name: str) -> None:
    msgspec.convert(clean_name(name), FileName)


def test_a_type_cannot_break_out_of_a_header() -> None:
    for type_ in ("text/plain\n", "text/é", "text", "a/b; c=d"):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(type_, MediaType)
