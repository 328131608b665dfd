"""Who may set up this hub from a browser: whoever reads the code at the terminal, once, one at a time."""

import secrets
from typing import Final, NamedTuple

from agent.accounts_io import Session
from agent.nouns import MINUTE_MS, Instant
from agent.passwords import token_hash

# Without what looks or sounds alike: 0 O, 1 I L, 2 Z, 5 S, 8 B, V. Eight of them are 36 bits; after 5 wrong ones an
# address waits.
LETTERS: Final = "34679ACDEFGHJKMNPQRTUWXY"
CODE_CHARS: Final = 8
TOKEN_BYTES: Final = 32
UNUSED_MS: Final = 30 * MINUTE_MS  # an installer who asks for nothing for so long has gone


class Holder(NamedTuple):
    """Who sets up this hub now, and since when."""

    who: str
    since: Instant
    token: str  # its hash
    csrf: str


class Entry:
    """The code, until it is used; then whoever used it. Nothing of it is kept: a page that is started anew has another
    code, and the setup itself is in setup.json."""

    def __init__(self) -> None:
        self.code = _code()
        self.holder: Holder | None = None
        self._used = Instant(0)

    def enter(self, code: str, who: str, now: Instant) -> str | None:
        """A session's token, if the code is right and nobody is in; then that code is no longer good."""
        said = "".join(letter for letter in code.upper() if letter.isalnum())
        right = secrets.compare_digest(said.encode(), self.code.encode())
        if not right or self.holder is not None:
            return None
        token = secrets.token_urlsafe(TOKEN_BYTES)
        self.holder = Holder(who, now, token_hash(token), secrets.token_urlsafe(TOKEN_BYTES))
        self._used = now
        self.code = _code()
        return token

    def find(self, token: str, now: Instant) -> Session | None:
        holder = self.holder
        if holder is None or not secrets.compare_digest(token_hash(token), holder.token):
            return None
        self._used = max(self._used, now)
        return Session(holder.who, holder.csrf)

    def leave(self) -> None:
        self.holder = None

    def freed(self, now: Instant) -> bool:
        """Whether the place has just become free because nothing was asked for so long."""
        if self.holder is None or now - self._used < UNUSED_MS:
            return False
        self.leave()
        return True

    def failures(self) -> list[tuple[int, str, str]]:
        """Of earlier runs: none are known, and the code was another."""
        return []


def _code() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(CODE_CHARS))


def as_read(code: str) -> str:
    """In two halves, as it is read out and typed."""
    return f"{code[:4]}-{code[4:]}"
