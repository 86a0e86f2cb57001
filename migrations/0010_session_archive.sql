-- When a session was put away. It is out of the lists and as whole as ever; a message
-- sent into it brings it back.
ALTER TABLE sessions ADD COLUMN archived_at INTEGER;
