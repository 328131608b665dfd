"""The fall model in a lived-in home: outages and outings are no falls, a bed that is felt brings the word nearer."""

from dataclasses import replace
from functools import cache
from typing import Final

from agent.civil import parse_rfc3339
from agent.engine import Engine
from agent.home import parse
from agent.loop import fill
from agent.models_io import shipped
from agent.nouns import DAY_MS, HOUR_MS, MINUTE_MS, Alert, Entry, Frame, Home, Instant, Promise, Reading
from agent.replay import Record, replay
from agent.simulate.days import days
from agent.simulate.dialects import Heard, as_readings, as_zigbee, opening
from agent.simulate.fleet import TEN, home_text
from agent.simulate.resident import OUT, STILL, Stay
from tests.flat_maker import Flat

FIRST: Final = parse_rfc3339("2026-01-05T00:00:00Z")  # a Monday; London is on UTC
SEED: Final = 2
LEFT: Final = Instant(FIRST + 16 * DAY_MS + 10 * HOUR_MS)


@cache
def home() -> Home:
    found = parse(home_text(SEED).encode())
    return replace(found, care=replace(found.care, home_by=21 * 60))


def lived(*instead: Stay, count: int = 20, without: frozenset[str] = frozenset()) -> list[Alert]:
    """So many days with everything that the sensors say, check-ins too."""
    first, second = opening(TEN, SEED)
    told = days(SEED, FIRST, count, instead=[[stay] for stay in instead])
    heard = [Heard(FIRST, first), Heard(FIRST, second), *as_zigbee(told, TEN, SEED)]
    kept = [one for one in heard if not any(name in one.frame.address for name in without)]
    entries = [Entry(seq, one.at, one.frame) for seq, one in enumerate(kept, 1)]
    return replay(entries, Engine(home(), models=shipped()), Record("h")).said


def test_two_days_away_are_told_as_not_home_and_never_as_a_fall() -> None:
    said = lived(Stay(LEFT, Instant(LEFT + 2 * DAY_MS), OUT, STILL))
    kinds = [(alert.kind, alert.state) for alert in said if alert.at > LEFT]
    assert ("not_home", "raised") in kinds
    assert not [kind for kind, _ in kinds if kind == "possible_fall"]


def test_an_ordinary_fortnight_and_a_week_have_at_most_the_budget_of_false_words() -> None:
    assert len([alert for alert in lived() if (alert.kind, alert.state) == ("possible_fall", "raised")]) <= 2


def test_a_fall_is_told_within_the_promise_that_its_last_movement_got() -> None:
    at = Instant(FIRST + 17 * DAY_MS + 11 * HOUR_MS)
    said = lived(Stay(at, Instant(at + 8 * HOUR_MS), "bathroom", STILL))
    falls = [alert for alert in said if alert.kind == "possible_fall" and alert.at > at]
    assert falls
    assert falls[0].room == "bathroom"
    assert falls[0].at - falls[0].since <= 3 * HOUR_MS


def out_of_bed_at_night(bed: bool) -> Promise:
    """What is promised at half past two, after a fortnight, to who got up and was seen in the bedroom."""
    there = parse(home_text(SEED, link="log"))
    if not bed:
        there = replace(there, sensors={id: one for id, one in there.sensors.items() if one.kind != "bed"})
    night = Instant(FIRST + 15 * DAY_MS + 2 * HOUR_MS + 30 * MINUTE_MS)
    told = [one for one in as_readings(days(SEED, FIRST, 16)) if one.at < night - HOUR_MS]
    told += [Reading(night, "bed", "bed", 0), Reading(Instant(night + 5_000), "bedroom-motion", "motion", 1)]
    engine, promise = Engine(there, models=shipped()), None
    for seq, one in enumerate([one for one in told if one.sensor in there.sensors], 1):
        frame = Frame("log", one.sensor, f"{one.quantity} {one.value}".encode())
        for entry in fill([Entry(seq, one.at, frame)], engine):
            promise = engine.step(entry).promise or promise
    assert promise is not None
    return promise


def test_a_bed_that_is_felt_brings_the_word_nearer_for_who_got_up_at_night() -> None:
    felt, unfelt = out_of_bed_at_night(bed=True), out_of_bed_at_night(bed=False)
    assert felt.deadline is not None
    assert unfelt.deadline is not None
    assert felt.deadline < unfelt.deadline


def test_visitors_are_labelled_and_their_silences_teach_nothing() -> None:
    flat = Flat()
    flat.hear("kitchen-motion")
    flat.fall._company.visiting = True  # as the detector that finds visitors says it (test_company.py)
    flat.hear("living-motion", after_ms=MINUTE_MS)
    before = flat.fall.wait.floor.silences.snapshot()
    flat.hear("kitchen-motion", after_ms=HOUR_MS)
    assert flat.fall.wait.floor.silences.snapshot() == before
    flat.fall._company.visiting = False
    flat.hear("living-motion", after_ms=MINUTE_MS)
    flat.hear("kitchen-motion", after_ms=HOUR_MS)
    assert flat.fall.wait.floor.silences.snapshot() != before
