"""What somebody would try: bombs, and signs that mean something elsewhere."""

from __future__ import annotations

import gzip
import io
import re
import time
import zipfile
from typing import Any

import httpx2
import pytest

from tests.http.addresses import READ_A_BODY, Served, Talked, any_problem
from tests.http.talk import asked, everything, problem, question

MB = 1024 * 1024

# -- text that means something elsewhere ------------------------------------------------------

HOSTILE = [
    "'; DROP TABLE sessions; --",
    "' OR '1'='1",
    '" OR ""="',
    "x') UNION SELECT sql FROM sqlite_master --",
    "%",
    "_",
    "\\",
    "100% [a-z]* ?",
    '"unclosed',
    "a AND OR NOT NEAR(b, 1) ^c* {d}: -e",
    "title:secret",
    "*",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title><svg/onload=alert(1)>",
    "javascript:alert(1)",
    "[x](javascript:alert(1)) ![](http://evil.example/?q)",
    "&lt;b&gt; &amp;",
    "{{7*7}} ${7*7} <%= 7*7 %> {0} %s %n",
    "a\r\nSet-Cookie: x=y\r\n\r\nb",
    "data: x\n\nevent: evil\nid: 99",
    "\u202egnp.exe \u200b\ufeff\u2028\u2029",
    "\x1b[31mred\x07\x7f",
    "e\u0301 é 🦑 👩‍💻 \U0010ffff \ufffd",
    "=cmd|' /C calc'!A0",
    "null",
    "../../../etc/passwd",
]


@pytest.mark.parametrize("text", HOSTILE)
async def test_text_comes_out_as_it_went_in(served: Served, text: str) -> None:
    client, _ = served
    made = await client.post(
        "/api/sessions", json={"title": text, "system": text, "model": "script:deltas=1"}
    )
    assert made.status_code == 201, made.text
    session_id = made.json()["id"]
    content = f"{text}\n{text}"
    run = await asked(client, content, "deltas=1", session_id=session_id)
    uploaded = await client.post("/api/files", files={"f": ("a.txt", text.encode())})
    file_id = uploaded.json()["files"][0]["id"]

    view = (await client.get(f"/api/sessions/{session_id}")).json()
    assert (view["session"]["title"], view["session"]["system"]) == (text, text)
    assert view["messages"][0]["content"] == content
    assert (await client.get(f"/api/files/{file_id}/content")).content == text.encode()
    exported = await client.get(f"/api/sessions/{session_id}/export")
    assert exported.json()["sessions"][0]["title"] == text
    assert content in [one["content"] for one in exported.json()["messages"]]
    assert "set-cookie" not in exported.headers
    edited = await client.patch(f"/api/sessions/{session_id}", json={"title": text * 2})
    assert edited.json()["title"] == text * 2
    again = await client.patch(
        f"/api/messages/{run['messages'][0]['id']}",
        json={"content": text, "model": "script:deltas=1"},
    )
    assert again.json()["messages"][0]["content"] == text


async def test_search_takes_every_sign_for_itself(served: Served) -> None:
    client, _ = served
    ids = {}
    for text in HOSTILE:
        made = await client.post("/api/sessions", json={"title": f"<{text}>"})
        ids[text] = made.json()["id"]
    for text in HOSTILE:
        page = await client.get("/api/sessions", params={"text": f"<{text}>", "limit": 200})
        assert [one["id"] for one in page.json()["sessions"]] == [ids[text]], text
        for name in ("model", "cursor", "sort", "order", "deleted", "active_after"):
            response = await client.get("/api/sessions", params={name: text})
            assert response.status_code in (200, 422), (name, text)
            if response.status_code == 200:
                assert response.json()["sessions"] == []
    assert len((await client.get("/api/sessions?limit=200")).json()["sessions"]) == len(HOSTILE)


@pytest.mark.parametrize("text", [one for one in HOSTILE if not re.fullmatch(r"[\w:]+", one)])
async def test_id_that_means_something_elsewhere_is_no_id(talked: Talked, text: str) -> None:
    client, squid, ids = talked
    before = await squid.database.read(everything)
    bodies: list[tuple[str, str, Any]] = [
        ("POST", "/api/sessions", {"id": text}),
        ("POST", "/api/chat", question("x", id=text)),
        ("POST", "/api/chat", question("x", run_id=text)),
        ("POST", "/api/chat", question("x", session_id=text)),
        ("POST", "/api/chat", question("x", parent_id=text)),
        ("POST", "/api/chat", question("x", files=[text])),
        ("PATCH", f"/api/sessions/{ids['session_id']}", {"head": text}),
        ("POST", f"/api/messages/{ids['message_id']}/retry", {"run_id": text}),
    ]
    for method, url, body in bodies:
        response = await client.request(method, url, json=body)
        assert response.status_code in (404, 422), (url, body, response.text)
        any_problem(response)
    for name in ("before", "after"):
        url = f"/api/sessions/{ids['session_id']}/messages"
        problem(await client.get(url, params={name: text}), 422, "invalid-request")
    assert await squid.database.read(everything) == before


# -- bombs -----------------------------------------------------------------------------------------

