-- Content is stored once by its SHA-256, whoever uploads it and however often; a file
-- is one user's name for it; message_files says which messages carry it.
CREATE TABLE file_contents (
    sha256   TEXT PRIMARY KEY,
    size     INTEGER NOT NULL,
    encoding TEXT NOT NULL CHECK (encoding IN ('identity', 'zlib')),
    data     BLOB NOT NULL
);

CREATE TABLE files (
    id         TEXT PRIMARY KEY,
    user_id    TEXT NOT NULL REFERENCES users (id),
    sha256     TEXT NOT NULL REFERENCES file_contents (sha256),
    name       TEXT NOT NULL,
    media_type TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (user_id, sha256, name)
);

CREATE INDEX files_by_content ON files (sha256);

-- The last name gone, the content goes too, in the same transaction.
CREATE TRIGGER files_drop_content AFTER DELETE ON files
WHEN NOT EXISTS (SELECT 1 FROM files WHERE sha256 = OLD.sha256)
BEGIN
    DELETE FROM file_contents WHERE sha256 = OLD.sha256;
END;

CREATE TABLE message_files (
    message_id TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    file_id    TEXT NOT NULL REFERENCES files (id),
    position   INTEGER NOT NULL,
    PRIMARY KEY (message_id, position)
) WITHOUT ROWID;

CREATE INDEX message_files_by_file ON message_files (file_id);
