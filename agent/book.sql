-- What every book has, whoever keeps it: a centre, or the page of a hub.

-- Wrong passwords and codes of the last quarter of an hour: who waits goes on waiting when the page is started anew.
CREATE TABLE IF NOT EXISTS failure (
  at_ms INTEGER NOT NULL,
  who TEXT NOT NULL,            -- SHA-256 of the name that was given: it may have been a password
  address TEXT NOT NULL
) STRICT;

-- Who did what, and what was told to whom. Lines are only ever added; each holds a hash of itself and the one before.
CREATE TABLE IF NOT EXISTS audit (
  id INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  who TEXT NOT NULL,            -- whose account it is, "somebody", "receiver", or who ran the command
  what TEXT NOT NULL,           -- a plain sentence; on a hub also "look" and the path of the page
  hub TEXT,                     -- a centre's book names them; a hub's is of one hub
  incident TEXT,
  chain TEXT NOT NULL
) STRICT;
CREATE TRIGGER IF NOT EXISTS audit_is_not_changed BEFORE UPDATE ON audit
  BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END;
CREATE TRIGGER IF NOT EXISTS audit_is_not_shortened BEFORE DELETE ON audit
  BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END;
