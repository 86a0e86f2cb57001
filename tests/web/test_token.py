"""Behind a token, the page works as it does without: the browser asks for it once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest_asyncio

from squid.config import Config
from tests.conftest import serving
from tests.web.conftest import Profiles, Served
from tests.web.sight import answered, answers, numbered, questions, words, write

TOKEN = "a-token-for-the-tests"


@pytest_asyncio.fixture(loop_scope="session")
async def locked(configure: Callable[..., Config]) -> AsyncIterator[Served]:
    config = configure(server__token=TOKEN, provider__anthropic__model="script:deltas=60")
    async with serving(config) as (client, squid):
        client.headers["Authorization"] = f"Bearer {TOKEN}"
        yield Served(str(client.base_url), client, squid)


async def test_it_opens_streams_uploads_and_downloads(
    locked: Served, profiles: Profiles, tmp_path: Path
) -> None:
    context = await profiles(http_credentials={"username": "me", "password": TOKEN})
    page = await context.new_page()
    await page.goto(locked.url)
    async with page.expect_file_chooser() as chooser:
        await page.get_by_role("button", name="Attach files").click()
    note = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"High water at 04:12"}
    await (await chooser.value).set_files(note)
    await write(page, "What is in it?")
    await answered(page)
    assert await words(answers(page).last) == numbered(60)
    (session,) = (await locked.client.get("/api/sessions")).json()["sessions"]
    view = (await locked.client.get(f"/api/sessions/{session['id']}")).json()
    (file,) = view["messages"][0]["files"]
    assert file["name"] == "notes.txt"
    async with page.expect_download() as download:
        await questions(page).last.get_by_role("link", name="notes.txt").click()
    await (await download.value).save_as(tmp_path / "notes.txt")
    assert (tmp_path / "notes.txt").read_bytes() == note["buffer"]


async def test_without_it_there_is_no_page(locked: Served, profiles: Profiles) -> None:
    context = await profiles()
    answer = await context.request.get(locked.url)
    assert answer.status == 401
    assert "Basic" in answer.headers["www-authenticate"]
