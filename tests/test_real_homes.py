"""All real homes, through the engine: the outage of June 2019, the alert budget, sensors that are killed half-way."""

from collections import Counter
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from agent.civil import rfc3339
from agent.nouns import HOUR_MS, Alert
from bench.floor import Figures, judge, report
from bench.homes import homes_in
from bench.sensors import MOVED_PERMILLE, Judged, table
from bench.sensors import judge as judge_sensors
from tests.notes import Notes
from tests.notes import told as told_after
from tests.real_homes import SUPERVISION, Case, Gap, Told, everywhere, watched

BUDGETS: Final = (1.0, 2.0, 4.0)
LEAST_PERCENT: Final = {"motion": 90, "entrance": 75, "fridge": 85}  # told within 48 h where the home moved
LEAST_A_DAY: Final = 5.0  # a room that is seldom entered says little by its silence


@pytest.fixture(scope="module")
def notes(pytestconfig: pytest.Config) -> Notes:
    return told_after(pytestconfig, "real homes")


@pytest.fixture(scope="module")
def cases(hearthwatch_data: Path) -> list[Case]:
    return homes_in(hearthwatch_data / "tihm", None)


@pytest.fixture(scope="module")
def told(cases: list[Case]) -> list[Told]:
    return everywhere(cases, watched)


def test_all_real_homes_replay_without_a_word_that_is_not_understood(told: list[Told]) -> None:
    assert len(told) == 44
    assert not [home.problems for home in told if home.rejected]
    assert not [home.home for home in told if "agent_fault" in home.kinds]


def test_the_outage_is_at_most_one_fall_a_home_not_repeated_and_told_as_not_watched(
    told: list[Told], notes: Notes
) -> None:
    outage = [(home.home, gap) for home in told for gap in home.gaps if gap.until - gap.since > 40 * HOUR_MS]
    assert len(outage) >= 30
    for home, gap in outage:
        _judge(home, gap)
    falls = sum(any(alert.kind == "possible_fall" for alert in gap.said) for _, gap in outage)
    notes.lines.append(f"June 2019 outage: {len(outage)} silences beyond 40 h, {falls} with one possible_fall each")


def _judge(home: str, gap: Gap) -> None:
    said: dict[str, list[Alert]] = {"possible_fall": [], "home_not_watched": []}
    for alert in gap.said:
        said.get(alert.kind, []).append(alert)
    watch, falls = said["home_not_watched"], said["possible_fall"]
    assert [alert.state for alert in watch] == ["raised", "cleared"], home
    assert watch[0].at == gap.since + 12 * HOUR_MS, home
    assert watch[0].since == gap.since, home
    if falls:
        assert [alert.state for alert in falls[:2]] == ["raised", "updated"], home
        assert "can no longer be seen" in falls[1].text
        assert falls[0].at <= watch[0].at == falls[1].at
        assert [alert.state for alert in falls[2:]] in ([], ["cleared"])
        assert all(alert.at == gap.until for alert in falls[2:]), "only who is heard again ends it"
        assert len({alert.id for alert in falls}) == 1


def test_the_floor_keeps_its_alert_budget_on_real_homes(cases: list[Case], notes: Notes) -> None:
    """In expectation: within a factor of two of the budget, pooled over all homes, outages apart."""
    for budget in BUDGETS:
        pooled = Figures()
        for part in everywhere(cases, partial(_one, budget)):
            pooled.alerts += part.alerts
            pooled.beyond += part.beyond
            pooled.outages += part.outages
            pooled.observed_ms += part.observed_ms
            pooled.away += part.away
            pooled.delays_ms += part.delays_ms
            pooled.nights_ms += part.nights_ms
        notes.lines.append(report(budget, pooled))
        realised = pooled.alerts * 30 * 24 * HOUR_MS / pooled.observed_ms / budget
        assert 0.5 <= realised <= 2.0


def _one(budget: float, case: Case) -> Figures:
    return judge([case], budget)


@pytest.fixture(scope="module")
def judged(cases: list[Case]) -> list[Judged]:
    return everywhere(cases, judge_sensors)


def test_a_sensor_of_any_kind_that_is_killed_half_way_is_told_in_two_days(judged: list[Judged], notes: Notes) -> None:
    """Without check-ins only the neighbours can tell: an empty home, or a room hardly used, tells later."""
    notes.lines += table(judged)
    killed = [one for home in judged for one in home.killed if not one.before]
    for kind, least_percent in LEAST_PERCENT.items():
        mine = [one for one in killed if one.kind == kind and one.moved_permille >= MOVED_PERMILLE]
        assert len(mine) >= 25
        assert sum(one.in_time() for one in mine) * 100 >= least_percent * len(mine), kind
    busy = [one for one in killed if one.a_day >= LEAST_A_DAY and one.moved_permille >= MOVED_PERMILLE]
    assert all(one.hours is not None for one in busy)


def test_hardly_a_sensor_that_is_well_is_told_as_lost(judged: list[Judged]) -> None:
    flags, days = [flag for home in judged for flag in home.flags], sum(home.days for home in judged)
    assert sum(flag.false() for flag in flags) * 30 / days <= 0.25
    assert sum(flag.false() for flag in flags if flag.kind != "entrance") * 30 / days <= 0.1


def test_supervision_is_quiet_in_untouched_homes(told: list[Told], notes: Notes) -> None:
    """What is told there is mostly real: sensors of these homes die and fade, and are silent for days."""
    days = sum(home.days for home in told)
    kinds = sum((home.kinds for home in told), Counter[str]())
    raised = [alert for home in told for alert in home.supervision if alert.state == "raised"]
    counts = ", ".join(f"{kind} {kinds[kind]} ({kinds[kind] * 30 / days:.2f})" for kind in SUPERVISION)
    notes.lines.append(f"untouched homes, {days:.0f} days, and per 30: {counts}")
    for home in told:
        notes.lines += [_life(home, alert) for alert in home.supervision if alert.state == "raised"]
    assert len(raised) * 30 / days <= 0.5


def _life(home: Told, alert: Alert) -> str:
    """How long the sensor was silent in the end: what comes back within hours of being told was no loss."""
    ends = [other.at for other in home.supervision if other.id == alert.id and other.state == "cleared"]
    until = f"heard again after {(ends[0] - alert.since) / HOUR_MS:.0f} h" if ends else "never heard again"
    after = (alert.at - alert.since) / HOUR_MS
    return f"    {home.home} {rfc3339(alert.at)[:10]} {alert.kind} after {after:.0f} h, {until}: {alert.text}"
