-- Which models have answered in a session; a question has none.
CREATE INDEX messages_by_model ON messages (session_id, model) WHERE model IS NOT NULL;

-- Where a session stood in the lists before it moved. A cursor says how many moves its
-- first page had seen, so that the pages behind it put each session where it stood then:
-- one that moves from a page to come to a page that was read would be skipped otherwise.
CREATE TABLE session_moves (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    title      TEXT NOT NULL,
    active_at  INTEGER NOT NULL
);

CREATE INDEX session_moves_by_session ON session_moves (session_id);

-- As many are kept as the change feed keeps changes.
CREATE TRIGGER sessions_note_move AFTER UPDATE OF title, active_at ON sessions
WHEN OLD.title IS NOT NEW.title OR OLD.active_at IS NOT NEW.active_at
BEGIN
    INSERT INTO session_moves (session_id, title, active_at)
    VALUES (OLD.id, OLD.title, OLD.active_at);
    DELETE FROM session_moves WHERE number <= (SELECT max(number) FROM session_moves) - 10000;
END;
