"""What a home's own silences make of the model's hazards: its hours, its rooms, from tomorrow on."""

import json
from typing import Final

from agent.detect.bins import BINS
from agent.detect.hazard import FACTOR_UNIT, WAITS_MS, hazards, stretches, survival
from agent.detect.places import PLACES
from agent.detect.recalibration import Recalibration, Where, corrected, where
from agent.nouns import HOUR_MS, MINUTE_MS

BEDROOM: Final = PLACES.index("bedroom")
BY_STRETCH: Final = stretches(hazards([-100] * BINS))  # an even chance in each bin


def slept(nights: int = 20) -> Recalibration:
    """A home that falls silent in the bedroom at eleven at night, and is heard at seven."""
    found = Recalibration()
    for _ in range(nights):
        found.learn(where(BEDROOM, 23 * 60, 1), BY_STRETCH, 8 * HOUR_MS)
        found.turn()
    return found


def at(here: Where, wait_ms: int, of: Recalibration) -> int:
    """The factor of the stretch in which a silence that began ``here`` has lasted so long."""
    stretch = next(each for each, end_ms in enumerate(WAITS_MS) if end_ms > wait_ms)
    return of.factors(here)[stretch - 1]


def test_a_home_that_gets_up_at_seven_is_expected_at_seven_whenever_it_fell_silent() -> None:
    home, at_three = slept(), where(BEDROOM, 3 * 60, 1)
    at_seven, at_five = at(at_three, 4 * HOUR_MS, home), at(at_three, 2 * HOUR_MS, home)
    assert at_seven > at_five


def test_the_hours_of_the_night_say_nothing_of_the_afternoon() -> None:
    home, kitchen = slept(), PLACES.index("kitchen")
    levels_only = at(where(kitchen, 12 * 60, 1), 2 * HOUR_MS, home)
    assert at(where(kitchen, 14 * 60, 1), 2 * HOUR_MS, home) == levels_only


def test_what_today_teaches_counts_from_tomorrow() -> None:
    home, here = Recalibration(), where(BEDROOM, 23 * 60, 1)
    home.learn(here, BY_STRETCH, 8 * HOUR_MS)
    assert set(home.factors(here)) == {FACTOR_UNIT}
    home.turn()
    assert set(home.factors(here)) != {FACTOR_UNIT}


def test_a_home_that_is_never_heard_before_twelve_hours_waits_longer_and_never_the_other_way() -> None:
    home, here = Recalibration(), where(BEDROOM, 23 * 60, 1)
    for _ in range(20):
        home.learn(here, BY_STRETCH, WAITS_MS[-1])
        home.turn()
    before, after = survival(BY_STRETCH), survival(corrected(BY_STRETCH, home.factors(here)))
    assert all(now >= then for now, then in zip(after, before, strict=True))
    assert after[-1] > before[-1]


def test_what_lies_before_the_least_wait_is_left_as_the_model_said() -> None:
    home = slept()
    assert corrected(BY_STRETCH, home.factors(where(BEDROOM, 23 * 60, 1)))[0] == BY_STRETCH[0]


def test_a_silence_of_any_length_is_learnt_and_a_restart_changes_no_factor() -> None:
    home, here = slept(), where(BEDROOM, 23 * 60 + 59, 30)
    for silence_ms in (*WAITS_MS, WAITS_MS[0] + 1, WAITS_MS[-1] - 1, 40 * MINUTE_MS):
        home.learn(here, BY_STRETCH, silence_ms)
    again = Recalibration()
    again.restore(json.loads(json.dumps(home.snapshot())))
    for one in (home, again):
        assert one.factors(here) == home.factors(here)
    home.turn()
    again.turn()
    assert again.factors(here) == home.factors(here)
    assert again.snapshot() == home.snapshot()
