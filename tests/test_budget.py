"""The alert budget and the scales under it: what a home's own days do to its deadlines."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.detect.budget import DAYS_KEPT, LEVELS_KEPT, PRIOR_DAYS, WITHOUT_MODEL, Budget, population_rate_permille
from agent.detect.prior import BEYOND, EDGES_MS, RATES, RATIOS, ROW_TOTAL, TAILS
from agent.detect.silences import AT_THE_DOOR, IN_BED, LONGEST_MS, PARTS, SHORTEST_MS, Silences
from agent.home import ROOM_KINDS
from agent.nouns import DAY_MS, HOUR_MS, MINUTE_MS
from tests.home_maker import ROOMS, make_home

lengths = st.integers(SHORTEST_MS, LONGEST_MS)


def lived(budget: Budget, days: int, ratios: tuple[int, ...]) -> Budget:
    for _ in range(days):
        for ratio in ratios:
            budget.note(ratio)
        budget.pass_time(DAY_MS)
    return budget


def test_the_first_hour_rests_on_the_population_alone() -> None:
    budget = Budget(2.0, WITHOUT_MODEL)
    aside = BEYOND // 2  # what no multiplier can spare
    assert population_rate_permille(budget.reluctance) + aside <= 2_000
    assert population_rate_permille(budget.reluctance - 1) + aside > 2_000
    rate = population_rate_permille(budget.reluctance) + aside
    assert budget.expected() == (rate, 0, 0, PRIOR_DAYS)


def test_a_calm_home_is_waited_for_less_and_an_unsteady_one_more() -> None:
    start = Budget(2.0, WITHOUT_MODEL).reluctance
    calm = lived(Budget(2.0, WITHOUT_MODEL), 28, (300, 200)).reluctance
    unsteady = lived(Budget(2.0, WITHOUT_MODEL), 28, (9_000, 8_000)).reluctance
    assert calm < start < unsteady


def test_a_false_alert_counts_at_once_and_is_forgotten_after_four_weeks() -> None:
    budget = lived(Budget(2.0, WITHOUT_MODEL), 28, (300,))
    calm = budget.reluctance
    for _ in range(4):
        budget.note(9_000)
    assert budget.reluctance > calm
    lived(budget, DAYS_KEPT + 1, (300,))
    assert budget.reluctance == calm


def test_a_week_without_observation_forgets_nothing() -> None:
    budget = lived(Budget(2.0, WITHOUT_MODEL), 10, (700,))
    before = budget.snapshot()
    assert not budget.pass_time(0)
    assert budget.snapshot() == before


def test_what_is_expected_keeps_the_budget_and_names_its_counts() -> None:
    budget = lived(Budget(2.0, WITHOUT_MODEL), 40, (400, 900))
    expected = budget.expected()
    assert expected.false_alerts_permille_per_30_days <= 2_000
    assert expected.own_days == DAYS_KEPT
    assert expected.silences_over * 30 <= 2 * (DAYS_KEPT + PRIOR_DAYS)


def test_memory_of_ratios_is_bounded() -> None:
    budget = lived(Budget(2.0, WITHOUT_MODEL), 100, tuple(range(1_000, 1_000 + 3 * LEVELS_KEPT)))
    assert len(json.dumps(budget.snapshot())) < 8_000


@pytest.mark.parametrize("allowed", [0.0, 1e-6])
def test_a_budget_that_cannot_be_kept_waits_as_long_as_may_be(allowed: float) -> None:
    assert Budget(allowed, WITHOUT_MODEL).reluctance == WITHOUT_MODEL.most


def test_a_boundless_budget_has_a_least_multiplier() -> None:
    assert Budget(1_000.0, WITHOUT_MODEL).reluctance == WITHOUT_MODEL.least


@given(st.lists(st.lists(st.integers(0, 50_000), max_size=20), max_size=40), st.floats(0.1, 20), st.floats(0.1, 20))
@settings(deadline=None)
def test_a_larger_budget_never_waits_longer_and_every_budget_is_kept(
    days: list[list[int]], one: float, other: float
) -> None:
    budgets = [Budget(min(one, other), WITHOUT_MODEL), Budget(max(one, other), WITHOUT_MODEL)]
    for day in days:
        for budget in budgets:
            lived(budget, 1, tuple(day))
    assert budgets[0].reluctance >= budgets[1].reluctance
    for budget, allowed in zip(budgets, sorted((one, other)), strict=True):
        rate = budget.expected().false_alerts_permille_per_30_days
        assert rate <= round(allowed * 1_000) or budget.reluctance == WITHOUT_MODEL.most


# -- scales ------------------------------------------------------------------------------------------------------------


def test_the_prior_has_a_falling_row_for_every_kind_of_room_and_hour() -> None:
    assert set(TAILS) == {*ROOM_KINDS, "door"}
    for rows in TAILS.values():
        assert len(rows) == PARTS
        for row in rows:
            assert len(row) == len(EDGES_MS)
            assert row[0] == ROW_TOTAL
            assert list(row) == sorted(row, reverse=True)
    assert list(RATES) == sorted(RATES, reverse=True)
    assert list(RATIOS) == sorted(RATIOS)
    assert len(RATES) == len(RATIOS)


def test_a_home_of_long_silences_gets_a_longer_scale_and_one_of_short_ones_a_shorter() -> None:
    silences = Silences(make_home())
    cell = silences.cell("kitchen", 10 * 60)
    start = silences.scale_ms[cell]
    for _ in range(3_000):
        silences.learn(cell, 2 * MINUTE_MS)
    silences.forget()
    assert silences.scale_ms[cell] < start
    for _ in range(200):
        silences.learn(cell, 5 * HOUR_MS)
    silences.forget()
    assert silences.scale_ms[cell] > 5 * HOUR_MS


def test_a_habit_that_moves_by_an_hour_is_not_new_to_the_next_part_of_the_day() -> None:
    silences = Silences(make_home())
    before, beyond = silences.cell("living", 12 * 60), silences.cell("living", 15 * 60)
    start = silences.scale_ms[before], silences.scale_ms[beyond]
    for _ in range(20):
        silences.learn(silences.cell("living", 11 * 60 + 59), 5 * HOUR_MS)
    silences.forget()
    assert silences.scale_ms[before] > start[0]
    assert silences.scale_ms[beyond] == start[1]


def test_what_is_no_longer_lived_is_forgotten() -> None:
    silences = Silences(make_home())
    fresh = list(silences.scale_ms)
    silences.learn(silences.cell("hall", 0), HOUR_MS)
    for _ in range(400):
        silences.forget()
    assert silences.snapshot() == {"counts": {}, "scales": {}}
    assert silences.scale_ms == fresh


def test_a_removed_room_is_left_behind_and_a_new_one_starts_from_the_population() -> None:
    silences = Silences(make_home())
    snapshot = {"counts": {"attic/3": [1_000] * len(EDGES_MS)}, "scales": {"attic/3": HOUR_MS}}
    silences.restore(snapshot)
    assert silences.snapshot() == {"counts": {}, "scales": {}}


places = st.sampled_from([*ROOMS, IN_BED, AT_THE_DOOR])


@given(st.lists(st.tuples(places, st.integers(0, 1_439), lengths), max_size=60), st.integers(0, 40))
@settings(deadline=None)
def test_scales_stay_in_bounds_and_a_snapshot_of_them_is_whole(lived: list[tuple[str, int, int]], days: int) -> None:
    silences = Silences(make_home())
    for place, minute, length in lived:
        silences.learn(silences.cell(place, minute), length)
    for _ in range(days):
        silences.forget()
    assert all(SHORTEST_MS <= scale <= LONGEST_MS for scale in silences.scale_ms)
    again = Silences(make_home())
    again.restore(json.loads(json.dumps(silences.snapshot())))
    assert again.snapshot() == silences.snapshot()
    for each in (silences, again):
        each.forget()
    assert again.scale_ms == silences.scale_ms
    assert all(1 <= silences.longer_permille(cell, 0) <= 1_000 for cell in range(len(silences.scale_ms)))
