-- Answers being produced, and their events. That a session has one live run at most
-- is the index's to say, not the program's.
CREATE TABLE runs (
    number            INTEGER PRIMARY KEY,
    id                TEXT NOT NULL UNIQUE,
    session_id        TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    message_id        TEXT NOT NULL REFERENCES messages (id),
    question_id       TEXT NOT NULL REFERENCES messages (id),
    kind              TEXT NOT NULL CHECK (kind IN ('answer', 'continue')),
    status            TEXT NOT NULL CHECK (
        status IN ('running', 'complete', 'error', 'interrupted', 'stopped')
    ),
    provider          TEXT NOT NULL,
    model             TEXT NOT NULL,
    worker            TEXT NOT NULL,
    last_event        INTEGER NOT NULL DEFAULT 0,
    -- Which characters of the message's content this run wrote, for readers that come
    -- after its events were removed.
    text_start        INTEGER NOT NULL,
    text_end          INTEGER,
    stop_requested_at INTEGER,
    usage             TEXT,
    error             TEXT,
    created_at        INTEGER NOT NULL,
    ended_at          INTEGER,
    log_removed_at    INTEGER
);

CREATE UNIQUE INDEX runs_one_live ON runs (session_id) WHERE status = 'running';
CREATE INDEX runs_by_session ON runs (session_id, number);
CREATE INDEX runs_by_question ON runs (question_id, number);
CREATE INDEX runs_by_message ON runs (message_id, number);
CREATE INDEX runs_by_end ON runs (ended_at) WHERE log_removed_at IS NULL;

CREATE TABLE run_events (
    run  INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
    seq  INTEGER NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (run, seq)
) WITHOUT ROWID;
