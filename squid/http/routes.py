"""THE table of routes."""

from __future__ import annotations

from starlette.routing import Route

from squid.http import ag_ui, files, health, messages, runs, sessions, sse, transfer

ROUTES = [
    Route("/", health.welcome),
    Route("/healthz", health.healthz),
    Route("/api/chat", messages.chat, methods=["POST"], name="chat"),
    Route("/api/ag-ui", ag_ui.run, methods=["POST"]),
    Route("/api/events", sse.changes),
    Route("/api/sessions", sessions.list_, methods=["GET"]),
    Route("/api/sessions", sessions.create, methods=["POST"]),
    Route("/api/sessions/{session_id}", sessions.read_one, methods=["GET"]),
    Route("/api/sessions/{session_id}", sessions.update, methods=["PATCH"]),
    Route("/api/sessions/{session_id}", sessions.delete, methods=["DELETE"]),
    Route("/api/sessions/{session_id}/restore", sessions.restore, methods=["POST"]),
    Route("/api/sessions/{session_id}/export", transfer.export, methods=["GET"]),
    Route("/api/sessions/{session_id}/messages", messages.list_, methods=["GET"]),
    Route("/api/sessions/{session_id}/messages", messages.send, methods=["POST"]),
    Route("/api/import", transfer.import_, methods=["POST"]),
    Route("/api/messages/{message_id}", messages.read_one, methods=["GET"]),
    Route("/api/messages/{message_id}", messages.edit, methods=["PATCH"]),
    Route("/api/messages/{message_id}", messages.delete, methods=["DELETE"]),
    Route("/api/messages/{message_id}/restore", messages.restore, methods=["POST"]),
    Route("/api/messages/{message_id}/retry", messages.retry, methods=["POST"]),
    Route("/api/messages/{message_id}/continue", messages.resume, methods=["POST"]),
    Route("/api/runs/{run_id}", runs.read_one, methods=["GET"]),
    Route("/api/runs/{run_id}/events", runs.events, methods=["GET"]),
    Route("/api/runs/{run_id}/stop", runs.stop, methods=["POST"]),
    Route("/api/files", files.upload, methods=["POST"]),
    Route("/api/files/{file_id}", files.read_one, methods=["GET"]),
    Route("/api/files/{file_id}", files.delete, methods=["DELETE"]),
    Route("/api/files/{file_id}/content", files.download, methods=["GET"]),
]
