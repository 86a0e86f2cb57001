"""The page, as it is served. What it does in a browser is `tests/web`'s."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx2
import pytest

from squid.config import Config
from squid.http import page
from tests.conftest import serving
from tests.http.talk import problem
from tests.http.test_compression import raw
from tests.http.test_token import BEARER, TOKEN, basic

INDEX = '<!doctype html><script type="module" src="/assets/index-Ab_1-x.js"></script>'
SCRIPT = b"console.log('squid')\n" * 100
ADDRESSES = ("/", "/sessions/01a1ff6f", "/sessions/%2e%2e", "/archive", "/trash")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "page"
    assets = folder / "assets"
    assets.mkdir(parents=True)
    (folder / "index.html").write_text(INDEX, "utf-8")
    (folder / "worker.js").write_bytes(SCRIPT)
    (assets / "index-Ab_1-x.js").write_bytes(SCRIPT)
    (assets / "index-Ab_1-x.js.gz").write_bytes(gzip.compress(SCRIPT))
    (assets / "index-Ab_1-x.js.br").write_bytes(b"packed otherwise")
    (assets / "style-2.css").write_text("body { margin: 0 }")
    (assets / "squid-3.svg").write_text("<svg/>")
    (assets / "maths-4.woff2").write_bytes(b"wOF2")
    (assets / "notes.txt").write_text("not of the page")
    monkeypatch.setattr(page, "FOLDER", folder)
    return folder


@pytest.fixture
async def paged(folder: Path, client: httpx2.AsyncClient) -> httpx2.AsyncClient:
    return client


@pytest.fixture
async def locked(
    folder: Path, configure: Callable[..., Config]
) -> AsyncIterator[httpx2.AsyncClient]:
    async with serving(configure(server__token=TOKEN)) as (client, _):
        yield client


@pytest.mark.parametrize("address", ADDRESSES)
async def test_its_addresses_are_one_document(paged: httpx2.AsyncClient, address: str) -> None:
    response = await paged.get(address)
    assert (response.status_code, response.text) == (200, INDEX)
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["cache-control"] == "private, no-cache"
    head = await paged.head(address)
    assert (head.status_code, head.text) == (200, "")
    assert head.headers["content-length"] == str(len(INDEX))
    assert problem(await paged.post(address), 405, "method-not-allowed")


async def test_it_may_load_what_is_its_own_and_nothing_else(paged: httpx2.AsyncClient) -> None:
    told = (await paged.get("/")).headers["content-security-policy"]
    parts = dict(part.split(" ", 1) for part in told.split("; "))
    assert parts["default-src"] == parts["base-uri"] == parts["frame-ancestors"] == "'none'"
    assert parts["script-src"] == parts["style-src"] == parts["connect-src"] == "'self'"
    assert "unsafe" not in told
    assert "*" not in told
    assert "http" not in told


async def test_its_worker_may_ask_the_server(paged: httpx2.AsyncClient, folder: Path) -> None:
    response = await paged.get("/worker.js")
    assert (response.status_code, response.content) == (200, SCRIPT)
    assert response.headers["content-type"] == "text/javascript; charset=utf-8"
    # A browser asks for it now and then, and takes a new one only where it may.
    assert response.headers["cache-control"] == "private, no-cache"
    policy = (await paged.get("/")).headers["content-security-policy"]
    assert response.headers["content-security-policy"] == policy
    known = {"If-None-Match": response.headers["etag"]}
    assert (await paged.get("/worker.js", headers=known)).status_code == 304
    (folder / "worker.js").unlink()
    problem(await paged.get("/worker.js"), 404, "not-found")


async def test_who_has_it_is_not_sent_it_again(paged: httpx2.AsyncClient, folder: Path) -> None:
    first = await paged.get("/")
    known = {"If-None-Match": first.headers["etag"]}
    again = await paged.get("/archive", headers=known)
    assert (again.status_code, again.content) == (304, b"")
    # A browser takes a 304's headers in place of those that it kept.
    for name in ("etag", "cache-control", "content-security-policy"):
        assert again.headers[name] == first.headers[name]
    (folder / "index.html").write_text("built anew")
    assert (await paged.get("/", headers=known)).text == "built anew"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("index-Ab_1-x.js", "text/javascript; charset=utf-8"),
        ("style-2.css", "text/css; charset=utf-8"),
        ("squid-3.svg", "image/svg+xml"),
        ("maths-4.woff2", "font/woff2"),
    ],
)
async def test_its_parts_are_kept_for_good(
    paged: httpx2.AsyncClient, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, kind: str
) -> None:
    # As on machines whose registry was changed by another program.
    monkeypatch.setattr("mimetypes.guess_type", lambda *args, **kwargs: ("text/plain", None))
    content, headers = await raw(paged, f"/assets/{name}", "identity")
    assert content == (folder / "assets" / name).read_bytes()
    assert headers["content-type"] == kind
    assert headers["cache-control"] == "public, max-age=31536000, immutable"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["vary"] == "Accept-Encoding"
    assert (await paged.head(f"/assets/{name}")).status_code == 200


@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("gzip;q=0", None),
        ("identity", None),
    ],
)
async def test_its_parts_are_sent_as_they_were_packed(
    paged: httpx2.AsyncClient, folder: Path, accept: str, coding: str | None
) -> None:
    content, headers = await raw(paged, "/assets/index-Ab_1-x.js", accept)
    assert headers.get("content-encoding") == coding
    ending = {"br": ".br", "gzip": ".gz", None: ""}[coding]
    assert content == (folder / f"assets/index-Ab_1-x.js{ending}").read_bytes()
    assert headers.get_list("vary", split_commas=True) == ["Accept-Encoding"]
    assert headers["content-type"] == "text/javascript; charset=utf-8"
    known = {"If-None-Match": headers["etag"], "Accept-Encoding": accept}
    again = await paged.get("/assets/index-Ab_1-x.js", headers=known)
    assert again.status_code == 304
    assert again.headers["cache-control"] == headers["cache-control"]


async def test_what_was_not_packed_is_sent_all_the_same(
    paged: httpx2.AsyncClient, folder: Path
) -> None:
    (folder / "assets/index-Ab_1-x.js.br").unlink()
    (folder / "assets/index-Ab_1-x.js.gz").unlink()
    content, headers = await raw(paged, "/assets/index-Ab_1-x.js", "br, gzip")
    assert headers["content-encoding"] == "gzip"  # done now
    assert gzip.decompress(content) == SCRIPT


async def test_where_compression_is_off_nothing_is_packed(
    folder: Path, configure: Callable[..., Config]
) -> None:
    async with serving(configure(performance__enable_compression=False)) as (client, _):
        content, headers = await raw(client, "/assets/index-Ab_1-x.js", "br, gzip")
    assert (content, headers.get("content-encoding")) == (SCRIPT, None)


OUTSIDE = [
    "index-Old.js",
    "..%2findex.html",
    "..%2f..%2fsecret.js",
    "..%5csecret.js",
    "%2e%2e/%2e%2e/secret.js",
    "....js",
    "index-Ab_1-x.js%00.css",
    "index-Ab_1-x.js/",
    "index-Ab_1-x.js.gz",
    "notes.txt",
    "",
]


@pytest.mark.parametrize("name", OUTSIDE)
async def test_there_is_nothing_else(paged: httpx2.AsyncClient, folder: Path, name: str) -> None:
    (folder.parent / "secret.js").write_text("secret")
    (folder / "secret.js").write_text("secret")
    response = await paged.get(f"/assets/{name}", follow_redirects=True)
    assert "secret" not in response.text
    if name.endswith("x.js/"):  # sent on to where it is, like every address
        assert str(response.url).endswith("/assets/index-Ab_1-x.js")
        return
    problem(response, 404, "not-found")
    assert response.headers["cache-control"] == "private, no-cache"


async def test_part_that_is_gone_says_what_to_do(paged: httpx2.AsyncClient) -> None:
    found = problem(await paged.get("/assets/index-Old.js"), 404, "not-found")
    assert "load it anew" in found["hint"]
    problem(await paged.get("/nowhere"), 404, "not-found")
    problem(await paged.get("/sessions"), 404, "not-found")


async def test_behind_a_token_there_is_none_of_it(locked: httpx2.AsyncClient) -> None:
    for address in (*ADDRESSES, "/assets/index-Ab_1-x.js"):
        refused = await locked.get(address)
        problem(refused, 401, "unauthorized")
        assert refused.headers["cache-control"] == "private, no-cache"
        assert "Basic" in refused.headers["www-authenticate"]
        for right in (BEARER, basic("ada", TOKEN)):
            assert (await locked.get(address, headers=right)).status_code == 200


async def test_other_sites_do_not_get_it(paged: httpx2.AsyncClient) -> None:
    asset = "/assets/index-Ab_1-x.js"
    for headers in (
        {"Origin": "https://evil.example"},
        {"Host": "evil.example"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    ):
        for address in ("/", asset):
            problem(await paged.get(address, headers=headers), 403, "forbidden")
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert (await paged.get("/", headers=link)).status_code == 200


async def test_it_counts_as_a_request(folder: Path, configure: Callable[..., Config]) -> None:
    async with serving(configure(performance__rate_limit_requests_per_minute=2)) as (client, _):
        assert [(await client.get("/")).status_code for _ in range(3)] == [200, 200, 429]


async def test_where_it_was_not_built(paged: httpx2.AsyncClient, folder: Path) -> None:
    (folder / "index.html").unlink()
    response = await paged.get("/")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert "squid ask" in response.text
    assert f"{paged.base_url}/api/chat" in response.text
    assert "CONTRIBUTING.md" in response.text
    assert "CONTRIBUTING.md" in problem(await paged.get("/archive"), 404, "not-found")["hint"]


async def test_where_it_is_off(folder: Path, configure: Callable[..., Config]) -> None:
    async with serving(configure(features__page=False)) as (client, _):
        response = await client.get("/")
        assert "features.page" in response.text
        assert "squid ask" in response.text
        for address in (*ADDRESSES[1:], "/assets/index-Ab_1-x.js"):
            assert "features.page" in problem(await client.get(address), 404, "not-found")["hint"]


async def test_welcome_names_what_is_on(configure: Callable[..., Config]) -> None:
    for docs in (True, False):
        async with serving(configure(features__page=False, features__docs=docs)) as (client, _):
            assert ("/docs" in (await client.get("/")).text) == docs
