"""The journal's schema and its migrations; run as a short-lived job, since sqlite-utils is 18 MB of memory.

``python -m agent.migrate_io JOURNAL`` brings a journal to the version that this agent writes.
"""

import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import sqlite_utils
from sqlite_utils import Migrations

journal = Migrations("hearthwatch-journal")


@journal()
def schema_1(db: sqlite_utils.Database) -> None:
    for statement in _statements():
        if "TABLE custody" not in statement:
            db.conn.execute(statement)
    db.conn.execute("PRAGMA user_version = 1")


@journal()
def schema_2(db: sqlite_utils.Database) -> None:
    """What became of what was said."""
    for statement in _statements():
        if "TABLE custody" in statement:
            db.conn.execute(statement)
    db.conn.execute("PRAGMA user_version = 2")


def _statements() -> Iterator[str]:
    """Of journal.sql, one by one: executescript would commit, and leave half a schema after a crash."""
    statement = ""
    for line in Path(__file__).with_name("journal.sql").read_text().splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def migrate(path: Path) -> None:
    """Make the journal, or bring it up to date; sqlite3.Error when it cannot be."""
    db = sqlite_utils.Database(path)
    db.conn.execute("PRAGMA page_size = 512")
    db.conn.execute("PRAGMA journal_mode = WAL")
    journal.apply(db)
    db.close()


if __name__ == "__main__":
    migrate(Path(sys.argv[1]))
