"""A hub that blinks: late for three seconds now and then, by a busy disk or a link that bounces."""

from collections import defaultdict
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.detect.bed import BedExit
from agent.detect.button import Sos
from agent.detect.doors import DoorLeftOpen, NightExit
from agent.detect.environment import Environment
from agent.detect.possible_fall import PossibleFall
from agent.detect.routine import NotHome, NotUp
from agent.nouns import DAY_MS, MINUTE_MS, SECOND_MS, Instant
from tests.driver import MIDNIGHT, SENSORS, Build, Drive, a_home

BLINK_MS: Final = 3 * SECOND_MS
BLINKS_MOST: Final = 19  # together less than the shortest wait of a rule
STEP_MS: Final = 10 * MINUTE_MS  # what happens in the home, happens on this grid: no wait ends shortly before
STEPS: Final = 2 * DAY_MS // STEP_MS
RULES: Final[tuple[Build, ...]] = (Sos, BedExit, NightExit, DoorLeftOpen, NotUp, NotHome, Environment)
HEARD: Final = ("bed", "bed", "front", "front", "kitchen-motion", "hall-motion", "pendant", "thermometer", "leak")
LIVES: Final = st.dictionaries(st.integers(0, STEPS), st.tuples(st.sampled_from(HEARD), st.booleans()), max_size=40)
BLINKS: Final = st.dictionaries(st.integers(0, STEPS), st.integers(1, STEP_MS - BLINK_MS - 1), max_size=BLINKS_MOST)


def lived(life: dict[int, tuple[str, bool]], blinks: dict[int, int]) -> dict[tuple[str, str, str], list[Instant]]:
    """When each thing was said, by kind, state and subject."""
    home = Drive(a_home(not_up_by=10 * 60 + 30, home_by=21 * 60), *RULES)
    home.see(MIDNIGHT, observed=True)
    for step in sorted(life.keys() | blinks.keys()):
        at = Instant(MIDNIGHT + step * STEP_MS)
        if step in life:
            sensor, value = life[step]
            if sensor == "thermometer":
                home.hear(at, sensor, 20_000 if value else 9_000, "temperature_mc")
            else:
                home.hear(at, sensor, int(value), SENSORS[sensor][0])
        if step in blinks:
            home.off(Instant(at + blinks[step]), Instant(at + blinks[step] + BLINK_MS))
    home.until(Instant(MIDNIGHT + 4 * DAY_MS))
    said: dict[tuple[str, str, str], list[Instant]] = defaultdict(list)
    for at, finding in home.said:
        said[finding.kind, finding.state, finding.subject].append(at)
    return said


@settings(max_examples=300, deadline=None)
@given(life=LIVES, blinks=BLINKS)
def test_blinks_take_nothing_away_from_what_a_home_says_and_delay_it_by_their_sum_at_most(
    life: dict[int, tuple[str, bool]], blinks: dict[int, int]
) -> None:
    plain, blinking = lived(life, {}), lived(life, blinks)
    assert {what: len(ats) for what, ats in plain.items()} == {what: len(ats) for what, ats in blinking.items()}
    for what, ats in plain.items():
        assert all(0 <= late - at <= len(blinks) * BLINK_MS for at, late in zip(ats, blinking[what], strict=True))


@settings(deadline=None)
@given(gaps_ms=st.lists(st.integers(1, 2 * MINUTE_MS), max_size=20))
def test_a_fall_is_told_later_by_the_blinks_alone(gaps_ms: list[int]) -> None:
    plain, blinking = (Drive(a_home(), PossibleFall) for _ in range(2))
    for home in (plain, blinking):
        home.hear("09:00", "kitchen-motion")
    blinks = 0
    for gap_ms in gaps_ms:
        since = Instant(blinking.now + gap_ms)
        if (due := blinking.detectors[-1].deadline()) is None or due <= since:
            break
        blinking.off(since, Instant(since + BLINK_MS))
        blinks += 1
    for home in (plain, blinking):
        home.until(Instant(MIDNIGHT + DAY_MS))
    assert blinking.said[0][0] - plain.said[0][0] == blinks * BLINK_MS
