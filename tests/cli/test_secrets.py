"""What is secret is in no log, no error and no export, with --debug too."""

from __future__ import annotations

import json
import subprocess
from threading import Thread
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from squid.config import load
from squid.errors import ConfigError
from tests.cli.conftest import Squid

KEY = "sk-ant-key-that-nobody-may-see"
TOKEN = "token-that-nobody-may-see"
WRONG = "a-guess-that-nobody-may-see"
SCRIPTS = ("deltas=2", "status=401", "status=500", "status=400", "cut_after=1", "malformed=json")


def call(url: str, token: str, body: Any = None) -> str:
    data = json.dumps(body).encode() if body is not None else None
    request = Request(url, data, {"Authorization": f"Bearer {token}"})
    try:
        with urlopen(request, timeout=30) as response:
            return str(response.headers) + response.read().decode()
    except HTTPError as error:
        with error:
            return str(error.headers) + error.read().decode()


@pytest.mark.parametrize("debug", [False, True])
def test_nothing_that_is_said_has_a_secret_in_it(squid: Squid, debug: bool) -> None:
    squid.env |= {
        "SQUID_SERVER_TOKEN": TOKEN,
        "SQUID_PROVIDER_ANTHROPIC_API_KEY": KEY,
        "SQUID_PROVIDER_ANTHROPIC_RETRIES": "0",
    }
    flags = ["--debug"] if debug else []
    process = squid.start(*flags, "serve", "--port", "0", stderr=subprocess.STDOUT)
    said = []
    try:
        assert process.stdout is not None
        first = process.stdout.readline().decode()
        while "Squid is at" not in first:
            said.append(first)
            first = process.stdout.readline().decode()
        url = first.split()[-1]
        # With --debug it says more than a pipe holds, and would wait for a reader.
        rest: list[bytes] = []
        reading = Thread(target=lambda out: rest.append(out.read()), args=(process.stdout,))
        reading.start()
        for script in SCRIPTS:
            body = {"message": {"content": "Hello"}, "model": f"script:{script}"}
            said.append(call(f"{url}/api/chat", TOKEN, body))
        ids = [row[0] for row in squid.rows("SELECT id FROM sessions")]
        assert len(ids) == len(SCRIPTS)
        said += [call(f"{url}/api/sessions/{id_}/export", TOKEN) for id_ in ids]
        paths = ("/", "/healthz", "/api/models", "/api/openapi.json", "/docs", "/metrics", "/none")
        said += [call(url + path, token) for path in paths for token in (TOKEN, WRONG)]
        for args in (["ask", "Hello"], ["export", "--all"], ["ask", "-s", "none", "x"]):
            done = squid(*flags, *args)
            said += [done.stdout, done.stderr]
            done = squid(*flags, *args, SQUID_SERVER_TOKEN=WRONG)
            said += [done.stdout, done.stderr]
    finally:
        process.terminate()
        process.wait(timeout=20)
    reading.join()
    said.append(rest[0].decode())
    assert ("POST /api/chat" in said[-1]) is debug  # it did say what goes on
    for secret in (KEY, TOKEN, WRONG):
        assert not [one for one in said if secret in one], secret
    assert TOKEN not in str(squid.rows("SELECT * FROM messages"))


@pytest.mark.parametrize(
    "environ",
    [
        {"SQUID_SERVER_TOKEN": "köstlich-" + TOKEN},
        {"SQUID_SERVER_TOKEN": "with a space " + TOKEN},
        {"SQUID_SERVER_TOKEN": TOKEN, "SQUID_SERVER_PORT": "x"},
        {"SQUID_SERVER_TOKEN": TOKEN, "SQUID_SERVER_ALLOWED_ORIGINS": "*"},
        {"SQUID_SERVER_TOKENS": TOKEN},
    ],
)
def test_a_wrong_setting_is_told_without_it(environ: dict[str, str]) -> None:
    with pytest.raises(ConfigError) as caught:
        load(environ=environ)
    assert TOKEN not in caught.value.detail + (caught.value.hint or "")
