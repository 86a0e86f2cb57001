-- SQLite 3.40 looks for a NULL in the wrong column of a table WITHOUT ROWID whose key does
-- not come first, and calls a sound database damaged. So the key comes first.
CREATE TABLE ordered_message_files (
    message_id TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    position   INTEGER NOT NULL,
    file_id    TEXT NOT NULL REFERENCES files (id),
    PRIMARY KEY (message_id, position)
) WITHOUT ROWID;

INSERT INTO ordered_message_files (message_id, position, file_id)
SELECT message_id, position, file_id FROM message_files;

DROP TABLE message_files;
ALTER TABLE ordered_message_files RENAME TO message_files;

CREATE INDEX message_files_by_file ON message_files (file_id);
