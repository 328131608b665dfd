"""An alert is followed until a person has it: who does not answer is asked again, by another way, and at home aloud."""

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.nouns import DAY_MS, Act, Alert, BadFrame, Clock, Instant
from agent.transport.custody import FAR, HUMAN_MS, MOST_ASKED, RECEIPT_MS, SOUND_S, UNSIGNED_MS, Custody

FALL = Alert(
    1, "1-1", Instant(0), "possible_fall", "raised", "critical", Instant(-500), "bathroom", "", (), 900, 1_000, Clock()
)
DOOR = replace(FALL, seq=2, id="1-2", kind="door_left_open", severity="medium")
SECOND_PATH = Act("second_path", 1, 1)
SOUND = Act("sound", 1, 1, SOUND_S)
QUIET = Act("sound")


def watched(*alerts: Alert) -> Custody:
    custody = Custody()
    custody.begin()
    custody.take(Instant(0), alerts)
    return custody


def receipt(what: str, seq: int = 1, **more: object) -> dict[str, object]:
    return {"epoch": 1, "seq": seq, "kind": what} | more


def acts_at(custody: Custody, now: int) -> list[Act]:
    acts = custody.wake(Instant(now))[1]
    custody.tell(Instant(now), known=False)
    return acts


def test_an_alert_without_a_receipt_goes_by_the_second_path_and_is_heard_at_home_after_a_minute() -> None:
    custody = watched(FALL)
    assert custody.due == RECEIPT_MS
    steps, acts = custody.wake(custody.due)
    assert acts == [SECOND_PATH, SOUND]
    assert [(step.state, step.id) for step in steps] == [("escalated", "1-1")]


def test_an_alert_that_was_signed_for_in_time_stays_quiet_until_a_person_is_late() -> None:
    custody = watched(FALL)
    custody.hear(Instant(900), receipt("received"))
    assert custody.due == HUMAN_MS
    assert acts_at(custody, HUMAN_MS) == [SECOND_PATH, SOUND]


def test_whoever_takes_an_alert_ends_the_sound_and_is_not_called_again() -> None:
    custody = watched(FALL)
    acts_at(custody, RECEIPT_MS)
    _, acts, closed = custody.hear(Instant(70_000), receipt("human"))
    assert (acts, closed) == ([QUIET], None)
    custody.hear(Instant(71_000), receipt("received"))
    assert custody.due == FAR


def test_a_receipt_alone_ends_the_sound_that_only_called_for_it() -> None:
    custody = watched(FALL)
    acts_at(custody, RECEIPT_MS)
    assert custody.hear(Instant(70_000), receipt("received"))[1] == [QUIET]
    acts_at(custody, HUMAN_MS)
    assert custody.hear(Instant(HUMAN_MS + 1), receipt("received"))[1] == [], "nobody has come yet"


def test_a_critical_incident_stays_open_when_movement_is_seen_and_closes_with_an_outcome_only() -> None:
    custody = watched(FALL)
    custody.take(Instant(10_000), [replace(FALL, seq=2, state="cleared")])
    for seq in (1, 2):
        custody.hear(Instant(11_000), receipt("received", seq))
    assert custody.due == HUMAN_MS
    custody.hear(Instant(12_000), receipt("human", 2))
    steps, _, closed = custody.hear(Instant(99_000), receipt("outcome", verdict="false", reason="asleep"))
    assert closed is not None
    assert (closed.id, closed.since) == ("1-1", -500)
    assert [(step.verdict, step.reason) for step in steps] == [("false", "asleep")]


def test_nobody_is_called_to_a_door_that_stands_open_but_its_message_must_be_signed() -> None:
    custody = watched(DOOR)
    assert acts_at(custody, RECEIPT_MS) == [Act("second_path", 1, 2)]
    custody.hear(Instant(61_000), receipt("received", 2))
    assert custody.due == FAR


def test_a_test_call_needs_nobody() -> None:
    custody = watched(replace(FALL, kind="test_call", severity="info", test=True))
    custody.hear(Instant(10), receipt("received"))
    custody.hear(Instant(20), receipt("cancelled-test"))
    assert custody.due == FAR


