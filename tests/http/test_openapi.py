"""The document that describes the API, and that it tells the truth."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx2
import jsonschema
import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from openapi_spec_validator import OpenAPIV31SpecValidator

from squid import errors
from squid.app import create_app
from squid.config import load
from squid.http import exchange, page
from squid.http.endpoint import STREAM, Endpoint
from squid.http.openapi import document
from squid.http.routes import ROUTES
from squid.runs import events
from squid.store import runs
from tests.http.addresses import Served
from tests.http.talk import asked, problem
from tests.http.talk import events as followed
from tests.server import Server, anthropic_at
from tests.upstream import Upstream

DOCUMENT = document(ROUTES)
SCHEMAS = DOCUMENT["components"]["schemas"]
KINDS = {kind for kind in vars(errors).values() if hasattr(kind, "code")}


def operation(route: Endpoint) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["paths"][route.path][route.method.lower()]
    return found


def valid(value: Any, name: str) -> None:
    """Hold a value against one of the document's schemas."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    jsonschema.Draft202012Validator(schema).validate(value)


# -- the document ---------------------------------------------------------------------------


def test_document_is_valid_openapi() -> None:
    OpenAPIV31SpecValidator(DOCUMENT).validate()
    assert DOCUMENT["openapi"].startswith("3.1.")


def test_every_route_is_in_it_and_no_other(tmp_path: Path) -> None:
    config = load(environ={}, flags={"data": str(tmp_path)})
    app = create_app(config)
    served = {
        (route.path, method.lower())  # type: ignore[attr-defined]
        for route in app.routes
        for method in route.methods - {"HEAD"}  # type: ignore[attr-defined]
    }
    for_people = {(route.path, "get") for route in page.routes(config)}
    assert served - for_people == {
        (path, method) for path, ways in DOCUMENT["paths"].items() for method in ways
    }
    ids = [operation(route)["operationId"] for route in ROUTES]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.id)
def test_handler_reads_what_its_route_says(route: Endpoint) -> None:
    code = inspect.getsource(route.endpoint)
    reads = set(re.findall(r"(?:read|query|parse)\(.*?, ([A-Z]\w+)\)", code))
    if route.id == "transfer.import":
        reads.add("Document")  # by the importer, from a file on disk
    if "last_event_id(" in code:
        reads.add(exchange.Resume.__name__)
    told = {one for one in (route.body, route.query) if isinstance(one, msgspec.StructMeta)}
    assert reads == {one.__name__ for one in told}


def test_only_the_declared_parameters_are_read() -> None:
    for path in Path(exchange.__file__).parent.glob("*.py"):
        assert path.name == "exchange.py" or "query_params" not in path.read_text("utf-8")


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.id)
def test_everything_is_described(route: Endpoint) -> None:
    told = operation(route)
    assert re.fullmatch(r"[A-Z].{8,}[^.]", told["summary"]), told["summary"]
    for one in told["parameters"]:
        assert one["in"] == "path" or one["name"] == "limit" or one["description"]
    path = {one["name"] for one in told["parameters"] if one["in"] == "path"}
    assert path == set(re.findall(r"{(\w+)}", route.path))


def test_every_event_is_in_it() -> None:
    told = SCHEMAS["RunEvent"]["discriminator"]["mapping"]
    kinds = {one for one in vars(events).values() if isinstance(one, msgspec.StructMeta)}
    tags = {one.__struct_config__.tag for one in kinds} - {None, "_Event"}
    assert set(told) == tags
    streams = [route for route in ROUTES if route.gives == STREAM]
    assert {route.id for route in streams} == {
        "messages.chat",
        "ag_ui.run",
        "sse.changes",
        "runs.events",
    }
    for route in streams:
        assert operation(route)["responses"]["200"]["content"][STREAM]["schema"]


def test_every_documented_error_exists_and_every_error_of_the_api_is_documented() -> None:
    told = {
        (one["properties"]["type"]["const"], one["properties"]["status"]["const"])
        for name, one in SCHEMAS.items()
        if name.endswith("Problem") and "allOf" in one
    }
    known = {(f"urn:squid:error:{kind.code}", kind.status) for kind in KINDS}
    assert told <= known
    # Those of the command line and of a start that fails, and what only a stream says.
    elsewhere = {"config", "migration", "provider-cut"}
    elsewhere |= {"request-timeout", "headers-too-large"}  # of the wire, before there is a route
    assert {kind.rpartition(":")[2] for kind, _ in known - told} == elsewhere


def test_documented_errors_are_those_of_api_md() -> None:
    text = (Path(__file__).parents[2] / "docs/api.md").read_text("utf-8")
    rows = re.findall(r"^\| ((?:`[\w-]+`(?:, )?)+) \| (\d{3}) \|", text, re.M)
    told = {code: int(status) for codes, status in rows for code in re.findall(r"`(.+?)`", codes)}
    table = {kind.code: kind.status for route in ROUTES for kind in route.problems()}
    wire = {"request-timeout": 408, "headers-too-large": 431, "unavailable": 503}
    assert told == table | wire | {"method-not-allowed": 405}


# -- served ---------------------------------------------------------------------------------


async def test_it_is_served_as_it_is_made(client: httpx2.AsyncClient) -> None:
    response = await client.get("/api/openapi.json")
    assert response.headers["content-type"] == "application/json"
    assert response.json() == DOCUMENT
    assert (await client.get("/api/openapi.json")).content == response.content


