"""P6: somebody else's id is an id that is not there."""

from __future__ import annotations

from typing import Any

from tests.http.addresses import ADDRESSES, Address, Talked, any_problem
from tests.http.talk import anns, everything, problem, question, shown


async def test_every_route_with_somebody_elses_id_says_not_found(talked: Talked) -> None:
    client, squid, mine = talked
    hers = await squid.database.write(anns)
    before = await squid.database.read(everything)
    tried = 0
    for address in ADDRESSES:
        if "{" not in address.path:
            continue
        body = {"message": {"content": "x"}} if address.path.endswith("/messages") else {}
        if address == Address("PATCH", "/api/messages/{message_id}"):
            body = {"content": "x"}
        for message_id in (hers["message_id"], hers["answer_id"]):
            url = address.fill(**(hers | {"message_id": message_id}))
            response = await client.request(address.method, url, json=body)
            problem(response, 404, "not-found")
            assert "Secret" not in response.text
            tried += 1
    assert tried >= 2 * 18
    assert await squid.database.read(everything) == before
    mine_still = await client.get(f"/api/sessions/{mine['session_id']}")
    assert mine_still.status_code == 200


async def test_somebody_elses_id_in_a_body_says_no(talked: Talked) -> None:
    client, squid, mine = talked
    hers = await squid.database.write(anns)
    before = await squid.database.read(everything)
    own, message = f"/api/sessions/{mine['session_id']}", f"/api/messages/{mine['message_id']}"
    attempts: list[tuple[str, str, Any, tuple[int, ...]]] = [
        ("POST", "/api/chat", question(session_id="hers"), (404,)),
        ("POST", "/api/chat", question(parent_id=hers["message_id"]), (404,)),
        ("POST", "/api/chat", question(files=[hers["file_id"]]), (404, 422)),
        ("POST", "/api/chat", question(id=hers["message_id"]), (422,)),
        ("POST", "/api/chat", question(run_id=hers["run_id"]), (404, 409)),
        ("POST", f"{own}/messages", question(parent_id=hers["message_id"]), (404,)),
        ("PATCH", own, {"head": hers["message_id"]}, (404,)),
        ("PATCH", message, {"content": "x", "files": [hers["file_id"]]}, (404, 422)),
        ("POST", f"{message}/retry", {"run_id": hers["run_id"]}, (404, 409)),
        ("POST", "/api/sessions", {"id": "hers"}, (404, 409)),
    ]
    for method, url, body, statuses in attempts:
        response = await client.request(method, url, json=body)
        assert response.status_code in statuses, (url, body, response.text)
        assert "Secret" not in any_problem(response)["detail"]
    page = await client.get(f"{own}/messages?before={hers['message_id']}")
    problem(page, 422, "invalid-request")
    assert await squid.database.read(everything) == before
    assert len(await shown(client, mine["session_id"])) == 2


async def test_lists_are_only_ones_own(talked: Talked) -> None:
    client, squid, mine = talked
    await squid.database.write(anns)
    listed = (await client.get("/api/sessions")).json()["sessions"]
    assert [session["id"] for session in listed] == [mine["session_id"]]
    await squid.database.write(lambda db: db.execute("UPDATE sessions SET deleted_at = 1"))
    trash = (await client.get("/api/sessions?deleted=true")).json()["sessions"]
    assert [session["id"] for session in trash] == [mine["session_id"]]
