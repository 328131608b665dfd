"""A care plan that is changed while the hub is off: what is remembered goes on under the new one."""

import json
from dataclasses import replace
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.detect.bed import BedExit
from agent.detect.budget import WITHOUT_MODEL, Budget
from agent.detect.button import Sos
from agent.detect.doors import DoorLeftOpen, NightExit
from agent.detect.environment import Environment
from agent.detect.possible_fall import PossibleFall
from agent.detect.routine import NotHome, NotUp
from agent.nouns import DAY_MS, HOUR_MS, MINUTE_MS, Care, Home, Instant
from tests.detector_contract import LIFE, Step, lived
from tests.driver import Build, Drive, a_home

RULES: Final[tuple[Build, ...]] = (PossibleFall, Sos, BedExit, NightExit, DoorLeftOpen, NotUp, NotHome, Environment)
TIMES: Final = st.none() | st.integers(0, 24 * 60 - 1)
PLANS: Final = st.builds(
    Care,
    false_alerts_per_30_days=st.sampled_from([0.1, 2.0, 60.0]),
    not_up_by=TIMES,
    night=st.tuples(st.integers(0, 24 * 60 - 1), st.integers(0, 24 * 60 - 1)),
    bed_exit_minutes=st.integers(1, 720),
    night_exit=st.booleans(),
    door_open_minutes=st.integers(1, 720),
    home_by=TIMES,
)


def under(plan: Home, old: Drive) -> Drive:
    """The home after a restart of a minute, under another plan."""
    new = Drive(plan, *old.builds)
    for before, after in zip(old.detectors, new.detectors, strict=True):
        after.restore(json.loads(json.dumps(before.snapshot())))
    new.now, new.watch = old.now, old.watch
    new.off(new.now, Instant(new.now + MINUTE_MS))
    return new


@settings(max_examples=100, deadline=None)
@given(life=LIFE, before=PLANS, after=PLANS)
def test_a_home_lives_on_under_any_other_plan(life: list[Step], before: Care, after: Care) -> None:
    home = a_home()
    old = lived(replace(home, care=before), RULES, life)
    new = under(replace(home, care=after), old)
    assert all(due is None or due > new.now for due in (one.deadline() for one in new.detectors))
    new.until(Instant(new.now + 2 * DAY_MS))
    back = under(replace(home, care=before), new)
    back.until(Instant(back.now + 2 * DAY_MS))


def test_a_time_to_be_home_by_that_is_taken_out_of_the_plan_and_put_back_is_a_rule_again() -> None:
    home = Drive(a_home(home_by=21 * 60), NotHome)
    home.hear("10:00", "kitchen-motion")
    without = under(a_home(), home)
    assert without.detectors[-1].deadline() is None
    without.hear("14:00", "front", 1)
    without.until("20:00")
    again = under(a_home(home_by=21 * 60), without)
    again.until("22:00")
    assert again.diary() == ["21:00 not_home raised"]


def test_up_by_an_earlier_time_holds_from_the_next_morning() -> None:
    home = Drive(a_home(not_up_by=11 * 60), NotUp)
    home.hear("09:00", "kitchen-motion")
    home.hear("22:00", "kitchen-motion")
    earlier = under(a_home(not_up_by=8 * 60), home)
    earlier.until("12:00")
    assert earlier.diary() == ["08:00 not_up raised"]


def test_up_by_a_later_time_is_not_asked_at_the_old_one() -> None:
    home = Drive(a_home(not_up_by=8 * 60), NotUp)
    home.hear("09:00", "kitchen-motion")
    later = under(a_home(not_up_by=11 * 60), home)
    later.until("08:30")
    assert later.diary() == []
    later.until(Instant(later.now + DAY_MS + 4 * HOUR_MS))
    assert later.diary() == ["11:00 not_up raised"]


def test_a_new_alert_budget_holds_from_the_first_hour() -> None:
    lavish, sparing = Budget(8.0, WITHOUT_MODEL), Budget(0.5, WITHOUT_MODEL)
    fresh = sparing.reluctance
    sparing.restore(json.loads(json.dumps(lavish.snapshot())))
    assert sparing.reluctance == fresh > lavish.reluctance


def test_a_fall_under_a_new_budget_is_told_as_that_budget_wants() -> None:
    old = Drive(a_home(false_alerts_per_30_days=8.0), PossibleFall)
    fresh = Drive(a_home(false_alerts_per_30_days=0.5), PossibleFall)
    old.hear("09:00", "kitchen-motion")
    new = under(fresh.home, old)
    for home in (new, fresh):
        home.hear("10:00", "kitchen-motion")
    assert new.detectors[-1].deadline() == fresh.detectors[-1].deadline() != Instant(new.now + HOUR_MS)