def test_whether_a_test_call_is_cancelled_is_followed_until_a_newer_one_proves_more() -> None:
    call = replace(FALL, kind="test_call", severity="info", test=True)
    custody = watched(call)
    custody.hear(Instant(10), receipt("received"))
    custody.take(Instant(20), [replace(call, seq=2, id="1-2")])
    assert [step.state for step in custody.hear(Instant(30), receipt("cancelled-test"))[0]] == []
    told = [custody.hear(Instant(40), receipt(kind, 2))[0] for kind in ("received", "cancelled-test", "cancelled-test")]
    assert [[step.state for step in steps] for steps in told] == [["received"], ["cancelled-test"], []]


def test_a_person_is_asked_for_again_every_five_minutes_for_an_hour() -> None:
    custody, times = watched(FALL), []
    custody.hear(Instant(1), receipt("received"))
    while custody.due != FAR:
        now = custody.due
        assert acts_at(custody, now) == [SECOND_PATH, SOUND]
        times.append(now)
    assert times == [HUMAN_MS * count for count in range(1, MOST_ASKED + 1)]


def test_a_line_that_says_it_is_up_while_nobody_signs_is_told() -> None:
    custody = watched(DOOR)
    custody.wake(Instant(RECEIPT_MS))
    assert custody.tell(Instant(RECEIPT_MS), known=False) == []
    now = custody.due
    assert now == RECEIPT_MS + UNSIGNED_MS
    custody.wake(now)
    assert custody.tell(now, known=True) == [], "that the line is down was told before"
    now = custody.due
    custody.wake(now)
    (told,) = custody.tell(now, known=False)
    assert (told.kind, told.state, told.since) == ("upstream_lost", "raised", RECEIPT_MS + UNSIGNED_MS)
    custody.hear(Instant(now + 1), receipt("received", 2))
    assert [told.state for told in custody.tell(Instant(now + 1), known=True)] == ["cleared"]


def test_an_outcome_of_what_a_person_knew_does_not_close_what_was_said_since() -> None:
    custody = watched(FALL)
    custody.take(Instant(1_000), [replace(FALL, seq=2, state="updated")])
    _, _, closed = custody.hear(Instant(9_000), receipt("outcome", verdict="false", reason="other"))
    assert closed is None
    for seq in (1, 2):
        custody.hear(Instant(9_000), receipt("received", seq))
    assert custody.due == 9_000 + HUMAN_MS
    _, _, closed = custody.hear(Instant(10_000), receipt("outcome", 2, verdict="true"))
    assert closed is not None


def test_only_a_test_call_is_closed_without_a_person() -> None:
    custody = watched(FALL)
    assert custody.hear(Instant(1), receipt("cancelled-test"))[2] is None
    assert custody.due == HUMAN_MS


def test_one_message_that_nobody_will_ever_sign_hides_no_later_silence_of_the_centre() -> None:
    custody = watched(DOOR, replace(DOOR, seq=3, id="1-3"))
    acts_at(custody, RECEIPT_MS)
    custody.hear(Instant(70_000), receipt("received", 3))
    assert custody.due == FAR, "somebody signs"
    custody.take(Instant(80_000), [replace(DOOR, seq=4, id="1-4")])
    acts_at(custody, custody.due)
    now = custody.due
    custody.wake(now)
    assert [found.state for found in custody.tell(now, known=False)] == ["raised"]


def test_a_log_without_a_hub_has_no_centre_to_wait_for() -> None:
    custody = Custody()
    custody.take(Instant(0), [FALL])
    assert custody.due == FAR


@pytest.mark.parametrize("said", [{}, receipt("closed"), receipt("received") | {"seq": "1"}, receipt("human", True)])
def test_a_receipt_that_says_nothing_is_refused(said: dict[str, object]) -> None:
    with pytest.raises(BadFrame):
        watched(FALL).hear(Instant(1), said)


