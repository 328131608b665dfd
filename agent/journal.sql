-- The journal of one hub. One writer: the watch process. Everything the agent knows is here.

-- A stretch of time under one agent version, home file and set of models. With its snapshot it replays by itself.
CREATE TABLE segment (
  id         INTEGER PRIMARY KEY,
  epoch      INTEGER NOT NULL,  -- counts up when the journal had to be begun anew; part of every alert's id
  first_seq  INTEGER NOT NULL,  -- number of the first frame that may stand in it
  started_at INTEGER NOT NULL,  -- instant, ms since 1970 UTC
  agent      TEXT NOT NULL,     -- version that wrote it
  home       TEXT NOT NULL,     -- home.toml, whole
  models     TEXT NOT NULL,     -- JSON: model name -> digest
  snapshot   BLOB NOT NULL      -- zlib JSON: the engine's memory before the first entry
);

-- Entries in the order in which they were taken in, and what they said. Written when enough have come, when ten minutes
-- have passed, or at once when one of them made an alert. Few large rows, because every row written on its own costs an
-- SD card a page.
CREATE TABLE batch (
  id        INTEGER PRIMARY KEY,  -- instant of the first entry (one more than the batch before, if that is the same)
  segment   INTEGER NOT NULL REFERENCES segment(id),
  first_seq INTEGER NOT NULL,     -- number of the first frame in the entries
  frames    INTEGER NOT NULL,     -- how many frames they hold
  from_at   INTEGER NOT NULL,     -- instant of the first entry
  to_at     INTEGER NOT NULL,     -- instant of the last: until then the hub was awake
  entries   BLOB NOT NULL,        -- zlib JSON: [ms since from_at] is a silence until then;
                                  -- [ms since from_at, link, address, payload, retained] is a frame
  readings  BLOB NOT NULL         -- zlib JSON: [ms since from_at, sensor, quantity, value]; derived from the entries,
                                  -- kept because pages and exports read them
);

-- What the agent said, and the sealed envelope in which it leaves the house (NULL: said in a replay only).
CREATE TABLE alert (
  epoch    INTEGER NOT NULL,
  seq      INTEGER NOT NULL,    -- running number of what was said; no gaps within an epoch
  segment  INTEGER NOT NULL REFERENCES segment(id),
  id       TEXT NOT NULL,       -- the incident
  at       INTEGER NOT NULL,    -- instant
  kind     TEXT NOT NULL,
  state    TEXT NOT NULL,       -- raised, updated, cleared
  severity TEXT NOT NULL,
  body     TEXT NOT NULL,       -- the alert as contracts.md prints it
  envelope BLOB,
  PRIMARY KEY (epoch, seq)
) WITHOUT ROWID;

-- What became of what was said: signed for, taken by a person, closed by one; or escalated by the hub itself.
CREATE TABLE custody (
  at      INTEGER NOT NULL,     -- instant
  epoch   INTEGER NOT NULL,     -- of the message
  seq     INTEGER NOT NULL,
  id      TEXT NOT NULL,        -- the incident
  kind    TEXT NOT NULL,
  state   TEXT NOT NULL,        -- received, human, outcome, cancelled-test, escalated
  verdict TEXT,                 -- of an outcome: true, false, test, visitor
  reason  TEXT,                 -- of a false one
  PRIMARY KEY (epoch, seq, at, state)
) WITHOUT ROWID;
