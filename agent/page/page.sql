-- Who may look at one home, who is looking, and who has looked. One file, of the page alone.

CREATE TABLE IF NOT EXISTS member (
  name TEXT PRIMARY KEY,
  salt BLOB NOT NULL,
  hash BLOB NOT NULL            -- scrypt
) STRICT, WITHOUT ROWID;

-- Those of them who live here: they see who looked, and may end all looking.
CREATE TABLE IF NOT EXISTS resident (
  name TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS invitation (
  code TEXT PRIMARY KEY,        -- SHA-256 of what was handed over; it opens once
  name TEXT NOT NULL,
  resident INTEGER NOT NULL,
  until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS session (
  token TEXT PRIMARY KEY,       -- SHA-256 of what the browser holds
  member TEXT NOT NULL,
  csrf TEXT NOT NULL,           -- what each form of this session carries
  began_ms INTEGER NOT NULL,
  used_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Wrong passwords and codes of the last quarter of an hour: who waits goes on waiting when the page is started anew.
CREATE TABLE IF NOT EXISTS failure (
  at_ms INTEGER NOT NULL,
  who TEXT NOT NULL,            -- SHA-256 of the name that was given: it may have been a password
  address TEXT NOT NULL
) STRICT;

-- Who looked at what, and who was let in. Lines are only ever added; each holds a hash of itself and the one before.
CREATE TABLE IF NOT EXISTS audit (
  id INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  who TEXT NOT NULL,            -- a member, "somebody", or who ran the command
  what TEXT NOT NULL,           -- a plain sentence; or "look" and the path of the page
  hub TEXT,                     -- a centre's book names them; this one is of one hub
  incident TEXT,
  chain TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS audit_by ON audit (who, at_ms);
CREATE TRIGGER IF NOT EXISTS audit_is_not_changed BEFORE UPDATE ON audit
  BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END;
CREATE TRIGGER IF NOT EXISTS audit_is_not_shortened BEFORE DELETE ON audit
  BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END;
