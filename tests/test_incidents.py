"""From findings to alerts: one id for one incident, and limits that spare people without hiding anything."""

import json
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.incidents import ONCE, RAISED_MOST, UPDATES_MOST, Incidents
from agent.kinds import SEVERITY, TEXTS
from agent.nouns import DAY_MS, HOUR_MS, Alert, Clock, Finding, Instant, Reading, Watch
from agent.packing import alert_line
from tests.home_maker import make_home

MORNING: Final = Instant(1_772_359_200_000)  # Sunday 2026-03-01, 10:00 in London, where it is UTC
SEEN: Final = Reading(Instant(MORNING - 1), "kitchen-motion", "motion", 1)
KINDS: Final = sorted(SEVERITY)
FINDINGS: Final = st.lists(
    st.tuples(
        st.integers(0, 5 * HOUR_MS),
        st.sampled_from(KINDS),
        st.sampled_from(["raised", "updated", "cleared"]),
        st.sampled_from(["", "hall-motion", "fridge"]),
    ),
    max_size=120,
)


def finding(kind: str, state: str = "raised", subject: str = "", room: str | None = "kitchen") -> Finding:
    return Finding(kind, state, MORNING, subject, room, 970, (SEEN,))


def take(incidents: Incidents, *findings: Finding, at: int = MORNING, watch: Watch | None = None) -> list[Alert]:
    return incidents.take(Instant(at), findings, watch or Watch(), 1_000)


def test_an_alert_is_written_as_the_contract_says() -> None:
    (alert,) = take(Incidents(make_home()), finding("possible_fall"))
    assert alert_line(alert, "elm-12") == (
        '{"id":"1-1","home":"elm-12","kind":"possible_fall","state":"raised","severity":"critical",'
        '"at":"2026-03-01T10:00:00.000Z","since":"2026-03-01T10:00:00.000Z","room":"kitchen",'
        '"text":"No movement since 10:00; last seen in the kitchen.",'
        '"evidence":[{"at":"2026-03-01T09:59:59.999Z","sensor":"kitchen-motion","kind":"motion","value":1}],'
        '"confidence_permille":970,"coverage_permille":1000,"late":false,"test":false}'
    )


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_sentence_for_what_it_says(kind: str) -> None:
    incidents = Incidents(make_home())
    for room in ("kitchen", None, "no-such-room"):
        for state in ("raised",) if kind in ONCE else ("raised", "cleared"):
            (alert,) = take(incidents, finding(kind, state, room=room), at=MORNING)
            assert alert.severity == SEVERITY[kind]
            assert "{" not in alert.text
            assert alert.text or not TEXTS[kind][2]
        if kind != "possible_fall" and SEVERITY[kind] == "low":
            break  # said twice a day at most


def test_times_in_a_sentence_are_those_of_the_clock_on_the_wall() -> None:
    hub_is_an_hour_behind = Watch(clock=Clock(HOUR_MS, "rtc"))
    (alert,) = take(Incidents(make_home()), finding("sos"), watch=hub_is_an_hour_behind)
    assert alert.text == "Help button pressed at 11:00."
    (alert,) = take(Incidents(make_home(timezone="Europe/Berlin")), finding("sos"))
    assert alert.text == "Help button pressed at 11:00."


def test_one_incident_has_one_id_and_what_is_said_of_it_is_numbered() -> None:
    incidents = Incidents(make_home())
    said = take(incidents, finding("sos"), finding("sos"), finding("smoke"), finding("sos", "updated"))
    said += take(incidents, finding("sos", "cleared"), finding("sos", "cleared"), finding("sos"))
    assert [(alert.id, alert.seq, alert.kind, alert.state) for alert in said] == [
        ("1-1", 1, "sos", "raised"),
        ("1-2", 2, "smoke", "raised"),
        ("1-1", 3, "sos", "updated"),
        ("1-1", 4, "sos", "cleared"),
        ("1-3", 5, "sos", "raised"),
    ]


def test_a_critical_incident_is_never_held_back() -> None:
    incidents = Incidents(make_home())
    for press in range(200):
        assert len(take(incidents, finding("sos"), finding("sos", "cleared"), at=MORNING + press)) == 2


