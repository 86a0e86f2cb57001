"""Files over HTTP: up, down, and what is not taken."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import pytest

from squid.config import Config
from squid.core import Squid
from tests.conftest import serving
from tests.http.talk import asked, everything, problem

Served = tuple[httpx2.AsyncClient, Squid]
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


@pytest.fixture
async def small(configure: Callable[..., Config]) -> AsyncIterator[Served]:
    """Takes two files of 1 MB."""
    config = configure(files__max_file_size_mb=1, files__max_files_per_message=2)
    async with serving(config) as (client, squid):
        yield client, squid


async def upload(client: httpx2.AsyncClient, name: str, content: bytes) -> dict[str, Any]:
    response = await client.post("/api/files", files={"file": (name, content)})
    assert response.status_code == 201, response.text
    [file] = response.json()["files"]
    return dict(file)


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("notes.md", "# Grüße 🦑".encode(), "text/markdown"),
        ("data.json", b'{"a": 1}', "application/json"),
        ("empty.txt", b"", "text/plain"),
        ("picture.txt", PNG, "image/png"),  # what it is, not what it is called
        ("page.html", b"<script>alert(1)</script>", "text/html"),
        ("noise", random.Random(1).randbytes(50_000), "application/octet-stream"),
        ("nul.txt", b"a\0b", "application/octet-stream"),
        ("repeated.txt", b"again and again " * 10_000, "text/plain"),
    ],
)
async def test_file_comes_back_as_it_was(
    client: httpx2.AsyncClient, name: str, content: bytes, media_type: str
) -> None:
    file = await upload(client, name, content)
    assert (file["name"], file["size"], file["media_type"]) == (name, len(content), media_type)
    url = f"/api/files/{file['id']}"
    assert (await client.get(url)).json() == file
    down = await client.get(f"{url}/content")
    assert down.content == content
    assert down.headers["content-type"].partition(";")[0] == media_type


async def test_download_never_becomes_a_page_of_ours(client: httpx2.AsyncClient) -> None:
    file = await upload(client, 'a"b;c\u00e9.html', b"<script>alert(1)</script>")
    headers = (await client.get(f"/api/files/{file['id']}/content")).headers
    assert headers["content-disposition"].startswith("attachment; filename*=UTF-8''a")
    assert '"' not in headers["content-disposition"]
    assert "sandbox" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["etag"] == f'"{file["sha256"]}"'


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\win.ini", "win.ini"),
        ("..", "file"),
        ("/", "file"),
        (".bashrc", ".bashrc"),
        ("a\u202egnp.exe", "agnp.exe"),
        ("x" * 1000, "x" * 200),
        ("🦑" * 300, "🦑" * 200),
        (" ", "file"),
        ("...", "file"),
        ("a\u2066b\u061c\u200b.txt", "ab.txt"),
        ("a\x85\u2028b.txt", "ab.txt"),
        ("👩\u200d💻.txt", "👩\u200d💻.txt"),
        ("run.exe. . ", "run.exe"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
        ("data:text/html,x", "html,x"),
    ],
)
async def test_name_is_shown_and_never_a_path(
    client: httpx2.AsyncClient, given: str, kept: str
) -> None:
    file = await upload(client, given, b"words")
    assert file["name"] == kept
    assert (await client.get(f"/api/files/{file['id']}/content")).content == b"words"


@pytest.mark.parametrize(
    "disposition",
    [
        b'form-data; name="f"; filename="a\r\nX-Evil: 1\r\n.txt"',
        b'form-data; name="f"; filename="\xff\xfe.txt"',
        b'form-data; name="f"; filename="\0"',
        b'form-data; name="f"; filename=""',
        b"form-data; name=f; filename*=UTF-8''%00%ff%2e%2e%2fx",
    ],
)
async def test_hostile_header_of_a_part_is_no_fault_of_ours(
    client: httpx2.AsyncClient, disposition: bytes
) -> None:
    body = b"--b\r\nContent-Disposition: " + disposition + b"\r\n\r\nwords\r\n--b--\r\n"
    response = await client.post(
        "/api/files", content=body, headers={"Content-Type": "multipart/form-data; boundary=b"}
    )
    if response.status_code == 201:
        [file] = response.json()["files"]
        down = await client.get(f"/api/files/{file['id']}/content")
        assert down.status_code == 200
        assert "x-evil" not in down.headers
    else:
        assert response.status_code in (400, 422)
        problem(response, response.status_code, response.json()["type"].rpartition(":")[2])


async def test_several_files_in_one_form_are_all_kept(client: httpx2.AsyncClient) -> None:
    """Under one field's name, as browsers send what was chosen together."""
    form = [("files", (f"{name}.txt", name.encode())) for name in "abc"]
    response = await client.post("/api/files", files=form)
    assert [file["name"] for file in response.json()["files"]] == ["a.txt", "b.txt", "c.txt"]


