"""What every rule that waits shares: time that must pass under observation, and when not to speak.

A wait stands still while nothing can be seen, and goes on with what is left of it: so a blind spell, a restart or a
link that bounces costs a wait its own length and nothing more, however often it comes.
"""

from dataclasses import dataclass
from typing import Final

from agent.nouns import LATE_MS, MINUTE_MS, Instant, Watch

# What came late is judged once the rest of it may have come: a door that was opened, and shut ten seconds later.
SETTLES_MS: Final = 15_000  # chosen: a board tells all that it keeps within a second or two, with lost frames in a few


@dataclass(slots=True)
class Wait:
    """``due`` while it runs, ``left_ms`` while it stands still."""

    due: Instant | None
    left_ms: int | None = None

    def hold(self, now: Instant, still: bool) -> None:
        """Whether it stands still from ``now`` on; being told the same twice changes nothing."""
        if still and self.due is not None:
            self.left_ms = max(0, self.due - now)
            self.due = None
        elif not still and self.left_ms is not None:
            self.due = Instant(now + self.left_ms)
            self.left_ms = None

    def over(self, now: Instant) -> bool:
        return self.due is not None and now >= self.due

    def plain(self) -> list[int | None]:
        return [self.due, self.left_ms]


def begun(now: Instant, since: Instant, limit_ms: int) -> Wait:
    """From ``since`` for ``limit_ms``; over no sooner than ``SETTLES_MS`` from now where it was told late."""
    due = since + limit_ms
    return Wait(Instant(max(due, now + SETTLES_MS) if now - since > LATE_MS else due))


def cannot_see(watch: Watch, sensor: str | None = None) -> bool:
    """Whether silence, or what ``sensor`` does not say, means nothing just now."""
    return not watch.observed or sensor in watch.unseen


def later(now: Instant, wait_ms: int) -> Instant:
    """One wait later; never now, because a deadline has to move on."""
    return Instant(now + max(wait_ms, MINUTE_MS))


def resting(now: Instant, watch: Watch) -> bool:
    """Whether a person asked this hub for rest: rules of silence and routine keep quiet then."""
    return watch.pause_until is not None and now < watch.pause_until
