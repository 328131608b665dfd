"""What an incident is at the centre, whatever order its messages come in, and who may end it."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.nouns import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Instant
from agent.transport.envelope import FIRST, REASONS, SEVERITIES, VERDICTS, Envelope
from centre.incidents import OVERDUE_MS, Answer, Incident, NotNow, answer, hear, in_order, is_overdue, span, title, why
from centre.receiver import LATE_MS, is_late

AT = Instant(1_772_360_400_000)
TAKE = Answer("human", "ines.k", AT)


def said(seq: int = 1, state: str = "raised", severity: str = "critical", **more: object) -> Envelope:
    plain = Envelope(
        "hub-7", 1, seq, "1-1", "possible_fall", state, severity, "bathroom", Instant(AT + seq),
        Instant(AT - 1_080_000),
        "synced", 970, 994, False, FIRST,
    )  # fmt: skip
    return replace(plain, **more)  # type: ignore[arg-type]


def told(*envelopes: Envelope) -> Incident:
    one: Incident | None = None
    for envelope in envelopes:
        one = hear(one, envelope, str(envelope.seq), AT)
    assert one is not None
    return one


def close(one: Incident, verdict: str = "true", reason: str | None = None) -> Incident:
    return answer(one, Answer("outcome", "ines.k", AT, verdict, reason))


@given(st.lists(st.tuples(st.sampled_from(["raised", "updated", "cleared"]), st.sampled_from(SEVERITIES)), min_size=1),
       st.randoms())  # fmt: skip
def test_the_order_in_which_messages_come_makes_no_difference(story: list[tuple[str, str]], chance: object) -> None:
    envelopes = [said(seq, state, severity) for seq, (state, severity) in enumerate(story, start=1)]
    in_turn = told(*envelopes)
    chance.shuffle(envelopes)  # type: ignore[attr-defined]
    assert told(*envelopes) == in_turn


def test_moving_again_ends_the_condition_and_only_a_person_ends_a_critical_incident() -> None:
    one = told(said(1), said(2, "cleared"))
    assert (one.state, one.ended) == ("open", True)
    assert close(one).state == "closed"
    assert told(said(1, severity="high"), said(2, "cleared", "high")).state == "closed"
    assert answer(told(said(1)), TAKE).state == "taken"
    assert hear(answer(told(said(1)), TAKE), said(2, "cleared"), "2", AT).state == "taken"


def test_what_closed_by_itself_may_still_be_told_an_outcome_and_opens_if_more_is_said() -> None:
    one = told(said(1, severity="high"), said(2, "cleared", "high"))
    with pytest.raises(NotNow, match="by itself"):
        answer(one, TAKE)
    assert close(one, "false", "moving").reason == "moving"
    assert hear(one, said(3, "updated", "high"), "3", AT).state == "open"


def test_an_outcome_is_final() -> None:
    closed = close(answer(told(said(1)), TAKE), "false", "asleep")
    for again in (TAKE, Answer("outcome", "j.doe", AT, "true")):
        with pytest.raises(NotNow, match=r"closed already, by ines\.k: false alarm \(asleep or resting\)"):
            answer(closed, again)
    assert hear(closed, said(1), "1", AT).state == "closed", "the same words again are no news"
    assert hear(closed, said(2, "cleared"), "2", AT).state == "closed"
    high = close(told(said(1, severity="high")))
    assert hear(high, said(2, "updated", "high"), "2", AT).state == "closed"


def test_a_second_press_of_the_button_after_the_outcome_awaits_a_person_anew() -> None:
    closed = close(answer(told(said(1)), TAKE), "false", "asleep")
    pressed = Instant(AT + HOUR_MS)
    again = hear(closed, said(2, "updated"), "2", pressed)
    assert (again.state, again.by, again.verdict, again.again) == ("open", None, None, pressed)
    assert not is_overdue(again, Instant(pressed + OVERDUE_MS))
    assert is_overdue(again, Instant(pressed + OVERDUE_MS + 1))
    assert (
        "Open again for 1 min: the hub said more after it was closed by ines.k: false alarm (asleep or resting)."
        in why(again, Instant(pressed + MINUTE_MS))
    )
    assert answer(again, TAKE).state == "taken"
    assert hear(close(again), said(2, "updated"), "2", pressed).state == "closed", "this time the outcome knew of it"


def test_a_second_press_that_comes_after_word_of_its_end_opens_it_all_the_same() -> None:
    closed = close(told(said(1)))
    swapped = hear(hear(closed, said(3, "cleared"), "3", AT), said(2, "updated"), "2", AT)
    assert swapped == hear(hear(closed, said(2, "updated"), "2", AT), said(3, "cleared"), "3", AT)
    assert (swapped.state, swapped.ended) == ("open", True)


def test_an_incident_changes_hands_and_is_not_taken_twice_by_one() -> None:
    taken = answer(told(said(1)), TAKE)
    assert answer(taken, replace(TAKE, by="j.doe")).by == "j.doe"
    with pytest.raises(NotNow, match="have it already"):
        answer(taken, TAKE)


def test_a_test_needs_nobody() -> None:
    one = told(said(1, test=True))
    assert one.state == "closed"
    with pytest.raises(NotNow, match="a test"):
        answer(one, TAKE)


@given(st.sampled_from([*VERDICTS, "maybe"]), st.sampled_from([None, *REASONS, "because"]))
def test_a_verdict_has_a_reason_exactly_where_it_was_false(verdict: str, reason: str | None) -> None:
    fine = verdict in VERDICTS and (reason in REASONS if verdict == "false" else reason is None)
    if fine:
        assert close(told(said(1)), verdict, reason).verdict == verdict
    else:
        with pytest.raises(NotNow):
            close(told(said(1)), verdict, reason)


@given(st.lists(st.tuples(st.sampled_from(SEVERITIES), st.integers(0, 9), st.booleans()), max_size=9))
def test_the_most_urgent_comes_first_and_then_what_has_waited_longest(found: list[tuple[str, int, bool]]) -> None:
    incidents = []
    for number, (severity, received, taken) in enumerate(found):
        one = hear(None, said(1, severity=severity, hub=f"hub-{number}"), "x", Instant(AT + received))
        incidents.append(answer(one, TAKE) if taken else one)
    for first, then in pairwise(in_order(incidents)):
        keys = [(one.state != "open", SEVERITIES.index(one.worst), one.received) for one in (first, then)]
        assert keys[0] <= keys[1]


def test_a_critical_incident_that_nobody_takes_within_a_minute_is_marked() -> None:
    one, late = told(said(1)), Instant(AT + OVERDUE_MS + 1)
    assert is_overdue(one, late)
    assert not is_overdue(one, Instant(AT + OVERDUE_MS))
    assert not is_overdue(answer(one, TAKE), late)
    assert not is_overdue(told(said(1, severity="high")), late)


def test_an_operator_reads_all_that_matters_in_one_sentence() -> None:
    one = hear(None, said(1, raised=AT), "x", Instant(AT + 3 * HOUR_MS))
    assert title(one) == "Possible fall, bathroom"
    assert why(one, Instant(AT + 3 * HOUR_MS + 45 * SECOND_MS)) == (
        "No sign of life for longer than fits this person, or a fall sensor says so. Holds for 3 h 18 min; here for"
        " 45 s, 3 h 0 min after it was raised. Of 1,000 such silences 30 last as long; home observed 99.4 % of the day."
    )
    unknown = hear(None, said(1, "cleared", clock="unknown", kind="a_new_kind", room=None), "x", AT)
    assert title(unknown) == "A new kind"
    assert why(unknown, Instant(AT + MINUTE_MS)) == (
        "Here for 1 min; the hub does not know the time, so its age is unknown. 97 % sure; home observed 99.4 % of the"
        " day. The hub says that this has ended."
    )
    assert "not compared lately" in why(hear(None, said(1, clock="rtc"), "x", AT), AT)


@pytest.mark.parametrize("late_ms", [LATE_MS, LATE_MS + 1, OVERDUE_MS + 1])
def test_what_the_receiver_calls_late_the_page_calls_late(late_ms: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("centre.incidents.OVERDUE_MS", 0)  # how soon a person must come has nothing to do with it
    one, received = said(1, raised=AT), Instant(AT + late_ms)
    words = why(hear(None, one, "x", received), received)
    assert ("after it was raised" in words) == is_late(one, received) == ("without delay" not in words)


def test_how_long_is_said_in_two_parts_at_most() -> None:
    spans = (-5, 59_999, MINUTE_MS, 61 * MINUTE_MS, 2 * DAY_MS + 4 * HOUR_MS)
    assert [span(ms) for ms in spans] == ["0 s", "59 s", "1 min", "1 h 1 min", "2 d 4 h"]
