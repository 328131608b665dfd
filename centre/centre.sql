-- What a monitoring centre keeps: one file, shared by its receivers, its operators' pages and its command line.
-- Times are milliseconds of this centre's clock, UTC.

CREATE TABLE IF NOT EXISTS alert (
  hub TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  digest TEXT NOT NULL,         -- SHA-256 of the envelope
  envelope BLOB NOT NULL,       -- as it came, signature included: proof of what was said
  received_ms INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS said ON alert (hub, epoch, seq);
CREATE INDEX IF NOT EXISTS said_of ON alert (hub, json_extract(CAST(envelope AS TEXT), '$.id'));

-- Where each incident stands: what incidents.py makes of its envelopes and of what people said.
CREATE TABLE IF NOT EXISTS incident (
  hub TEXT NOT NULL,
  id TEXT NOT NULL,             -- as in the envelope
  epoch INTEGER NOT NULL,       -- the newest envelope of it
  seq INTEGER NOT NULL,
  raised_ms INTEGER NOT NULL,   -- by the hub's clock
  received_ms INTEGER NOT NULL, -- when we first heard of it
  worst TEXT NOT NULL,
  state TEXT NOT NULL,          -- open, taken, closed
  by_name TEXT,
  taken_ms INTEGER,
  verdict TEXT,
  reason TEXT,
  closed_ms INTEGER,
  named_epoch INTEGER,          -- the newest envelope that the last outcome knew of
  named_seq INTEGER,
  again_ms INTEGER,             -- open again since then, after an outcome
  before TEXT,                  -- who had closed it, and with which outcome
  beside TEXT,                  -- digest of its newest envelope where that lies in beside, not in alert
  PRIMARY KEY (hub, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS open_incident ON incident (state, received_ms);
CREATE INDEX IF NOT EXISTS closed_incident ON incident (closed_ms) WHERE state='closed';

-- Envelopes whose number had been used for other words. They get no receipt, and are incidents all the same.
CREATE TABLE IF NOT EXISTS beside (
  hub TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  digest TEXT NOT NULL,
  envelope BLOB NOT NULL,
  received_ms INTEGER NOT NULL,
  said_id TEXT NOT NULL,        -- the incident as its hub says
  incident TEXT NOT NULL,       -- the incident here: 0-N, as no hub calls one
  PRIMARY KEY (hub, digest)
) STRICT;

-- What hubs are still to be told of what people said.
CREATE TABLE IF NOT EXISTS answer (
  id INTEGER PRIMARY KEY,
  hub TEXT NOT NULL,
  epoch INTEGER NOT NULL,       -- the envelope that it names
  seq INTEGER NOT NULL,
  incident TEXT NOT NULL,
  kind TEXT NOT NULL,           -- human, outcome
  at_ms INTEGER NOT NULL,
  verdict TEXT,
  reason TEXT,
  tried_ms INTEGER NOT NULL DEFAULT 0, -- when a receiver last took it upon itself to send it
  sent_ms INTEGER               -- when a broker took it and the hub was there to hear it
) STRICT;
CREATE INDEX IF NOT EXISTS unsent ON answer (hub) WHERE sent_ms IS NULL;
CREATE INDEX IF NOT EXISTS answer_of ON answer (hub, epoch, seq);

CREATE TABLE IF NOT EXISTS hub (
  name TEXT PRIMARY KEY,
  life_ms INTEGER NOT NULL,     -- its last daily proof of life, or when we first knew of it
  gone_ms INTEGER,              -- its Last Will stands since then
  silent_ms INTEGER             -- it was told that the proof of life is missing
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS numbering (
  hub TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  newest INTEGER NOT NULL,      -- the highest number heard
  PRIMARY KEY (hub, epoch)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS hole (
  hub TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  first INTEGER NOT NULL,       -- numbers first to last were said and never heard here
  last INTEGER NOT NULL,
  since_ms INTEGER NOT NULL,
  told INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (hub, epoch, first)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS operator (
  name TEXT PRIMARY KEY,
  salt BLOB NOT NULL,
  hash BLOB NOT NULL            -- scrypt
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS session (
  token TEXT PRIMARY KEY,       -- SHA-256 of what the browser holds
  operator TEXT NOT NULL,
  csrf TEXT NOT NULL,           -- what each form of this session carries
  began_ms INTEGER NOT NULL,
  used_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS audit_of ON audit (hub, incident);
