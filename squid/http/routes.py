"""THE table of routes: what each takes, what it gives, and what can go wrong."""

from __future__ import annotations

from typing import Any

from squid import errors as e
from squid.http import (
    ag_ui,
    batch,
    docs,
    files,
    health,
    messages,
    metrics,
    models,
    runs,
    server,
    sessions,
    sse,
    transfer,
)
from squid.http.endpoint import FORM, STREAM, Endpoint
from squid.http.exchange import Resume
from squid.models import Change, File, Message, Run, Session
from squid.runs.events import Event
from squid.transfer.records import Document, Imported

READS = (e.DatabaseError, e.DatabaseBusy)
WRITES = (*READS, e.DiskFull)
ASKS = (*WRITES, e.InvalidRequest, e.NotFound, e.Conflict, e.RunInProgress, e.IdTaken, e.NoProvider)
PROVIDER = (
    *(e.NoProvider, e.ProviderError, e.ProviderAuth, e.ProviderRejected, e.ProviderLimited),
    *(e.ProviderOverloaded, e.ProviderUnreachable, e.ProviderSilent, e.ProviderConfused),
)

RUN = {"Location": "The run's stream."}
ASKED = {
    "Content-Location": "Where the stream can be taken up again.",
    "X-Squid-Session": "The session's id.",
    "X-Squid-Run": "The run's id.",
}

SESSIONS = "/api/sessions"
SESSION = "/api/sessions/{session_id}"
MESSAGE = "/api/messages/{message_id}"

ROUTES = [
    Endpoint("GET", "/healthz", health.healthz, answer=health.Health),
    Endpoint(
        *("GET", "/readyz", health.readyz),
        answer=health.Readiness,
        errors=(e.ServerUnavailable,),
    ),
    Endpoint("GET", "/metrics", metrics.metrics, gives="text/plain", answer=str),
    Endpoint(
        *("GET", "/docs", docs.page),
        feature="docs",
        gives="text/html",
        answer=str,
        name="docs",
    ),
    Endpoint(
        *("GET", "/api/openapi.json", docs.openapi),
        feature="docs",
        answer=dict[str, Any],
    ),
    Endpoint("GET", "/api/server", server.read, answer=server.Server),
    Endpoint(
        *("POST", "/api/batch", batch.run),
        feature="batch",
        alone=True,
        body=batch.Batch,
        answer=batch.BatchAnswers,
    ),
    # -- asking
    Endpoint(
        *("POST", "/api/chat", messages.chat),
        makes=True,
        body=messages.Chat,
        gives=STREAM,
        answer=Event,
        headers=ASKED,
        errors=ASKS,
        name="chat",
    ),
    Endpoint(
        *("POST", "/api/ag-ui", ag_ui.run),
        feature="ag_ui",
        body=ag_ui.RunAgentInput,
        query=Resume,
        gives=STREAM,
        answer=Event,
        headers=ASKED,
        errors=ASKS,
    ),
    Endpoint(
        *("GET", "/api/events", sse.changes),
        query=Resume,
        gives=STREAM,
        answer=Change,
        errors=READS,
    ),
    Endpoint("GET", "/api/models", models.list_, answer=models.ModelList, errors=PROVIDER),
    Endpoint(
        *("GET", SESSIONS, sessions.list_),
        query=sessions.ListSessions,
        answer=sessions.SessionPage,
        errors=READS,
    ),
    Endpoint(
        *("POST", SESSIONS, sessions.create),
        makes=True,
        body=sessions.CreateSession,
        status=201,
        answer=Session,
        headers={"Location": "The session."},
        errors=(*WRITES, e.IdTaken),
    ),
    Endpoint("GET", SESSION, sessions.read_one, answer=sessions.SessionView, errors=READS),
    Endpoint(
        *("PATCH", SESSION, sessions.update),
        body=sessions.UpdateSession,
        answer=Session,
        errors=WRITES,
    ),
    Endpoint("DELETE", SESSION, sessions.delete, answer=Session, errors=WRITES),
    Endpoint("POST", f"{SESSION}/restore", sessions.restore, answer=Session, errors=WRITES),
    Endpoint(
        *("GET", f"{SESSION}/export", transfer.export),
        feature="transfer",
        query=transfer.Export,
        gives="*/*",
        answer=bytes,
        errors=(*READS, e.DiskFull),
    ),
    Endpoint(
        *("POST", "/api/import", transfer.import_),
        feature="transfer",
        alone=True,
        body=Document,
        answer=Imported,
        errors=(*WRITES, e.Conflict),
    ),
    Endpoint(
        *("GET", f"{SESSION}/messages", messages.list_),
        query=messages.ListMessages,
        answer=messages.MessagePage,
        errors=READS,
    ),
    Endpoint(
        *("POST", f"{SESSION}/messages", messages.send),
        makes=True,
        body=messages.SendMessage,
        status=202,
        answer=messages.StartedRun,
        headers=RUN,
        errors=ASKS,
    ),
    Endpoint("GET", MESSAGE, messages.read_one, answer=Message, errors=READS),
    Endpoint(
        *("PATCH", MESSAGE, messages.edit),
        makes=True,
        body=messages.EditMessage,
        status=202,
        answer=messages.StartedRun,
        headers=RUN,
        errors=ASKS,
    ),
    Endpoint("DELETE", MESSAGE, messages.delete, answer=Message, errors=WRITES),
    Endpoint(
        "POST", f"{MESSAGE}/restore", messages.restore, answer=Message, errors=(*WRITES, e.Conflict)
    ),
    Endpoint(
        *("POST", f"{MESSAGE}/retry", messages.retry),
        makes=True,
        body=messages.AskAgain,
        status=202,
        answer=messages.StartedRun,
        headers=RUN,
        errors=ASKS,
    ),
    Endpoint(
        *("POST", f"{MESSAGE}/continue", messages.resume),
        makes=True,
        body=messages.AskAgain,
        status=202,
        answer=messages.StartedRun,
        headers=RUN,
        errors=ASKS,
    ),
    Endpoint("GET", "/api/runs/{run_id}", runs.read_one, answer=Run, errors=READS),
    Endpoint(
        *("GET", "/api/runs/{run_id}/events", runs.events),
        ends=True,
        query=Resume,
        gives=STREAM,
        answer=Event,
        errors=READS,
    ),
    Endpoint("POST", "/api/runs/{run_id}/stop", runs.stop, answer=Run, errors=WRITES),
    Endpoint(
        *("POST", "/api/files", files.upload),
        body=dict[str, bytes],
        takes=FORM,
        status=201,
        answer=files.Uploaded,
        errors=(*WRITES, e.UnsupportedMedia),
    ),
    Endpoint("GET", "/api/files/{file_id}", files.read_one, answer=File, errors=READS),
    Endpoint(
        *("DELETE", "/api/files/{file_id}", files.delete),
        gives=None,
        status=204,
        errors=(*WRITES, e.Conflict),
    ),
    Endpoint(
        *("GET", "/api/files/{file_id}/content", files.download),
        ranges=True,
        gives="*/*",
        answer=bytes,
        errors=(*READS, e.RangeNotSatisfiable),
    ),
]