async def test_same_file_twice_is_one(served: Served) -> None:
    client, squid = served
    files = await asyncio.gather(*(upload(client, "a.txt", b"words") for _ in range(5)))
    assert len({file["id"] for file in files}) == 1
    assert (await squid.database.read(everything))["file_contents"] == 1


async def test_message_carries_files_and_then_they_stay(client: httpx2.AsyncClient) -> None:
    file = await upload(client, "a.txt", b"words")
    run = await asked(client, "", files=[file["id"]])
    message = (await client.get(f"/api/messages/{run['messages'][0]['id']}")).json()
    assert message["files"] == [file]
    problem(await client.delete(f"/api/files/{file['id']}"), 409, "conflict")
    assert (await client.get(f"/api/files/{file['id']}/content")).content == b"words"


async def test_answers_citations_are_its_sources(client: httpx2.AsyncClient) -> None:
    file = await upload(client, "a.txt", b"Squid keeps every word.")
    run = await asked(client, "What?", "deltas=1,citations=1", files=[file["id"]])
    message = (await client.get(f"/api/messages/{run['run']['message_id']}")).json()
    source = message["sources"][0]
    assert (source["title"], source["file_id"]) == ("a.txt", file["id"])
    assert (source["start"], source["end"]) == (2, 9)
    problem(await client.delete(f"/api/files/{file['id']}"), 409, "conflict")


async def test_deleted_file_is_gone(served: Served) -> None:
    client, squid = served
    file = await upload(client, "a.txt", b"words")
    assert (await client.delete(f"/api/files/{file['id']}")).status_code == 204
    for method, url in (("GET", ""), ("GET", "/content"), ("DELETE", "")):
        response = await client.request(method, f"/api/files/{file['id']}{url}")
        problem(response, 404, "not-found")
    assert (await squid.database.read(everything))["file_contents"] == 0


# -- limits ------------------------------------------------------------------------------


async def test_too_large_a_file_is_refused(small: Served) -> None:
    client, squid = small
    mb = 1024 * 1024
    assert (await upload(client, "just.bin", bytes(mb)))["size"] == mb
    before = await squid.database.read(everything)
    for content in (bytes(mb + 1), bytes(5 * mb)):
        response = await client.post(
            "/api/files", files=[("f", ("ok.txt", b"fine")), ("f", ("big.bin", content))]
        )
        problem(response, 413, "too-large")
    assert await squid.database.read(everything) == before


async def test_too_many_files_are_refused(small: Served) -> None:
    client, squid = small
    form = [("f", (f"{number}.txt", b"words")) for number in range(3)]
    problem(await client.post("/api/files", files=form), 422, "invalid-request")
    assert (await squid.database.read(everything))["files"] == 0
    uploaded = [(await upload(client, f"{n}.txt", b"words"))["id"] for n in range(3)]
    sent = await client.post("/api/chat", json={"message": {"content": "x", "files": uploaded}})
    assert problem(sent, 422, "invalid-request")["pointer"] == "/message/files"
    run = await asked(client)
    url = f"/api/messages/{run['messages'][0]['id']}"
    edited = await client.patch(url, json={"content": "x", "files": uploaded})
    assert problem(edited, 422, "invalid-request")["pointer"] == "/files"


