"""A walk test: somebody walks through the home on purpose, so that every sensor can be seen to answer.

While it lasts silence is nobody's business, as in a rest, and what sensors say is told to no detector: no habit is
learnt from an installer's feet, and no door that is tried raises an alarm. Supervision hears everything as ever. What
calls for help in so many words passes: a help button, smoke, water, a fall sensor. A walk that is forgotten ends by
itself. Then the rules begin anew: how doors and beds stand is told, and a silence counts from there.

**A press that the walk asked for** is one press, of the one button that the walk named, within ``ASKED_MS`` of being
asked for. It goes to the centre at once, as a test call, which by contract needs nobody. Any other press is a call for
help as on any other day: of another button, a second one, one too early or too late. Whoever lives there may need help
just now, and whoever forgot which button it was has only called a person who asks. It is no ``sos`` with a mark: one
that misreads a mark sends an ambulance, or learns to overlook one.
"""

from collections.abc import Container, Iterator, Sequence
from typing import Final, cast

from agent.nouns import ACTIVITY, MINUTE_MS, SECOND_MS, BadFrame, Finding, Instant, Reading, Snapshot, is_activity

WALK_MOST_MS: Final = 120 * MINUTE_MS  # a longer one is refused: meanwhile nobody is looked for
ASKED_MS: Final = 30 * SECOND_MS  # chosen: for whoever stands there with the button in the hand
ECHO_MS: Final = 3 * SECOND_MS  # the radio repeats a press within this: still the one that was asked for
_LEVELS: Final = {"door": "door_level", "bed": "bed_level", "door_level": "door_level", "bed_level": "bed_level"}
_KEPT_BACK: Final = (ACTIVITY - {"button"}) | _LEVELS.keys() | {"restless"}


class Walking:
    """``until`` while a walk lasts."""

    def __init__(self) -> None:
        self.until: Instant | None = None
        self._asked: tuple[str, Instant] | None = None  # for a press of this button, since when
        self._pressed: tuple[str, Instant] | None = None  # the press that answered
        self._levels: dict[str, tuple[str, int]] = {}  # how doors and beds were found to stand
        self._last: Reading | None = None  # the last that was heard of anybody
        self._over = False  # it ended just now, and the detectors have not been told; not memory

    def hear(self, now: Instant, said: dict[str, object]) -> None:
        """``seconds`` begins one, 0 ends it; ``step`` says what whoever walks is about to do: where they stand, or with
        press which button (``of``) they press now. BadFrame for neither."""
        seconds = said.get("seconds")
        if "step" in said:
            press = said["step"] == "press" and self.until is not None
            self._asked, self._pressed = ((str(said.get("of")), now) if press else None), None
        elif not isinstance(seconds, int) or isinstance(seconds, bool) or not 0 <= seconds * SECOND_MS <= WALK_MOST_MS:
            raise BadFrame(
                f"care/walk: seconds is {seconds!r:.20}, not a whole number up to {WALK_MOST_MS // SECOND_MS}"
            )
        elif seconds:
            if self.until is None:
                self._levels, self._last = {}, None
            self.until, self._over = Instant(now + seconds * SECOND_MS), False
        elif self.until is not None:
            self._end()

    def wake(self, now: Instant) -> None:
        if self.until is not None and now >= self.until:
            self._end()

    def _end(self) -> None:
        self.until = self._asked = self._pressed = None
        self._over = True

    def observe(self, now: Instant, readings: Sequence[Reading]) -> Iterator[Finding]:
        """What is heard during a walk; a press that was asked for is told as the test that it is."""
        for reading in readings:
            if reading.quantity in _LEVELS:
                self._levels[reading.sensor] = _LEVELS[reading.quantity], reading.value
            if is_activity(reading):
                self._last = reading
            if self._answers(reading) and self._asked is not None:
                self._asked, self._pressed = None, (reading.sensor, reading.at)
                yield Finding("test_call", "raised", now, "button", evidence=(reading,))

    def _answers(self, reading: Reading) -> bool:
        """Whether this is the press that was asked for, or its echo."""
        if reading.quantity != "button" or not reading.value:
            return False
        if self._asked is not None:
            sensor, since = self._asked
            return reading.sensor == sensor and 0 <= reading.at - since <= ASKED_MS
        if self._pressed is None:
            return False
        sensor, since = self._pressed
        return reading.sensor == sensor and 0 <= reading.at - since <= ECHO_MS

    def told(self, now: Instant, readings: Sequence[Reading]) -> Sequence[Reading]:
        """What the detectors are told: in a walk only what calls for help; when one is over, how things stand."""
        if self.until is not None:
            return [
                reading._replace(quantity="call") if reading.quantity == "button" else reading
                for reading in readings
                if reading.quantity not in _KEPT_BACK and not self._answers(reading)
            ]
        if not self._over:
            return readings
        self._over = False
        stand = [Reading(now, sensor, quantity, value) for sensor, (quantity, value) in sorted(self._levels.items())]
        somebody = [] if self._last is None else [Reading(now, self._last.sensor, "walk", 1)]
        self._levels, self._last = {}, None
        return [*stand, *somebody, *readings]

    def snapshot(self) -> Snapshot:
        asked = [self._asked, self._pressed]
        return {"until": self.until, "asked": asked, "levels": self._levels, "last": self._last}

    def restore(self, snapshot: Snapshot, known: Container[str]) -> None:
        """``known``: the sensors of this home, which may have been changed since; no detector is told of another."""
        self.until = cast(Instant | None, snapshot["until"])
        self._asked, self._pressed = (
            None if one is None else (one[0], one[1])
            for one in cast(list[tuple[str, Instant] | None], snapshot["asked"])
        )
        levels = cast(dict[str, tuple[str, int]], snapshot["levels"])
        self._levels = {sensor: (what, value) for sensor, (what, value) in levels.items() if sensor in known}
        last = cast(tuple[Instant, str, str, int] | None, snapshot["last"])
        self._last = None if last is None or last[1] not in known else Reading(*last)
