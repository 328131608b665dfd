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

-- Whom a member wants to invite; who lives there agrees, or does not.
CREATE TABLE IF NOT EXISTS wish (
  name TEXT PRIMARY KEY,
  asked_by TEXT NOT NULL,
  agreed_by TEXT,               -- NULL: nobody who lives there has yet
  until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS session (
  token TEXT PRIMARY KEY,       -- SHA-256 of what the browser holds
  member TEXT NOT NULL,
  csrf TEXT NOT NULL,           -- what each form of this session carries
  began_ms INTEGER NOT NULL,
  used_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS audit_by ON audit (who, at_ms);
