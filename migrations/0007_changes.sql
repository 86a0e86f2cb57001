-- The change feed: one line for each member of a session that changed, written in the
-- transaction of the change. AUTOINCREMENT, so that a trimmed id never comes again.
CREATE TABLE changes (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id    TEXT NOT NULL REFERENCES users (id),
    kind       TEXT NOT NULL CHECK (kind IN ('session', 'message', 'run')),
    session_id TEXT NOT NULL,
    message_id TEXT,
    run_id     TEXT,
    version    INTEGER NOT NULL,
    at         INTEGER NOT NULL
);

CREATE INDEX changes_by_user ON changes (user_id, id);
