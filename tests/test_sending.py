"""Sending: who goes next, and nobody is forgotten."""

from hypothesis import given
from hypothesis import strategies as st

from agent.transport.sending import (
    BURST,
    DEAF_MS,
    MAX_IN_FLIGHT,
    PACE_MS,
    RESEND_MS,
    URGENT_PLACES,
    Sending,
    Waiting,
)


def publish(sending: Sending, now_ms: int, waiting: list[Waiting]) -> list[Waiting]:
    chosen = sending.plan(now_ms, waiting).publish
    for message in chosen:
        sending.published(now_ms, message)
    return chosen


def lows(count: int, first: int = 1) -> list[Waiting]:
    return [Waiting(3, 1, number) for number in range(first, first + count)]


def test_a_fall_overtakes_everything_that_waits() -> None:
    fall = Waiting(0, 1, 99)
    assert Sending().plan(0, [*lows(5), fall]).publish[0] == fall


def test_an_alert_without_receipt_is_sent_again_after_a_minute_and_not_before() -> None:
    sending, alert = Sending(), [Waiting(0, 1, 1)]
    assert publish(sending, 0, alert) == alert
    assert sending.plan(RESEND_MS - 1, alert) == ([], RESEND_MS)
    assert publish(sending, RESEND_MS, alert) == alert


def test_while_nobody_listens_one_message_probes_and_then_all_go() -> None:
    sending, alerts = Sending(), [Waiting(1, 1, number) for number in range(1, 9)]
    publish(sending, 0, alerts)
    for alert in alerts:
        sending.refused(5, alert)
    assert sending.plan(6, alerts) == ([], 5 + DEAF_MS)
    now_ms = 5 + DEAF_MS
    assert publish(sending, now_ms, alerts) == alerts[:1]
    assert sending.plan(now_ms, alerts) == ([], now_ms + DEAF_MS)
    fall = Waiting(0, 1, 99)
    assert sending.plan(now_ms + DEAF_MS, [*alerts, fall]).publish == [fall], "the most urgent one probes"
    sending.taken()
    assert sending.plan(now_ms + 1, alerts).publish == alerts[1:]


def test_everything_without_receipt_goes_again_after_a_reconnection() -> None:
    sending, alerts = Sending(), lows(3)
    publish(sending, 0, alerts)
    sending.lost()
    assert sending.plan(1, alerts).publish == alerts


def test_a_receipt_ends_it() -> None:
    sending, alerts = Sending(), lows(2)
    publish(sending, 0, alerts)
    assert sending.plan(RESEND_MS, alerts[1:]).publish == alerts[1:]
    assert sending.plan(RESEND_MS, []) == ([], None)


def test_a_centre_that_signs_nothing_cannot_keep_a_fall_from_being_sent() -> None:
    sending, backlog, now_ms = Sending(), lows(500), 0
    while now_ms < RESEND_MS - PACE_MS:
        publish(sending, now_ms, backlog)
        now_ms += PACE_MS
    in_flight = MAX_IN_FLIGHT - URGENT_PLACES
    assert not sending.plan(now_ms, backlog).publish
    falls = [Waiting(0, 2, number) for number in range(1, 20)]
    assert sending.plan(now_ms, backlog + falls).publish == falls[: MAX_IN_FLIGHT - in_flight]


def test_a_hub_that_returns_does_not_flood_the_centre() -> None:
    sending, backlog = Sending(), lows(60)
    assert len(publish(sending, 0, backlog)) == BURST
    assert sending.plan(0, backlog) == ([], PACE_MS)
    assert len(publish(sending, 1_000, backlog)) == 5
    assert sending.plan(1_001, [*backlog, Waiting(0, 9, 9)]).publish == [Waiting(0, 9, 9)], "a fall does not wait"


messages = st.builds(Waiting, st.integers(0, 3), st.just(1), st.integers(1, 300))
steps = st.lists(
    st.tuples(
        st.integers(0, 5_000),
        st.lists(messages, max_size=40),
        st.sampled_from(["receipt", "refuse", "take", "lose", "none"]),
    ),
    max_size=30,
)


@given(steps)
def test_whatever_happens_the_bounds_hold_and_what_waits_is_sent_in_the_end(
    steps: list[tuple[int, list[Waiting], str]],
) -> None:
    sending, waiting, now_ms = Sending(), set[Waiting](), 0
    flying: set[Waiting] = set()
    for pause_ms, new, event in steps:
        now_ms += pause_ms
        waiting |= set(new)
        chosen = publish(sending, now_ms, sorted(waiting))
        flying = (flying | set(chosen)) & waiting
        assert len(flying) <= MAX_IN_FLIGHT
        assert len([message for message in chosen if message.rank]) <= BURST
        assert chosen == sorted(chosen)
        if event == "lose":
            sending.lost()
            flying.clear()
        elif event == "take":
            sending.taken()
        elif chosen and event == "receipt":
            waiting.discard(chosen[0])
        elif chosen and event == "refuse":
            sending.refused(now_ms, chosen[0])
            flying.discard(chosen[0])
    sent: set[Waiting] = set()
    while waiting:
        plan = sending.plan(now_ms, waiting)
        assert plan.publish or (plan.again_at_ms is not None and plan.again_at_ms > now_ms)
        for message in plan.publish:
            sending.published(now_ms, message)
        sent |= set(plan.publish)
        waiting -= set(plan.publish)
        now_ms = plan.again_at_ms or now_ms
