"""Messages over HTTP: send, page, edit, try again, continue, switch, delete."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest

from squid.core import Squid
from squid.ids import new_id
from tests.http.talk import asked, ended, events, problem, question, shown, started, text

Served = tuple[httpx2.AsyncClient, Squid]
FIVE = "w0 w1 w2 w3 w4 "


def my_id() -> str:
    return f"local.assistant.{new_id()}"


async def new_session(client: httpx2.AsyncClient, **fields: Any) -> str:
    return str((await client.post("/api/sessions", json=fields)).json()["id"])


async def test_message_is_answered(client: httpx2.AsyncClient) -> None:
    run = await asked(client, "Why?")
    sent, answer = run["messages"]
    assert (sent["role"], sent["status"], sent["content"]) == ("user", "complete", "Why?")
    assert (answer["role"], answer["status"], answer["content"]) == ("assistant", "pending", "")
    assert sent["id"].startswith("local.assistant.")
    assert answer["id"].startswith("assistant.local.")
    assert answer["parent_id"] == sent["id"]
    assert run["session"]["title"] == "Why?"
    stored = (await client.get(f"/api/messages/{answer['id']}")).json()
    assert (stored["status"], stored["content"]) == ("complete", FIVE)
    assert stored["usage"]["output_tokens"] > 0
    assert stored["run_id"] == run["run"]["id"]
    session = (await client.get(f"/api/sessions/{run['session']['id']}")).json()["session"]
    assert (session["message_count"], session["live_run_id"]) == (2, None)
    assert session["head"] == answer["id"]


async def test_pages_go_both_ways(client: httpx2.AsyncClient) -> None:
    session_id = await new_session(client)
    for number in range(4):
        await asked(client, f"q{number}", "deltas=1", session_id)
    url = f"/api/sessions/{session_id}/messages"
    everything = (await client.get(url)).json()
    assert (everything["older"], everything["newer"]) == (False, False)
    ids = [message["id"] for message in everything["messages"]]
    assert len(ids) == 8

    async def page(**params: Any) -> tuple[list[str], bool, bool]:
        found = (await client.get(url, params=params)).json()
        return [m["id"] for m in found["messages"]], found["older"], found["newer"]

    assert await page(limit=3) == (ids[5:], True, False)
    assert await page(limit=3, before=ids[5]) == (ids[2:5], True, True)
    assert await page(limit=3, before=ids[2]) == (ids[:2], False, True)
    assert await page(limit=3, after=ids[1]) == (ids[2:5], True, True)
    assert await page(limit=3, after=ids[4]) == (ids[5:], True, False)


# -- a retry happens once (P5) ---------------------------------------------------------


async def test_resent_message_is_the_first_one(client: httpx2.AsyncClient) -> None:
    session_id = await new_session(client)
    url = f"/api/sessions/{session_id}/messages"
    body = question("Once", id=my_id())
    first = await started(await client.post(url, json=body))
    await ended(client, first["run"]["id"])
    again = await started(await client.post(url, json=body))
    assert again["run"]["id"] == first["run"]["id"]
    assert [m["id"] for m in again["messages"]] == [m["id"] for m in first["messages"]]
    assert await shown(client, session_id) == ["Once", FIVE]


async def test_ten_at_once_are_one_message_and_one_run(served: Served) -> None:
    client, squid = served
    session_id = await new_session(client)
    body = question("Once", "deltas=10,delay_ms=5", id=my_id())
    responses = await asyncio.gather(
        *(client.post(f"/api/sessions/{session_id}/messages", json=body) for _ in range(10))
    )
    runs = [(await started(response))["run"]["id"] for response in responses]
    assert len(set(runs)) == 1
    await ended(client, runs[0])
    assert len(await shown(client, session_id)) == 2
    count = await squid.database.read(lambda db: db.execute("SELECT count(*) FROM runs").fetchone())
    assert count == (1,)


@pytest.mark.parametrize(
    "change",
    [{"content": "Twice"}, {"files": ["FILE"]}, {"content": ""}],
    ids=["content", "files", "empty"],
)
async def test_same_id_with_other_content_is_a_conflict(
    client: httpx2.AsyncClient, change: dict[str, Any]
) -> None:
    session_id = await new_session(client)
    if "files" in change:
        form = await client.post("/api/files", files={"f": ("a.txt", b"words")})
        change = {"files": [form.json()["files"][0]["id"]]}
    id_ = my_id()
    await asked(client, "Once", session_id=session_id, id=id_)
    body = {"message": {"id": id_, "content": "Once"} | change}
    problem(await client.post(f"/api/sessions/{session_id}/messages", json=body), 409, "id-taken")
    assert await shown(client, session_id) == ["Once", FIVE]


async def test_same_id_in_another_session_is_a_conflict(client: httpx2.AsyncClient) -> None:
    id_ = my_id()
    await asked(client, "Once", id=id_)
    other = await new_session(client)
    body = question("Once", id=id_)
    problem(await client.post(f"/api/sessions/{other}/messages", json=body), 409, "id-taken")
    assert await shown(client, other) == []


@pytest.mark.parametrize("action", ["edit", "retry", "continue"])
async def test_other_ways_to_ask_happen_once_too(client: httpx2.AsyncClient, action: str) -> None:
    script = "deltas=9,cut_after=2"
    run = await asked(client, "Why?", script)
    sent, answer = (message["id"] for message in run["messages"])
    urls = {
        "edit": ("PATCH", f"/api/messages/{sent}", {"id": my_id(), "content": "How?"}),
        "retry": ("POST", f"/api/messages/{answer}/retry", {"run_id": "my-run"}),
        "continue": ("POST", f"/api/messages/{answer}/continue", {"run_id": "my-run"}),
    }
    method, url, body = urls[action]
    responses = await asyncio.gather(*(client.request(method, url, json=body) for _ in range(10)))
    runs = {(await started(response))["run"]["id"] for response in responses}
    assert len(runs) == 1
    await ended(client, runs.pop())


@pytest.mark.parametrize("action", ["retry", "continue"])
async def test_run_id_used_for_something_else_is_a_conflict(
    client: httpx2.AsyncClient, action: str
) -> None:
    await asked(client, "One", run_id="my-run")
    other = await asked(client, "Two", "deltas=9,cut_after=2")
    url = f"/api/messages/{other['run']['message_id']}/{action}"
    problem(await client.post(url, json={"run_id": "my-run"}), 409, "id-taken")
    send = question("Three", run_id="my-run")
    url = f"/api/sessions/{other['session']['id']}/messages"
    problem(await client.post(url, json=send), 409, "id-taken")
    assert len(await shown(client, other["session"]["id"])) == 2


async def test_second_live_run_is_refused_with_the_first_ones_id(
    client: httpx2.AsyncClient,
) -> None:
    session_id = await new_session(client)
    url = f"/api/sessions/{session_id}/messages"
    first = await started(await client.post(url, json=question(script="stall_after=1")))
    sent, answer = (message["id"] for message in first["messages"])
    attempts = [
        ("POST", url, question("Two")),
        ("POST", "/api/chat", question("Two", session_id=session_id)),
        ("PATCH", f"/api/messages/{sent}", {"content": "Two"}),
        ("POST", f"/api/messages/{sent}/retry", {}),
        ("POST", f"/api/messages/{answer}/retry", {}),
    ]
    for method, where, body in attempts:
        refused = problem(await client.request(method, where, json=body), 409, "run-in-progress")
        assert refused["run_id"] == first["run"]["id"]
    page = (await client.get(url)).json()["messages"]
    assert [message["id"] for message in page] == [sent, answer], "nothing of them is stored"
    stopped = await client.post(f"/api/runs/{first['run']['id']}/stop")
    assert stopped.json()["status"] == "stopped"
    await asked(client, "Two", session_id=session_id)


# -- branches ----------------------------------------------------------------------------


async def test_edit_is_a_sibling_with_an_answer_of_its_own(client: httpx2.AsyncClient) -> None:
    first = await asked(client, "Why?")
    session_id, sent = first["session"]["id"], first["messages"][0]["id"]
    form = await client.post("/api/files", files={"f": ("a.txt", b"words")})
    file_id = form.json()["files"][0]["id"]
    response = await client.patch(
        f"/api/messages/{sent}", json={"content": "How?", "files": [file_id]}
    )
    edited = await started(response)
    await ended(client, edited["run"]["id"])
    new = edited["messages"][0]
    assert new["siblings"] == [sent, new["id"]]
    assert [file["id"] for file in new["files"]] == [file_id]
    assert await shown(client, session_id) == ["How?", FIVE]
    again = await started(await client.patch(f"/api/messages/{new['id']}", json={"content": "!"}))
    assert again["messages"][0]["files"] == new["files"], "files stay where none are named"
    await ended(client, again["run"]["id"])
    back = await client.patch(f"/api/sessions/{session_id}", json={"head": sent})
    assert back.json()["head"] == first["run"]["message_id"]
    assert await shown(client, session_id) == ["Why?", FIVE]


async def test_edit_in_the_middle_keeps_what_was_before(client: httpx2.AsyncClient) -> None:
    session_id = await new_session(client)
    await asked(client, "One", "deltas=1", session_id)
    second = await asked(client, "Two", "deltas=1", session_id)
    await asked(client, "Three", "deltas=1", session_id)
    url = f"/api/messages/{second['messages'][0]['id']}"
    edited = await started(await client.patch(url, json={"content": "2", "model": "script:"}))
    await ended(client, edited["run"]["id"])
    assert [c for c in await shown(client, session_id) if not c.startswith("w")] == ["One", "2"]
    await client.patch(f"/api/sessions/{session_id}", json={"head": second["run"]["message_id"]})
    said = [c for c in await shown(client, session_id) if not c.startswith("w")]
    assert said == ["One", "Two", "Three"], "switching shows the branch to its end"


@pytest.mark.parametrize("target", [0, 1], ids=["question", "answer"])
async def test_retry_is_a_sibling_of_the_answer(client: httpx2.AsyncClient, target: int) -> None:
    first = await asked(client, "Why?")
    url = f"/api/messages/{first['messages'][target]['id']}/retry"
    retried = await started(await client.post(url, json={"model": "script:deltas=2"}))
    await ended(client, retried["run"]["id"])
    [new] = retried["messages"]
    assert new["siblings"] == [first["run"]["message_id"], new["id"]]
    assert await shown(client, first["session"]["id"]) == ["Why?", "w0 w1 "]


async def test_continue_goes_on_in_the_same_message(client: httpx2.AsyncClient) -> None:
    first = await asked(client, "Why?", "deltas=9,cut_after=2")
    answer = first["run"]["message_id"]
    response = await client.post(
        f"/api/messages/{answer}/continue", json={"model": "script:deltas=2"}
    )
    more = await started(response)
    found = await ended(client, more["run"]["id"])
    assert found[1].data["value"]["text_start"] == len("w0 w1 ")
    assert more["run"]["message_id"] == answer
    message = (await client.get(f"/api/messages/{answer}")).json()
    assert (message["status"], message["content"]) == ("complete", "w0 w1 " + text(found))
    problem(await client.post(f"/api/messages/{answer}/continue", json={}), 409, "conflict")


@pytest.mark.parametrize(
    ("method", "target", "action", "status", "code"),
    [
        ("PATCH", 1, "", 422, "invalid-request"),  # an answer is not the user's to edit
        ("POST", 0, "/continue", 409, "conflict"),
        ("POST", 1, "/continue", 409, "conflict"),  # it is complete
    ],
)
async def test_what_makes_no_sense_is_refused(
    client: httpx2.AsyncClient, method: str, target: int, action: str, status: int, code: str
) -> None:
    run = await asked(client)
    url = f"/api/messages/{run['messages'][target]['id']}{action}"
    body = {"content": "x"} if method == "PATCH" else {}
    problem(await client.request(method, url, json=body), status, code)


async def test_answer_that_others_follow_cannot_be_continued(client: httpx2.AsyncClient) -> None:
    first = await asked(client, "Why?", "deltas=9,cut_after=2")
    await asked(client, "And?", session_id=first["session"]["id"])
    url = f"/api/messages/{first['run']['message_id']}/continue"
    assert "gone on" in problem(await client.post(url, json={}), 409, "conflict")["detail"]


async def test_parent_says_what_a_message_follows(client: httpx2.AsyncClient) -> None:
    first = await asked(client, "One", "deltas=1")
    session_id = first["session"]["id"]
    await asked(client, "Two", "deltas=1", session_id)
    await asked(client, "Other", "deltas=1", session_id, parent_id=first["run"]["message_id"])
    assert await shown(client, session_id) == ["One", "w0 ", "Other", "w0 "]
    elsewhere = (await asked(client, "Elsewhere"))["run"]["message_id"]
    body = question("x", parent_id=elsewhere)
    url = f"/api/sessions/{session_id}/messages"
    problem(await client.post(url, json=body), 422, "invalid-request")


async def test_deleted_message_is_out_of_sight_until_restored(client: httpx2.AsyncClient) -> None:
    run = await asked(client, "Secret", "deltas=1")
    session_id, sent = run["session"]["id"], run["messages"][0]["id"]
    deleted = (await client.delete(f"/api/messages/{sent}")).json()
    assert deleted["deleted_at"] is not None
    assert (await client.delete(f"/api/messages/{sent}")).json() == deleted
    assert await shown(client, session_id) == ["w0 "]
    echoed = await asked(client, "Hm", "text=echo", session_id)
    answer = (await client.get(f"/api/messages/{echoed['run']['message_id']}")).json()
    assert answer["content"] == "Hm", "the model does not see it either"
    restored = (await client.post(f"/api/messages/{sent}/restore")).json()
    assert restored["deleted_at"] is None
    assert (await shown(client, session_id))[0] == "Secret"


@pytest.mark.parametrize("content", ["a\0b", "🦑\u2028\u2029\x85", "x" * 1_000_000, "<b>&amp;\r\n"])
async def test_any_text_comes_back_as_it_was(client: httpx2.AsyncClient, content: str) -> None:
    run = await asked(client, content, "deltas=1")
    message = (await client.get(f"/api/messages/{run['messages'][0]['id']}")).json()
    assert message["content"] == content


async def test_answer_is_written_while_the_asker_is_gone(client: httpx2.AsyncClient) -> None:
    """P2"""
    session_id = await new_session(client)
    url = f"/api/sessions/{session_id}/messages"
    run = await started(await client.post(url, json=question(script="deltas=30,delay_ms=3")))
    await events(client, f"/api/runs/{run['run']['id']}/events", count=3)
    assert text(await ended(client, run["run"]["id"])).endswith("w29 ")
