"""What every rule that waits asks before it speaks: was the wait observed, and may it speak just now?

A rule that could not judge when its time came looks again one wait later, and so forgets nothing and repeats nothing.
"""

from agent.nouns import MINUTE_MS, Instant, Watch


def look_again(now: Instant, wait_ms: int, watch: Watch, sensor: str | None = None) -> Instant | None:
    """None if the last ``wait_ms`` were observed throughout and ``sensor`` is believed; else when to look again.

    A hub that was off saw nothing: after a blind spell the wait begins anew.
    """
    if not watch.observed or sensor in watch.unseen:
        return later(now, wait_ms)
    observed_for_ms = now - watch.since
    return None if observed_for_ms >= wait_ms else Instant(watch.since + wait_ms)


def later(now: Instant, wait_ms: int) -> Instant:
    """One wait later; never now, because a deadline has to move on."""
    return Instant(now + max(wait_ms, MINUTE_MS))


def resting(now: Instant, watch: Watch) -> bool:
    """Whether a person asked this hub for rest: rules of silence and routine keep quiet then."""
    return watch.pause_until is not None and now < watch.pause_until
