"""One eventful morning, told after 28 quiet days: what happens when, and what the hub must say of it.

All of it lies between 05:22 and 07:22, so that it takes 60 s at 120 times the real speed. She rises early: the
plan's night ends at 06:00.

    05:22  asleep; the bed sensor says so
    05:34  up, and out through the front door                   night_exit, five minutes later
    05:36  the fridge's sensor dies; it spoke every 5 min       sensor_lost when its learned window ends (about 24 min)
    05:44  the line to the centre goes down                     upstream_lost, kept until it can be sent
    05:48  home, and back to bed                                night_exit cleared, kept as well
    05:58  the line is back; uplink's timers are real,          all that was kept arrives; upstream_lost cleared
           so it is found between 05:59 and 06:22
    06:02  up, and into the bath                                the home is asked, and she answers: nothing is raised
    06:19  breakfast, and to the bathroom again as always
    06:26  a fall in the bathroom; nothing moves any more       the home is asked, nobody answers; possible_fall at
                                                                the floor's deadline, within 46 min
    07:12  help comes in by the front door                      possible_fall cleared: movement again
    07:22  the end

At the centre a person takes the possible fall, and says after help has come that it was needed.

Expectations are data, so that whoever runs the story can compare what was raised with what should have been.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from heapq import merge
from random import Random
from typing import Final, NamedTuple

from agent.civil import Wall
from agent.nouns import DAY_MS, SECOND_MS, Instant
from agent.simulate.asked import ANSWER, LAMP, asks_first, reaction
from agent.simulate.bed import LOAD_12, SimulatedBed, sleeper
from agent.simulate.days import days
from agent.simulate.dialects import Heard, as_felt, as_zigbee, opening
from agent.simulate.fleet import TEN, TIMEZONE, home_text
from agent.simulate.resident import BED, OUT, STILL, Act, Stay, acts
from agent.simulate.sensors import Fault, Signal

DATE: Final = date(2026, 3, 2)
PAST_DAYS: Final = 28
DEAD: Final = "fridge-door"
SPEED_MOST: Final = 120  # times real time: faster, and transport timers, which stay real, no longer fit the story
# Her bed stands on a load cell, wired to a board, since the morning before; until then the hub misses it. A day of
# what it feels is reckoned in three seconds; a month would take two minutes. The family's day begins at noon.
WIRED_BED: Final = replace(TEN[0], wired="bed0")
LAID: Final = "11:30"
FLEET: Final = (WIRED_BED, *TEN[1:], ANSWER)
SEEDED_MS: Final = 20 * SECOND_MS  # how far the seed moves what the person does


class Scene(NamedTuple):
    """From ``at`` on this is happening. ``cue`` is what whoever runs the story has to do then: line_down, line_up."""

    at: Instant
    title: str
    told: str
    cue: str = ""


class Expected(NamedTuple):
    """Exactly one alert of this kind comes to this state in [after, before].

    ``verdict``: a person at the centre takes it and says this of it, and the hub hears both.
    """

    kind: str
    state: str
    after: Instant
    before: Instant
    verdict: str = ""


class Asked(NamedTuple):
    """The home is asked once in [after, before], and somebody answers or nobody does."""

    after: Instant
    before: Instant
    answered: bool


@dataclass(frozen=True, slots=True)
class Story:
    """``past`` is what the hub heard on the days before; ``opening`` is what the broker holds when it connects.

    ``frames`` are what zigbee2mqtt publishes, and ``bed`` is what the load cell of the wired bed feels meanwhile.
    ``tolerated`` kinds may come besides; any other kind that is not expected is a false alert.
    """

    home_text: str
    past: tuple[Heard, ...]
    opening: tuple[Heard, ...]
    frames: tuple[Heard, ...]
    bed: SimulatedBed
    start_at: Instant
    end_at: Instant
    scenes: tuple[Scene, ...]
    expected: tuple[Expected, ...]
    asked: tuple[Asked, ...]
    seed: int
    answers_until: Instant  # from then on nobody can
    tolerated: frozenset[str] = frozenset({"test_call"})

    def reaction(self, at: Instant, address: str, payload: bytes) -> tuple[Heard, ...]:
        """What the home says, now and later, to a command that it hears at ``at``."""
        return tuple(reaction(at, address, payload, self.seed, at < self.answers_until))


class _Times:
    """The wall clock of the story's day."""

    def __init__(self) -> None:
        self._wall = Wall(TIMEZONE)
        self.day = (DATE - date(1970, 1, 1)).days

    def at(self, hhmm: str) -> Instant:
        hour, minute = hhmm.split(":")
        return self._wall.instant(self.day, int(hour) * 60 + int(minute))

    def first_midnight(self) -> Instant:
        return self._wall.instant(self.day - PAST_DAYS, 0)


