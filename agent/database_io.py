"""What every database of this house is: a file with a log beside it, so that who reads waits for nobody."""

import sqlite3
import time
from typing import Final

_TRY_S: Final = 0.01


def with_log(db: sqlite3.Connection, wait_s: float) -> None:
    """Give the file its log (WAL). Two processes may make the file at once, and there SQLite waits for nobody, whatever
    its timeout is: it says "locked" at once. So this asks again, for ``wait_s``; then sqlite3.OperationalError."""
    for left in range(round(wait_s / _TRY_S), -1, -1):
        try:
            db.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as fault:
            if fault.sqlite_errorcode != sqlite3.SQLITE_BUSY or not left:
                raise
        time.sleep(_TRY_S)
