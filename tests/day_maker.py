"""Days of a flat for a family's summary, told reading by reading in wall-clock times."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from agent.civil import Wall
from agent.nouns import Consent, Home, Instant, Reading, Sensor, Step
from agent.summary.day import Day, Past, summarised
from agent.summary.observed import Said
from agent.summary.sentences import sentences
from agent.summary.spans import Span
from agent.summary.words_io import words
from tests.home_maker import make_home

BED = Sensor("bed", "bed", "bedroom", None, "log", "bed")
FLAT = make_home(BED)
SHOWN = replace(FLAT, consent=Consent(bathroom_detail_to_family=True))
WALL = Wall("Europe/London")
TODAY = (date(2026, 3, 11) - date(1970, 1, 1)).days  # a Wednesday
KINDS = {"front-door": "door", "fridge": "door", "bed": "bed", "company": "people"}


def number(text: str) -> int:
    return (date.fromisoformat(text) - date(1970, 1, 1)).days


def at(time: str, day: int = TODAY) -> Instant:
    """ "07:40", or with seconds "07:40:30"; "24:00" is the end of the day."""
    hour, minute, *second = (int(part) for part in time.split(":"))
    return Instant(WALL.instant(day, hour * 60 + minute) + 1_000 * sum(second))


def heard(told: str, day: int = TODAY) -> list[Reading]:
    """ "07:40 kitchen, 10:00 front-door, 10:00:05 front-door 0": a room alone is its motion sensor."""
    found = []
    for each in told.split(","):
        time, what, *value = each.split()
        sensor = what if what in KINDS else f"{what}-motion"
        found.append(Reading(at(time, day), sensor, KINDS.get(what, "motion"), int(value[0]) if value else 1))
    return found


A_DAY = (
    "02:10 bathroom, 07:20 bedroom, 07:40 kitchen, 07:42 fridge, 08:30 living, 10:00 hall, 10:00:05 front-door,"
    "10:00:20 front-door 0, 11:30 front-door, 11:30:10 front-door 0, 11:30:15 hall, 11:35 kitchen, 12:00 bathroom,"
    "12:20 living, 18:00 kitchen, 18:01 fridge, 19:00 living, 22:50 hall, 22:55 bathroom, 23:00 bedroom"
)


def weeks(days: int = 28, told: str = A_DAY, before: int = TODAY) -> list[Reading]:
    """The same day again and again, up to the day before."""
    return [one for day in range(before - days, before) for one in heard(told, day)]


def silent(sensor: str, since: str, until: str) -> list[Said]:
    """A sensor that was not to be believed from then to then today, as the hub says it afterwards."""
    lost = Said(at(until), "1-1", "sensor_lost", "raised", at(since), f"Not heard since {since}: {sensor}.")
    return [lost, lost._replace(state="cleared")]


def day_of(
    readings: Iterable[Reading],
    home: Home = FLAT,
    *,
    said: Sequence[Said] = (),
    steps: Sequence[Step] = (),
    off: Sequence[Span] | None = None,
    day: int = TODAY,
    now: Instant | None = None,
) -> Day:
    """The day, over unless ``now`` is given; unless ``off`` is given the hub runs from the noon before the day on, or
    from its first reading if that is sooner."""
    told = sorted(readings)
    began = min(at("12:00", day - 1), told[0].at if told else at("12:00", day - 1))
    past = Past(told, said, steps, [Span(Instant(0), began)] if off is None else off)
    return summarised(home, day, past, at("24:00", day) if now is None else now)


def lines(day: Day) -> list[str]:
    return [words().say(sentence, day) for sentence in sentences(day)]
