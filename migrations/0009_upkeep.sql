-- What is done by the clock. `worker` is the process that does it just now; one that is
-- gone has left the job to whoever looks next.
CREATE TABLE upkeep_jobs (
    name       TEXT PRIMARY KEY,
    due_at     INTEGER NOT NULL,
    worker     TEXT,
    started_at INTEGER,
    ended_at   INTEGER,
    outcome    TEXT,
    error      TEXT
);

-- Retention counts from here where a session's own times are older: since it was
-- restored or imported.
ALTER TABLE sessions ADD COLUMN retention_from INTEGER NOT NULL DEFAULT 0;

-- A message that a person took out of the trash is not put there again by a limit; one
-- that was purged keeps its place in the tree, and nothing else.
ALTER TABLE messages ADD COLUMN restored_at INTEGER;
ALTER TABLE messages ADD COLUMN purged_at INTEGER;

CREATE INDEX sessions_in_trash ON sessions (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX messages_in_trash ON messages (session_id, deleted_at)
WHERE deleted_at IS NOT NULL AND purged_at IS NULL;

-- A new session of an old one's id goes on from its version: what a cache or a client
-- still holds of the old one must not pass for the new one.
CREATE TABLE purged_sessions (
    id        TEXT PRIMARY KEY,
    version   INTEGER NOT NULL,
    purged_at INTEGER NOT NULL
);