@pytest.mark.parametrize(
    ("content_type", "body", "status", "code"),
    [
        ("application/json", b"{}", 415, "unsupported-media"),
        ("", b"words", 415, "unsupported-media"),
        ("multipart/form-data", b"words", 400, "malformed-body"),
        ("multipart/form-data; boundary=", b"words", 400, "malformed-body"),
        ("multipart/form-data; boundary=b", b"", 422, "invalid-request"),
        ("multipart/form-data; boundary=b", b"--b--\r\n", 422, "invalid-request"),
        ("multipart/form-data; boundary=b", b"no form at all", 400, "malformed-body"),
        ("multipart/form-data; boundary=b", b"--b\r\nnonsense\r\n\r\nx\r\n--b--", 400, None),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="f"\r\n\r\nno file\r\n--b--\r\n',
            422,
            "invalid-request",
        ),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; filename="x"\r\n\r\nx\r\n--b--\r\n',
            400,
            "malformed-body",
        ),
        (f"multipart/form-data; boundary={'b' * 5000}", b"words", 400, "malformed-body"),
        ("multipart/form-data; boundary=b; charset=utf-99", b"x", 400, "malformed-body"),
    ],
)
async def test_broken_form_is_refused(
    served: Served, content_type: str, body: bytes, status: int, code: str | None
) -> None:
    client, squid = served
    response = await client.post("/api/files", content=body, headers={"Content-Type": content_type})
    problem(response, status, code or response.json()["type"].rpartition(":")[2])
    assert (await squid.database.read(everything))["files"] == 0


@pytest.mark.filterwarnings("ignore:Unclosed file:ResourceWarning")  # Starlette's, not ours
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_form_cut_off_in_a_file_is_refused(served: Served) -> None:
    client, squid = served
    body = b'--b\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\nhalf of'
    response = await client.post(
        "/api/files", content=body, headers={"Content-Type": "multipart/form-data; boundary=b"}
    )
    assert response.status_code in (400, 422)
    assert (await squid.database.read(everything))["files"] == 0


HEAD = (
    b"POST %s HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
    b"Content-Type: multipart/form-data; boundary=b\r\n\r\n"
)
PART = b'--b\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n'


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


async def connect(
    client: httpx2.AsyncClient,
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(client.base_url.host, client.base_url.port)


@pytest.mark.parametrize("path", [b"/api/files", b"/api/chat", b"/api/sessions"])
async def test_body_that_never_ends_is_refused_while_it_comes(small: Served, path: bytes) -> None:
    client, squid = small
    reader, writer = await connect(client)
    writer.write(HEAD % path + chunk(PART))
    answer = asyncio.create_task(reader.readuntil(b"\r\n\r\n"))
    sent = 0
    try:
        while not answer.done():
            writer.write(chunk(bytes(65536)))
            sent += 65536
            assert sent < 64 * 1024 * 1024, "nobody stopped it"
            await writer.drain()
            await asyncio.sleep(0)
    except ConnectionError:
        pass  # it was cut off, behind the answer
    assert (await answer).startswith(b"HTTP/1.1 413")
    writer.close()
    assert (await squid.database.read(everything))["files"] == 0


async def test_uploader_that_leaves_is_no_error(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    client, squid = served
    for path in (b"/api/files", b"/api/chat"):
        _, writer = await connect(client)
        writer.write(HEAD % path + chunk(PART) + chunk(bytes(1000)))
        await writer.drain()
        assert (await client.get("/healthz")).status_code == 200  # it has come by now
        writer.transport.abort()
        assert (await client.get("/healthz")).status_code == 200
        await client.get("/api/sessions")
    assert (await squid.database.read(everything))["files"] == 0
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