SIZE = 8 * MB - 100
BOMBS = {
    "lists": b"[" * SIZE,
    "objects": b'{"a":' * (SIZE // 5),
    "closed": b"[" * (SIZE // 2) + b"]" * (SIZE // 2),
    "long-number": b'{"model":' + b"9" * SIZE + b"}",
    "long-fraction": b'{"model":0.' + b"9" * SIZE + b"}",
    "great-exponent": b'{"model":1e' + b"9" * SIZE + b"}",
    "keys": b"{" + b'"a":1,' * (SIZE // 6) + b'"a":1}',
    "many-keys": b"{" + b",".join(b'"k%d":1' % n for n in range(400_000)) + b"}",
    "escapes": b'{"model":"' + b"\\u0000" * (SIZE // 6) + b"x",
    "surrogates": b'{"model":"' + b"\\ud800" * (SIZE // 6) + b'"}',
    "blanks": b" " * SIZE + b"x",
}


@pytest.mark.parametrize("name", BOMBS)
async def test_json_bomb_is_refused_at_once(talked: Talked, name: str) -> None:
    client, squid, ids = talked
    before = await squid.database.read(everything)
    for address in READ_A_BODY:
        if address.path in ("/api/import", "/api/ag-ui") and name in ("keys", "many-keys"):
            continue  # they pass over what they do not know
        began = time.monotonic()
        url = address.fill(**ids)
        response = await client.request(address.method, url, content=BOMBS[name])
        assert response.status_code in (400, 422), (address, response.text[:200])
        any_problem(response)
        assert len(response.content) < 2000
        assert time.monotonic() - began < 5
    assert await squid.database.read(everything) == before


async def test_of_a_key_that_comes_twice_the_last_counts(served: Served) -> None:
    client, _ = served
    made = await client.post("/api/sessions", content=b'{"title": "a", "title": "b"}')
    assert made.json()["title"] == "b"


def zip_bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("zeros", bytes(100 * MB))
    return packed.getvalue()


async def test_zip_bomb_is_a_file_like_any_other(served: Served) -> None:
    client, squid = served
    for name, bomb in (("a.zip", zip_bomb()), ("a.gz", gzip.compress(bytes(100 * MB)))):
        assert len(bomb) < MB
        uploaded = await client.post("/api/files", files={"f": (name, bomb)})
        file = uploaded.json()["files"][0]
        assert file["size"] == len(bomb)
        assert (await client.get(f"/api/files/{file['id']}/content")).content == bomb
        await asked(client, "What is in it?", "deltas=1", files=[file["id"]])
    stored = await squid.database.read(
        lambda db: db.execute("SELECT sum(length(data)) FROM file_contents").fetchone()[0]
    )
    assert stored < MB


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, gzip", "x"])
async def test_packed_body_is_refused(talked: Talked, encoding: str) -> None:
    client, squid, ids = talked
    before = await squid.database.read(everything)
    bomb = gzip.compress(b'{"title": "' + bytes(10 * MB) + b'"}')
    for address in READ_A_BODY:
        url = address.fill(**ids)
        headers = {"Content-Encoding": encoding}
        response = await client.request(address.method, url, content=bomb, headers=headers)
        problem(response, 415, "unsupported-media")
    form = {"Content-Type": "multipart/form-data; boundary=b", "Content-Encoding": encoding}
    problem(await client.post("/api/files", content=bomb, headers=form), 415, "unsupported-media")
    assert await squid.database.read(everything) == before


async def test_packed_import_is_refused_by_its_bytes(served: Served) -> None:
    client, squid = served
    before = await squid.database.read(everything)
    response = await client.post("/api/import", content=gzip.compress(bytes(10 * MB)))
    problem(response, 400, "malformed-body")
    assert await squid.database.read(everything) == before


HEAD = b'--b\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n'
FORMS = {
    "many-fields": b'--b\r\nContent-Disposition: form-data; name="f"\r\n\r\nx\r\n' * 50_000,
    "many-files": (HEAD + b"\r\nx\r\n") * 50_000,
    "endless-header": HEAD + b"X-Long: " + b"x" * 20 * MB,
    "many-headers": HEAD + b"X: y\r\n" * 500_000,
    "endless-name": b'--b\r\nContent-Disposition: form-data; name="' + b"x" * 20 * MB,
    "endless-field": b'--b\r\nContent-Disposition: form-data; name="f"\r\n\r\n' + b"x" * 20 * MB,
    "no-name": b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n",
    "no-disposition": b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--\r\n",
    "no-headers": b"--b\r\n\r\nx\r\n--b--\r\n",
    "boundaries": b"--b\r\n" * 500_000,
    "almost-boundaries": HEAD + b"\r\n" + b"\r\n--" * 5_000_000 + b"\r\n--c",
    "preamble": b"x" * 20 * MB,
    "options": b"--b\r\nContent-Disposition: form-data; " + b'a="b"; ' * 500 + b"\r\n\r\nx",
}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.filterwarnings("ignore:Unclosed file:ResourceWarning")  # Starlette's, not ours
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_form_bomb_is_refused_at_once(served: Served, name: str) -> None:
    client, squid = served
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    began = time.monotonic()
    response = await client.post("/api/files", content=FORMS[name], headers=headers)
    assert response.status_code in (400, 413, 422), response.text[:200]
    any_problem(response)
    assert time.monotonic() - began < 10
    assert (await squid.database.read(everything))["files"] == 0


async def test_word_of_a_client_for_a_type_is_not_taken(client: httpx2.AsyncClient) -> None:
    for given in ("text/html", "image/svg+xml\r\nX-Evil: 1", "../../x", "a" * 5000):
        form = (
            b'--b\r\nContent-Disposition: form-data; name="f"; filename="a.bin"\r\n'
            b"Content-Type: " + given.encode() + b"\r\n\r\n\0\1\2\r\n--b--\r\n"
        )
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        uploaded = await client.post("/api/files", content=form, headers=headers)
        if uploaded.status_code == 201:
            file = uploaded.json()["files"][0]
            assert file["media_type"] == "application/octet-stream"
            down = await client.get(f"/api/files/{file['id']}/content")
            assert down.headers["content-type"] == "application/octet-stream"
            assert "x-evil" not in down.headers
        else:
            any_problem(uploaded)
