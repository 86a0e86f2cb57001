-- Turns of a conversation. parent_id makes a session a tree; depth is the number of
-- ancestors, so that a page of a branch knows where to stop walking.
-- The columns of the walk come first: SQLite reads a row only as far as it must, and
-- content may fill many pages.
CREATE TABLE messages (
    id          TEXT PRIMARY KEY,
    session_id  TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    parent_id   TEXT REFERENCES messages (id),
    depth       INTEGER NOT NULL,
    role        TEXT NOT NULL CHECK (role IN ('user', 'assistant', 'tool', 'system')),
    status      TEXT NOT NULL CHECK (
        status IN ('pending', 'streaming', 'complete', 'error', 'interrupted', 'stopped')
    ),
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    deleted_at  INTEGER,
    run_id      TEXT,
    model       TEXT,
    stop_reason TEXT,
    usage       TEXT,
    error       TEXT,
    tool        TEXT,
    content     TEXT NOT NULL,
    reasoning   TEXT NOT NULL DEFAULT ''
);

CREATE INDEX messages_by_parent ON messages (parent_id, id);
CREATE INDEX messages_by_session ON messages (session_id, depth, id);