def story(seed: int) -> Story:
    """The story, and the 28 days before it, of the simulated home ``seed``."""
    times = _Times()
    start, end = times.at("05:22"), times.at("07:22")
    told = list(
        days(
            seed,
            times.first_midnight(),
            PAST_DAYS + 1,
            fleet=FLEET,
            instead=(_morning(seed, times),),
            besides=_help(seed, times),
            faults=(Fault(DEAD, "dead", times.at("05:36")),),
        )
    )
    heard = [one for one in as_zigbee(told, FLEET, seed) if one.at < end]
    before = (one for one in heard if one.at < start)
    bed = SimulatedBed(LOAD_12, sleeper(_lain(told, Instant(end + DAY_MS))), seed)
    laid = Instant(times.at(LAID) - DAY_MS)
    held = opening((*FLEET, LAMP), seed)
    first = tuple(Heard(times.first_midnight(), frame) for frame in held)
    return Story(
        home_text=asks_first(home_text(seed, FLEET), seed),
        past=first + tuple(merge(before, as_felt(bed, WIRED_BED, laid, start), key=_at)),
        opening=tuple(Heard(start, frame) for frame in held),
        frames=tuple(one for one in heard if one.at >= start),
        bed=bed,
        start_at=start,
        end_at=end,
        scenes=_scenes(times),
        expected=_expected(times),
        asked=(
            Asked(times.at("06:07"), times.at("06:19"), answered=True),
            Asked(times.at("06:26"), times.at("07:12"), answered=False),
        ),
        seed=seed,
        answers_until=times.at("06:26"),
    )


def _at(heard: Heard) -> Instant:
    return heard.at


def _lain(told: Iterable[Signal], until: Instant) -> list[tuple[Instant, Instant]]:
    """From when to when she lay in bed; who lies there at the end does so ``until`` then."""
    turns = [(one.at, one.value) for one in told if one.sensor == WIRED_BED.id and one.quantity == WIRED_BED.kind]
    ends = [*turns[1:], (until, 0)]
    return [(since, end) for (since, value), (end, _) in zip(turns, ends, strict=True) if value]


def _morning(seed: int, times: _Times) -> tuple[Stay, ...]:
    rng = Random(f"{seed}/story")
    plan = (
        ("05:34", BED, STILL, 0),
        ("05:48", OUT, STILL, 0),
        ("06:02", BED, STILL, 0),
        ("06:04", "bathroom", 25, 0),
        ("06:19", "bathroom", STILL, 0),
        ("06:23", "kitchen", 40, 2),
        ("06:26", "bathroom", 20, 0),
        ("07:12", "bathroom", STILL, 0),
        ("07:16", "bathroom", 15, 0),
        ("07:24", "living", 40, 0),
    )
    written: list[Stay] = []
    start = times.at("05:31")
    for until, place, pace_s, fridge in plan:
        end = Instant(times.at(until) + rng.randrange(SEEDED_MS))
        written.append(Stay(start, end, place, pace_s * SECOND_MS, fridge))
        start = end
    return tuple(written)


def _help(seed: int, times: _Times) -> list[Act]:
    """A neighbour with a key comes in and goes to her."""
    come, up, end = times.at("07:12"), times.at("07:16"), times.at("07:24")
    plan = [
        Stay(times.at("05:22"), come, OUT),
        Stay(come, up, "bathroom", 20 * SECOND_MS),
        Stay(up, end, "living", 40 * SECOND_MS),
    ]
    return list(acts(plan, Random(f"{seed}/help")))


def _scenes(times: _Times) -> tuple[Scene, ...]:
    at = times.at
    return (
        Scene(at("05:22"), "Asleep", "It is twenty past five on a March morning. She is in bed, and the bed says so."),
        Scene(at("05:34"), "The front door at night", "She gets up and goes out. Nobody comes back in."),
        Scene(at("05:36"), "A sensor dies", "The fridge's sensor, which spoke every five minutes, says no more."),
        Scene(
            at("05:44"), "The line goes down", "The centre cannot be reached; what is said now is kept.", "line_down"
        ),
        Scene(at("05:48"), "Home again", "She comes back in and lies down again."),
        Scene(
            at("05:58"),
            "The line is back",
            "When the hub tries again, it sends what it kept; the centre signs.",
            "line_up",
        ),
        Scene(
            at("06:02"), "A long bath", "She lies in the water and does not move: to the sensors, no other than a fall."
        ),
        Scene(at("06:19"), "Breakfast", "Up, to the kitchen and to the bathroom again, as on any day."),
        Scene(at("06:26"), "A fall", "In the bathroom. From now on nothing moves; the sensors still check in."),
        Scene(at("07:12"), "Help arrives", "A neighbour opens the front door and goes to her."),
    )


def _expected(times: _Times) -> tuple[Expected, ...]:
    at = times.at
    return (
        Expected("night_exit", "raised", at("05:34"), at("05:48")),
        Expected("night_exit", "cleared", at("05:48"), at("05:52")),
        Expected("sensor_lost", "raised", at("05:40"), at("07:12")),
        Expected("upstream_lost", "raised", at("05:44"), at("05:58")),
        Expected("upstream_lost", "cleared", at("05:58"), at("06:50")),
        Expected("possible_fall", "raised", at("06:28"), at("07:12"), verdict="true"),
        Expected("possible_fall", "cleared", at("07:12"), at("07:16")),
    )
