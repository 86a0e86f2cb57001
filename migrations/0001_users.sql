-- Who owns what. A fresh install has one local user, who needs no password because
-- the server only listens on loopback.
CREATE TABLE users (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
);

INSERT INTO users (id, name, created_at) VALUES ('local', 'local', 0);
