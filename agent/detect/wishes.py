"""What a person asked of this hub: to rest until a time, to be tested, or not to watch over this home at all.

All are kept with who asked and when. A rest ends by itself, and so does a walk test (walking.py), which is a rest too.
Consent that is withdrawn stays so until it is given again, over every restart; home.toml may withhold it too
(``monitoring = false``), and then both must be given. While it is withdrawn nothing of what the sensors say is taken
in, a help button included.
"""

from collections.abc import Iterator
from typing import NamedTuple, cast

from agent.civil import rfc3339
from agent.detect.own_words import whole
from agent.detect.walking import Walking
from agent.nouns import SECOND_MS, WORDS_MOST, BadFrame, Finding, Home, Instant, Reading, Snapshot


class Asked(NamedTuple):
    """``until_ms`` is civil time, as the person said it."""

    at: Instant
    by: str
    why: str
    until_ms: int | None = None


class Wishes:
    def __init__(self, home: Home) -> None:
        self._monitoring, self._sensors = home.consent.monitoring, home.sensors
        self.rest: Asked | None = None
        self.rest_until: Instant | None = None  # while a rest lasts
        self.withdrawal: Asked | None = None
        self.walk = Walking()
        self.walked: Asked | None = None  # whose walk test it is
        self.called = False  # a test call was asked for just now; not memory
        self.told: Instant | None = None  # since when it has been said that this home is not watched
        self._news: tuple[Reading, ...] = ()  # of a rest, not taken yet; not memory

    @property
    def watched(self) -> bool:
        return self._monitoring and self.withdrawal is None

    @property
    def quiet_until(self) -> Instant | None:
        """While silence is nobody's business: in a rest, in a walk test, in whichever lasts longer."""
        return max(filter(None, (self.rest_until, self.walk.until)), default=None)

    @property
    def due(self) -> Instant | None:
        """When the first of them is over."""
        return min(filter(None, (self.rest_until, self.walk.until)), default=None)

    def hear(self, now: Instant, what: str, said: dict[str, object], offset_ms: int) -> None:
        """A request; ``offset_ms`` as in Clock. BadFrame if it says neither yes nor no, or no time."""
        asked = Asked(now, _word(said, "by") or _word(said, "asked_by"), _word(said, "why"))
        if what == "pause":
            self.rest, self.rest_until = None, None
            if said.get("until_ms") is not None:
                until_ms = whole(said, "until_ms", now)
                self.rest, self.rest_until = asked._replace(until_ms=until_ms), Instant(until_ms - offset_ms)
                self.wake(now)  # a time that is over (the hub was off meanwhile) is no rest
            self._tell_rest(now)
        elif what == "walk":
            self.walk.hear(now, said)
            if "step" not in said:
                self.walked = asked
                self._tell_rest(now)
        elif what == "test_call":
            self.called = True
        elif what == "consent":
            if not isinstance(said.get("given"), bool):
                raise BadFrame(f"care/consent: given is {said.get('given')!r}, neither true nor false")
            self.withdrawal = None if said["given"] else self.withdrawal or asked

    def _tell_rest(self, now: Instant) -> None:
        lasts_ms = 0 if self.quiet_until is None else self.quiet_until - now
        self._news = (Reading(now, "care", "rest", lasts_ms // SECOND_MS),)

    def news(self) -> tuple[Reading, ...]:
        """What was asked just now, once: a family's day leaves a rest out. Its value is seconds, 0 ends it."""
        found, self._news = self._news, ()
        return found

    def set_clock(self, now: Instant, by_ms: int) -> None:
        """The wall clock was set forward by so much: a rest was asked for until a time on the wall."""
        if self.rest_until is not None:
            self.rest_until = Instant(self.rest_until - by_ms)
            self.wake(now)

    def wake(self, now: Instant) -> None:
        if self.rest_until is not None and now >= self.rest_until:
            self.rest, self.rest_until = None, None
        self.walk.wake(now)

    def tell(self, now: Instant) -> Iterator[Finding]:
        """Once that this home is not watched, and once that it is again; and a test call that was asked for."""
        if self.called:
            self.called = False
            yield Finding("test_call", "raised", now, "walk")
        if self.watched and self.told is not None:
            yield Finding("home_not_watched", "cleared", self.told, "consent")
            self.told = None
        elif not self.watched and self.told is None:
            self.told = now
            yield Finding("home_not_watched", "raised", now, "consent")

    def words(self, offset_ms: int) -> Iterator[tuple[str, str]]:
        """What stands, with who asked and when: (rest, walk or consent, a line)."""
        if self.rest is not None and self.rest.until_ms is not None:
            yield "rest", f"until {rfc3339(Instant(self.rest.until_ms))}, {_asker(self.rest, offset_ms)}"
        if self.walk.until is not None and self.walked is not None:
            until = rfc3339(Instant(self.walk.until + offset_ms))
            yield "walk", f"a walk test is on until {until}, {_asker(self.walked, offset_ms)}"
        if self.withdrawal is not None:
            yield "consent", f"withdrawn, {_asker(self.withdrawal, offset_ms)}: this home is not watched"
        elif not self._monitoring:
            yield "consent", "home.toml says monitoring = false: this home is not watched"

    def snapshot(self) -> Snapshot:
        return {
            "rest": self.rest,
            "rest_until": self.rest_until,
            "withdrawal": self.withdrawal,
            "walk": [self.walk.snapshot(), self.walked],
            "told": self.told,
        }

    def take(self, proof: Snapshot) -> None:
        """What people had asked when this snapshot of ProofOfWatch was written, by this agent or an older one: that
        outlives all that was learnt."""
        kept = cast(Snapshot | None, proof.get("wishes"))
        if kept is None:
            self.rest_until = cast(Instant | None, proof.get("pause_until"))
            return
        self.rest, self.withdrawal = _asked(kept["rest"]), _asked(kept["withdrawal"])
        if "walk" in kept:
            walk, walked = cast(tuple[Snapshot, object], kept["walk"])
            self.walk.restore(walk, self._sensors)
            self.walked = _asked(walked)
        self.rest_until, self.told = cast(tuple[Instant | None, Instant | None], (kept["rest_until"], kept["told"]))


def _asker(asked: Asked, offset_ms: int) -> str:
    why = f" ({asked.why})" if asked.why else ""
    return f"asked for by {asked.by or 'nobody known'}{why} at {rfc3339(Instant(asked.at + offset_ms))}"


def _word(said: dict[str, object], key: str) -> str:
    return str(said.get(key) or "")[:WORDS_MOST]


def _asked(plain: object) -> Asked | None:
    return None if plain is None else Asked(*cast(tuple[Instant, str, str, int | None], plain))
