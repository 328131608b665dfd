"""Names and passwords of whoever may log in to a page of ours, and how often a wrong one is heard. Pure."""

import hashlib
import hmac
import re
import unicodedata
from collections import deque
from typing import Final

from agent.nouns import HOUR_MS, MINUTE_MS

NAME: Final = re.compile(r"[a-z][a-z0-9.-]{0,31}")
MOST_NAME: Final = 32  # characters of it
LEAST_PASSWORD: Final = 12  # characters; a shorter one is refused
MOST_PASSWORD: Final = 128  # a longer one is refused unread
SALT_BYTES: Final = 16
# scrypt: 32 MiB and some 0.1 s for each guess.
_COST: Final = {"n": 1 << 15, "r": 8, "p": 1, "maxmem": 64 << 20, "dklen": 32}

SESSION_MS: Final = 12 * HOUR_MS  # a shift, a day; then one logs in again

MOST_FAILURES: Final = 5  # for one name from one address within FAILURES_MS; then that pair waits
MOST_OF_AN_ADDRESS: Final = 20  # whatever the names; then that address waits
MOST_FAILURES_IN_ALL: Final = 100  # within FAILURES_MS; then nobody logs in; who is in goes on working
FAILURES_MS: Final = 15 * MINUTE_MS


class Unfit(Exception):
    """A name or a password that cannot be one; the message says why. ``key`` and ``said`` are for whoever has a
    catalogue of words."""

    def __init__(self, key: str, text: str, **said: object) -> None:
        super().__init__(text.format(**said))
        self.key, self.said = key, said


def fit(name: str, password: str) -> None:
    """Unfit unless somebody may be called that, with that password."""
    fit_name(name)
    if not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD:
        text = "a password has {least} to {most} characters; this one has {count}"
        raise Unfit("length", text, least=LEAST_PASSWORD, most=MOST_PASSWORD, count=len(password))
    if name in password.lower() or len(set(password)) < 5:
        raise Unfit(
            "guessed", "a password that holds the name, or fewer than 5 different characters, is guessed at once"
        )


def fit_name(name: str) -> None:
    """Unfit unless somebody may be called that."""
    if not NAME.fullmatch(name):
        raise Unfit("name", "a name is 1 to 32 of a-z, 0-9, dot and -, and begins with a letter")


def as_typed(name: str) -> str:
    """The name that is meant: a telephone's keyboard writes "Anna ", and nobody is called otherwise than anna."""
    return name[: 2 * MOST_NAME].strip().lower()


def hashed(password: str, salt: bytes) -> bytes:
    """What is kept of a password. The same characters typed on another keyboard are the same password (NFKC)."""
    return hashlib.scrypt(unicodedata.normalize("NFKC", password).encode(), salt=salt, **_COST)


def matches(password: str, salt: bytes, kept: bytes) -> bool:
    return len(password) <= MOST_PASSWORD and hmac.compare_digest(hashed(password, salt), kept)


def token_hash(token: str) -> str:
    """What is kept of a session's token: who reads the file cannot take a session over."""
    return hashlib.sha256(token.encode()).hexdigest()


class Failures:
    """Memory of wrong passwords. At most MOST_FAILURES_IN_ALL are remembered, so nobody can fill it."""

    def __init__(self) -> None:
        self._failed: deque[tuple[int, str, str]] = deque(maxlen=MOST_FAILURES_IN_ALL)

    def must_wait(self, name: str, address: str, now_ms: int) -> bool:
        # A clock that was set back by more than that keeps nobody out for longer than that.
        recent = (one for one in self._failed if abs(now_ms - one[0]) < FAILURES_MS)
        self._failed = deque(recent, maxlen=MOST_FAILURES_IN_ALL)
        here = [who for _, who, where in self._failed if where == address]
        many = here.count(name) >= MOST_FAILURES or len(here) >= MOST_OF_AN_ADDRESS
        return many or len(self._failed) >= MOST_FAILURES_IN_ALL

    def failed(self, name: str, address: str, now_ms: int) -> None:
        self._failed.append((now_ms, name, address))