@pytest.mark.parametrize("kind", ["bed_exit", "door_left_open", "routine_change", "test_call"])
def test_a_flapping_condition_is_a_few_notices_a_day(kind: str) -> None:
    incidents = Incidents(make_home())
    most = RAISED_MOST[SEVERITY[kind]]
    for day in range(3):
        said: list[Alert] = []
        for minute in range(100):
            at = MORNING + day * DAY_MS + minute * 60_000
            said += take(incidents, finding(kind), finding(kind, "cleared"), at=at)
        assert [alert.state for alert in said] == (["raised"] if kind in ONCE else ["raised", "cleared"]) * most
    assert incidents.held_back == 3 * (100 - most)


def test_an_incident_is_updated_a_few_times_and_cleared_all_the_same() -> None:
    incidents = Incidents(make_home())
    said = take(incidents, finding("leak"), *[finding("leak", "updated")] * 50, finding("leak", "cleared"))
    assert [alert.state for alert in said] == ["raised", *["updated"] * UPDATES_MOST, "cleared"]


def test_a_past_that_was_laid_down_leaves_nothing_open_and_numbers_start_anew() -> None:
    incidents = Incidents(make_home())
    take(incidents, finding("sos"), finding("leak"))
    incidents.begin_epoch()
    assert take(incidents, finding("sos", "cleared")) == []
    (alert,) = take(incidents, finding("leak"))
    assert (alert.id, alert.seq) == ("2-1", 1)


@given(FINDINGS, st.integers(0, 120))
def test_whatever_is_found_each_incident_is_raised_first_and_a_restart_changes_nothing(
    found: list[tuple[int, str, str, str]], cut: int
) -> None:
    incidents, at = Incidents(make_home()), int(MORNING)
    whole: list[Alert] = []
    for index, (after_ms, kind, state, subject) in enumerate(found):
        if index == cut:
            memory = json.loads(json.dumps(incidents.snapshot()))
            incidents = Incidents(make_home())
            incidents.restore(memory)
            assert json.loads(json.dumps(incidents.snapshot())) == memory
        at += after_ms
        whole += take(incidents, finding(kind, state, subject), at=at)
    uncut, at = Incidents(make_home()), int(MORNING)
    again: list[Alert] = []
    for after_ms, kind, state, subject in found:
        at += after_ms
        again += take(uncut, finding(kind, state, subject), at=at)
    assert again == whole
    assert [alert.seq for alert in whole] == list(range(1, len(whole) + 1))
    open_now: set[str] = set()
    for alert in whole:
        assert (alert.id in open_now) == (alert.state != "raised")
        (open_now.discard if alert.state == "cleared" else open_now.add)(alert.id)


def _due(incidents: Incidents) -> Instant | None:
    return incidents.due


def test_what_was_raised_too_often_and_then_stands_is_said_after_half_an_hour() -> None:
    incidents = Incidents(make_home())
    at = Instant(1_767_571_200_000)

    def say(state: str, minutes: int) -> list[str]:
        now = Instant(at + minutes * 60_000)
        leak = Finding("leak", state, now, "mat", "bathroom")
        return [alert.state for alert in incidents.take(now, [leak], Watch(), 1_000)]

    for minute in range(0, 40, 10):
        assert say("raised", minute) == ["raised"]
        assert say("cleared", minute + 1) == ["cleared"]
    assert say("raised", 50) == [], "five times in an hour is flapping"
    assert _due(incidents) == at + 80 * 60_000
    later = Instant(at + 80 * 60_000)
    assert [(alert.state, alert.since) for alert in incidents.take(later, [], Watch(), 1_000)] == [
        ("raised", at + 50 * 60_000)
    ]
    assert _due(incidents) is None
    assert say("cleared", 90) == ["cleared"]


def test_what_was_held_back_and_ends_is_never_said() -> None:
    incidents = Incidents(make_home())
    at = Instant(1_767_571_200_000)
    for minute in range(0, 60, 2):
        for state in ("raised", "cleared"):
            now = Instant(at + minute * 60_000 + (state == "cleared") * 1_000)
            incidents.take(now, [Finding("leak", state, now, "mat", "bathroom")], Watch(), 1_000)
    assert incidents.due is None
    restored = Incidents(make_home())
    restored.restore(json.loads(json.dumps(incidents.snapshot())))
    assert restored.snapshot() == incidents.snapshot()
