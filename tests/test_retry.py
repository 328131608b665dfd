"""A line that is lost is tried again soon, then less and less often, and never at the pace of whoever takes it."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from agent.retry import FIRST_BACKOFF_S, LAST_BACKOFF_S, SHORT_MOST, SPREAD_S, STEADY_S, Retry

LASTED: st.SearchStrategy[float | None] = st.none() | st.floats(0, 10 * STEADY_S)


@given(st.lists(LASTED, min_size=1, max_size=30), st.booleans(), st.integers(0, 99))
def test_a_line_waits_longer_with_each_failure_and_an_urgent_one_no_longer_than_half_a_minute(
    life: list[float | None], needed: bool, seed: int
) -> None:
    retry, chance, now_s, failures = Retry(SPREAD_S), Random(seed).uniform, 0.0, 0
    retry.needed = needed
    for lasted_s in life:
        failures = 0 if lasted_s is not None and lasted_s >= STEADY_S else failures
        wait_s = min(LAST_BACKOFF_S, FIRST_BACKOFF_S * 2**failures)
        again_s = retry.again_s(now_s, lasted_s, chance)
        failures += 1
        assert wait_s / 2 <= again_s - now_s <= (wait_s if needed else max(wait_s, SPREAD_S))
        assert now_s + wait_s / 2 <= retry.soon_s <= now_s + wait_s
        now_s = again_s


@given(st.lists(LASTED, max_size=30))
def test_a_line_that_ends_again_and_again_soon_after_it_was_made_is_told_as_that(life: list[float | None]) -> None:
    retry, short = Retry(0.0), 0
    for lasted_s in life:
        short = short + 1 if lasted_s is not None and lasted_s < STEADY_S else 0
        assert retry.unsteady(lasted_s) == (short >= SHORT_MOST)


def test_whoever_fights_for_a_line_waits_as_after_many_failures() -> None:
    retry = Retry(0.0)
    retry.fights()
    assert retry.again_s(0.0, 0.0, Random(1).uniform) >= LAST_BACKOFF_S / 2
