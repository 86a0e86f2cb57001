-- Conversations, and each user's place in them. Every query for something in a
-- session goes through members, so that sharing needs no second way.
CREATE TABLE sessions (
    id            TEXT PRIMARY KEY,
    title         TEXT NOT NULL DEFAULT '',
    system        TEXT,
    model         TEXT,
    head          TEXT,
    message_count INTEGER NOT NULL DEFAULT 0,
    input_tokens  INTEGER NOT NULL DEFAULT 0,
    output_tokens INTEGER NOT NULL DEFAULT 0,
    live_run_id   TEXT,
    version       INTEGER NOT NULL DEFAULT 1,
    created_at    INTEGER NOT NULL,
    active_at     INTEGER NOT NULL,
    deleted_at    INTEGER
);

CREATE INDEX sessions_by_activity ON sessions (active_at DESC, id DESC);

CREATE TABLE members (
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    user_id    TEXT NOT NULL REFERENCES users (id),
    role       TEXT NOT NULL CHECK (role IN ('owner')),
    joined_at  INTEGER NOT NULL,
    PRIMARY KEY (session_id, user_id)
);

CREATE INDEX members_by_user ON members (user_id, session_id);
