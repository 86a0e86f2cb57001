from __future__ import annotations

import http.client
import json
import re
import socket
import time
from urllib.parse import urlsplit

import pytest

from squid.config import load
from tests.cli.conftest import Squid
from tests.server import Server


def connect(server: Server) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)


def ask(server: Server, script: str) -> http.client.HTTPConnection:
    """Ask, and return the connection once the answer has begun."""
    connection = connect(server)
    body = {"message": {"content": "Hello"}, "model": f"script:{script}"}
    connection.request("POST", "/api/chat", json.dumps(body), {"Content-Type": "application/json"})
    response = connection.getresponse()
    assert response.status == 200
    while b"TEXT_MESSAGE_CONTENT" not in response.readline():
        pass
    return connection


def test_it_says_where_it_is_and_who_answers(squid: Squid) -> None:
    process = squid.start("serve", "--port", "0")
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline().decode() for _ in range(3)]
        assert lines[0].startswith("Squid is at http://127.0.0.1:")
        assert lines[1] == "  model  script:deltas=5 (anthropic)\n"
        assert lines[2] == f"  data   {squid.data}\n"
        connection = http.client.HTTPConnection(lines[0].rpartition("/")[2].strip())
        connection.request("GET", "/healthz")
        assert connection.getresponse().status == 200
        connection.close()
    finally:
        process.terminate()
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, b"", b"")


def test_without_a_model_it_starts_and_says_how_to_get_one(squid: Squid) -> None:
    squid.env = {"SQUID_PROVIDER_NAME": "anthropic"}
    process = squid.start("serve", "--port", "0")
    try:
        assert process.stdout is not None
        said = b"".join(process.stdout.readline() for _ in range(4)).decode()
        assert "none yet: There is no key for Anthropic." in said
        assert "ANTHROPIC_API_KEY" in said
    finally:
        process.terminate()
        process.communicate(timeout=10)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_without_a_token_only_loopback(squid: Squid, host: str) -> None:
    done = squid("serve", "--port", "0", "--host", host)
    assert done.returncode == 2
    assert done.stderr.startswith(f"squid: Squid does not listen on {host} without a token:")
    assert not (squid.data / "squid.db").exists()
    hint = re.search(
        rf"^hint: SQUID_SERVER_TOKEN=(\S+) squid serve --host {host}$", done.stderr, re.M
    )
    assert hint is not None
    load(environ={"SQUID_SERVER_TOKEN": hint[1]})  # it is one that is taken
    again = squid("serve", "--port", "0", "--host", host)
    assert hint[1] not in again.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_with_a_token_others_reach_it_too(squid: Squid, host: str) -> None:
    token = "a-token-of-this-test"
    squid.env |= {"SQUID_SERVER_TOKEN": token, "SQUID_SERVER_HOST": host}
    process = squid.start("serve", "--port", "0")
    try:
        assert process.stdout is not None
        first, also = (process.stdout.readline().decode() for _ in range(2))
        loopback = "127.0.0.1" if host == "0.0.0.0" else "[::1]"
        assert re.fullmatch(rf"Squid is at http://{re.escape(loopback)}:\d+\n", first)
        assert re.fullmatch(r"  also   http://\S+:\d+, for whoever has the token\n", also)
        # Commands of this machine find it, and have the same configuration.
        assert squid("ask", "Hello").returncode == 0
        assert "Bearer" in urlopened(first.split()[-1], None)
        assert urlopened(first.split()[-1], token) == "200"
        wrong = squid("ask", "Hello", SQUID_SERVER_TOKEN="another-token-of-mine")
        assert wrong.returncode == 2
        assert "wants its token, and this command has another one" in wrong.stderr
        assert "SQUID_SERVER_TOKEN" in wrong.stderr
        none = squid("ask", "Hello", SQUID_SERVER_TOKEN="", SQUID_SERVER_HOST="127.0.0.1")
        assert none.returncode == 2
        assert "this command has none" in none.stderr
    finally:
        process.terminate()
        out, err = process.communicate(timeout=10)
    assert token not in first + also + (out + err).decode()
    assert len(squid.answers()) == 1


def urlopened(url: str, token: str | None) -> str:
    """The status, or what the server wants."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    connection.request(
        "GET", "/api/sessions", headers={"Authorization": f"Bearer {token}"} if token else {}
    )
    response = connection.getresponse()
    told = response.headers.get_all("WWW-Authenticate") or [str(response.status)]
    connection.close()
    return " ".join(told)


def test_a_host_that_is_no_address(squid: Squid) -> None:
    done = squid("serve", "--host", "not a host")
    assert done.returncode == 2
    assert done.stderr == "squid: There is no address with the name 'not a host'.\n"


def test_a_port_that_another_program_has(squid: Squid) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = squid("serve", "--port", str(port))
    assert done.returncode == 3
    assert done.stderr.startswith(f"squid: Port {port} is in use by another program.\n")
    assert "squid serve --port" in done.stderr


def test_a_port_that_squid_has_itself(squid: Squid) -> None:
    with squid.serve() as server:
        done = squid("serve", "--port", server.url.rpartition(":")[2])
    assert done.returncode == 3
    assert done.stderr.startswith(f"squid: Squid is already running at {server.url}\n")


def test_a_file_that_is_no_database(squid: Squid) -> None:
    (squid.data / "squid.db").write_text("This is a letter, and no database at all. " * 100)
    done = squid("serve", "--port", "0")
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr.splitlines()[0] == (
        f"squid: {squid.data / 'squid.db'} is not an SQLite database."
    )


def test_a_signal_that_comes_twice_at_once_is_one(squid: Squid) -> None:
    with squid.serve() as server:
        server.terminate()
        server.terminate()
        assert server.wait() == 0
        assert server.stderr == ""
    assert "stopped" in squid("logs").stdout


def test_sigterm_ends_it_soon_with_readers_and_answers(squid: Squid) -> None:
    with squid.serve() as server:
        feed = connect(server)
        feed.request("GET", "/api/events")
        assert feed.getresponse().status == 200
        answer = ask(server, "never_ending=1,delay_ms=5")
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < 2
        feed.close()
        answer.close()
        assert server.stderr == ""
    ((status, content),) = squid.answers()
    assert status == "interrupted"
    assert content.startswith("w0 w1 ")


def test_ctrl_c(squid: Squid) -> None:
    with squid.serve() as server:
        server.interrupt()
        assert server.wait() == 130
        assert server.stderr == ""


def test_it_announces_itself_while_it_runs(squid: Squid) -> None:
    from squid.store.worker import servers

    database = squid.data / "squid.db"
    with squid.serve() as server:
        assert servers(database) == [server.url]
        server.restart()
        assert servers(database) == [server.url]
        server.stop()
        assert servers(database) == []
