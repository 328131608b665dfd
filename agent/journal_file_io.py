"""The journal's file: opened at this agent's schema, or refused in one line."""

import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Final

from agent.nouns import Refused

SCHEMA: Final = 2
# Readers hold no locks in WAL; another writer is a mistake, found by the state folder's lock. Whoever holds the file
# longer than this has it to himself: an alert leaves without being stored.
BUSY_S: Final = 2.0


class JournalError(Refused):
    """The journal cannot be used; the message says why and what to do, in one line."""


def connect(path: Path) -> sqlite3.Connection:
    """Open a journal of this agent's schema, migrating in a child process if need be."""
    try:
        if _version(path) != SCHEMA:
            migrate(path)
        db = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        db.execute("PRAGMA cache_size = -1024")
        db.execute("PRAGMA wal_autocheckpoint = 1000")
    except sqlite3.Error as fault:
        raise JournalError(f"{path}: {fault}; is this a journal of this hub?") from None
    return db


def _version(path: Path) -> int:
    if not path.exists():
        return 0
    db = sqlite3.connect(path, timeout=BUSY_S)
    try:
        version = int(db.execute("PRAGMA user_version").fetchone()[0])
        ours = "name NOT LIKE '\\_sqlite\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        tables = db.execute(f"SELECT count(*) FROM sqlite_master WHERE type = 'table' AND {ours}").fetchone()[0]
    finally:
        db.close()
    if version == 0 and tables:
        raise JournalError(f"{path}: is a database, but no journal of this agent")
    if version > SCHEMA:
        raise JournalError(f"{path}: written by a newer agent (schema {version}); install that agent to read it")
    return version


def migrate(path: Path) -> None:
    job = [sys.executable, "-m", "agent.migrate_io", str(path)]
    done = subprocess.run(job, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise JournalError(f"{path}: cannot be brought up to date: {said}")