def test_a_receipt_that_comes_twice_or_of_another_life_changes_nothing() -> None:
    custody = watched(DOOR)
    custody.hear(Instant(1), receipt("received", 2))
    before = custody.snapshot()
    assert custody.hear(Instant(2), receipt("received", 2)) == ([], [], None)
    assert custody.hear(Instant(2), receipt("outcome", 77, verdict="true")) == ([], [], None)
    assert custody.snapshot() == before


kinds = st.sampled_from([FALL, replace(FALL, state="cleared"), DOOR, replace(DOOR, state="cleared")])
events = st.lists(
    st.tuples(st.integers(1, DAY_MS // 40), kinds | st.sampled_from(["received", "human", "outcome", "wake"])),
    max_size=30,
)


@given(events, st.integers(0, 30))
def test_a_restart_anywhere_in_an_alerts_life_does_the_same_ever_after(
    life: list[tuple[int, Alert | str]], cut: int
) -> None:
    custody, now, seq = watched(), 0, 0
    other = custody
    for number, (later, event) in enumerate(life):
        if number == cut:
            other = Custody()
            other.restore(custody.snapshot())
        now += later
        if isinstance(event, Alert):
            seq += 1
            alert = replace(event, seq=seq)
            custody.take(Instant(now), [alert])
            if other is not custody:
                other.take(Instant(now), [alert])
            continue
        verdict = {"verdict": "true"} if event == "outcome" else {}
        for each in (custody,) if other is custody else (custody, other):
            if event == "wake":
                acts_at(each, now)
            else:
                each.hear(Instant(now), receipt(event, max(1, seq), **verdict))
        assert custody.snapshot() == other.snapshot()
        assert custody.due == other.due


@given(events)
def test_whatever_happens_a_critical_alert_without_an_outcome_or_a_person_is_called_for_again(
    life: list[tuple[int, Alert | str]],
) -> None:
    custody = watched(FALL)
    now = 0
    for later, event in life:
        if isinstance(event, Alert) or event in ("human", "outcome"):
            continue
        now += later
        if event == "received":
            custody.hear(Instant(now), receipt("received"))
    called = 0
    while custody.due != FAR:
        called += SOUND in acts_at(custody, custody.due)
    assert called >= MOST_ASKED


@given(events)
def test_what_is_due_next_is_the_earliest_that_any_incident_waits_for(life: list[tuple[int, Alert | str]]) -> None:
    custody, now = watched(), 0
    for seq, (later, event) in enumerate(life, 1):
        now += later
        if isinstance(event, Alert):
            custody.take(Instant(now), [replace(event, seq=seq, id=f"1-{seq // 3}")])
        elif event == "wake":
            acts_at(custody, now)
        else:
            custody.hear(Instant(now), receipt(event, max(1, seq - 1)))
        known = custody.snapshot()
        missed, told = cast(tuple[int | None, bool], known["missed"])
        waits = [FAR if missed is None or told else missed + UNSIGNED_MS]
        for *_, human_due, unsigned in cast(list[list[object]], known["lives"]):
            waits += [cast(int, human_due), *(due for _, _, due in cast(list[tuple[int, int, int]], unsigned))]
        assert custody.due == min(waits)


def test_an_alert_costs_no_more_because_a_thousand_others_were_never_closed() -> None:
    def cost(before: int) -> int:
        custody = watched(*(replace(FALL, seq=number, id=f"1-{number}") for number in range(1, before)))
        for number in range(1, before):
            custody.hear(Instant(1), receipt("received", number))
        fall = replace(FALL, seq=before, id=f"1-{before}")
        door = replace(DOOR, seq=before + 1, id=f"1-{before + 1}")
        return calls(lambda: life(custody, fall, door))

    def life(custody: Custody, fall: Alert, door: Alert) -> None:
        custody.take(Instant(2), [fall, door])
        for alert in (fall, door):
            custody.hear(Instant(3), receipt("received", alert.seq))
        custody.hear(Instant(4), receipt("outcome", fall.seq, verdict="true"))

    assert cost(1_000) <= cost(10) + 20


def calls(work: Callable[[], object]) -> int:
    """How many calls of functions ``work`` comes to, generators' turns among them."""
    count = 0

    def counts(_frame: object, event: str, _what: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(counts)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count