async def test_answers_and_events_are_as_it_says(client: httpx2.AsyncClient) -> None:
    run = await asked(client)
    valid(run, "StartedRun")
    valid((await client.get(f"/api/sessions/{run['session']['id']}")).json(), "SessionView")
    valid((await client.get("/api/sessions")).json(), "SessionPage")
    valid((await client.get(f"/api/runs/{run['run']['id']}")).json(), "Run")
    found = await followed(client, f"/api/runs/{run['run']['id']}/events")
    assert len(found) > 5
    for event in found:
        valid(event.data, "RunEvent")
    valid(problem(await client.get("/api/runs/x"), 404, "not-found"), "NotFoundProblem")


async def test_every_kind_of_event_is_as_it_says(served: Served) -> None:
    client, squid = served
    uploaded = await client.post("/api/files", files={"f": ("a.txt", b"words " * 10)})
    file_id = uploaded.json()["files"][0]["id"]
    script = "deltas=3,thinking=2,citations=1,tools=1"
    runs_ = [
        await asked(client, script=script, files=[file_id]),
        await asked(client, script="deltas=3,cut_after=2"),
        await asked(client, script="status=429,times=1,key=described,retry_after=1"),
    ]
    urls = [f"/api/runs/{run['run']['id']}/events" for run in runs_]
    found = [event for url in urls for event in await followed(client, url)]
    await squid.database.write(runs.remove_logs, 1 << 60)
    for url in urls:
        found += await followed(client, url)
        found += await followed(client, f"{url}?after=3")
    for event in found:
        valid(event.data, "RunEvent")
    assert {event.type for event in found} == set(SCHEMAS["RunEvent"]["discriminator"]["mapping"])
    customs = {event.data["name"] for event in found if event.type == "CUSTOM"}
    assert customs == set(SCHEMAS["Custom"]["discriminator"]["mapping"])


async def test_answer_has_just_the_fields_that_are_required(client: httpx2.AsyncClient) -> None:
    run = await asked(client)
    assert set(run["run"]) == set(SCHEMAS["Run"]["required"])
    assert set(run["session"]) == set(SCHEMAS["Session"]["required"])
    assert set(run["messages"][1]) == set(SCHEMAS["Message"]["required"])


def test_no_default_makes_a_field_look_needed() -> None:
    """Generators of clients take a field with a default for one that is always there."""
    for name, schema in SCHEMAS.items():
        for field, told in schema.get("properties", {}).items():
            assert "default" not in told, f"{name}.{field}"


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        told = dict(attrs)
        assert "style" not in told
        assert not any(name.startswith("on") for name in told)
        if told.get("id"):
            self.ids.append(str(told["id"]))
        self.links += [str(told[name]) for name in ("href", "src") if told.get(name)]


async def test_page_needs_no_network_and_no_script(client: httpx2.AsyncClient) -> None:
    response = await client.get("/docs")
    assert response.headers["content-type"].startswith("text/html")
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    page = Page(response.text)
    assert not page.tags & {"script", "img", "iframe", "link", "object", "form"}
    assert {link for link in page.links if not link.startswith("#")} == {"api/openapi.json"}
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    for route in ROUTES:
        assert route.id in page.ids
        assert route.path in response.text


def test_a_start_does_not_wait_for_it() -> None:
    late = {"squid.http.openapi", "squid.http.docs_page", "squid.http.descriptions"}
    code = f"import sys, squid.app; print(sorted({late} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# -- anything that the document allows ----------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Iterator[Server]:
    env = anthropic_at(upstream.url) | {"SQUID_PROVIDER_ANTHROPIC_MODEL": "script:deltas=1"}
    with Server(tmp_path_factory.mktemp("openapi"), env=env) as server:
        yield server


def ids_of(url: str) -> dict[str, str]:
    """What a request can be about: made anew, because some requests delete it."""
    with httpx2.Client(base_url=url, timeout=30) as client:
        session_id = client.post("/api/sessions", json={}).json()["id"]
        body = {"message": {"content": "Hello"}}
        sent = client.post(f"/api/sessions/{session_id}/messages", json=body).json()
        file = client.post("/api/files", files={"f": ("a.txt", b"words")}).json()["files"][0]
        client.get(f"/api/runs/{sent['run']['id']}/events")
    return {
        "session_id": session_id,
        "message_id": sent["messages"][1]["id"],
        "run_id": sent["run"]["id"],
        "file_id": file["id"],
    }


@pytest.mark.slow
@pytest.mark.xdist_group("schemathesis")  # one worker imports it, which takes seconds
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("route", "mode"),
    [
        pytest.param(one, mode, id=f"{one.id}-{mode}")
        for one in ROUTES
        for mode in ("POSITIVE", "NEGATIVE")
        if one.gives != STREAM
        # Without a body or a query there is nothing to get wrong.
        and (mode == "POSITIVE" or one.body is not None or one.query is not None)
    ],
)
def test_no_answer_is_outside_the_document(server: Server, route: Endpoint, mode: str) -> None:
    import schemathesis
    from schemathesis.checks import not_a_server_error
    from schemathesis.generation import GenerationMode
    from schemathesis.specs.openapi import checks

    schema = schemathesis.openapi.from_dict(DOCUMENT)
    told = schema[route.path][route.method]
    real = ids_of(server.url)
    statuses = set()
    varies = route.body is not None or route.query is not None or "{" in route.path

    @settings(
        max_examples=25 if varies else 3,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=told.as_strategy(generation_mode=GenerationMode[mode]), known=st.booleans())
    def ask(case: Any, known: bool) -> None:
        if known:
            case.path_parameters = {name: real[name] for name in case.path_parameters or {}}
        response = case.call(base_url=server.url)
        statuses.add(response.status_code)
        case.validate_response(
            response,
            checks=[
                not_a_server_error,
                checks.status_code_conformance,
                checks.content_type_conformance,
                checks.response_schema_conformance,
            ],
        )

    ask()
    assert statuses
