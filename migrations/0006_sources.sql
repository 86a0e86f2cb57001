-- What an answer drew on, and the place in it; in the order of the answer.
CREATE TABLE sources (
    message_id TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    number     INTEGER NOT NULL,
    title      TEXT NOT NULL,
    text       TEXT NOT NULL,
    file_id    TEXT REFERENCES files (id),
    url        TEXT,
    unit       TEXT CHECK (unit IN ('char', 'page', 'block')),
    "start"    INTEGER,
    "end"      INTEGER,
    position   INTEGER,
    PRIMARY KEY (message_id, number)
) WITHOUT ROWID;

CREATE INDEX sources_by_file ON sources (file_id);
