"""By night an hour weighs more than by day: whoever falls then is looked for no later."""

from hypothesis import given
from hypothesis import strategies as st

from agent.detect.bins import BINS
from agent.detect.fall_model import NIGHT_PERMILLE
from agent.detect.hazard import LEVELS, PRICES, hazards, stretches, survival, wait_ms
from agent.detect.places import PLACES
from agent.detect.recalibration import where

LOGITS = st.lists(st.integers(-400, 200), min_size=BINS, max_size=BINS)
PLACE = st.integers(0, len(PLACES) - 1)


@given(LOGITS, st.integers(0, LEVELS - 1))
def test_what_weighs_more_never_waits_longer(logits: list[int], level: int) -> None:
    left = survival(stretches(hazards(logits)))
    by_day, by_night = wait_ms(left, PRICES[level]), wait_ms(left, PRICES[level], NIGHT_PERMILLE)
    assert by_day is not None
    assert by_night is not None
    assert by_night <= by_day


@given(PLACE, st.integers(0, 24 * 60 - 1), st.integers(0, 60))
def test_the_night_is_from_ten_to_seven_wherever_somebody_was_heard(place: int, minute: int, stay: int) -> None:
    assert where(place, minute, stay).night() == (minute >= 22 * 60 or minute < 7 * 60)
