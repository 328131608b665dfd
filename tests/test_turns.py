"""Who is served next at a page, and how often one address may ask."""

from hypothesis import given
from hypothesis import strategies as st

from agent.turns import MOST_ADDRESSES, Measure, Turns


def test_whoever_comes_behind_a_crowd_from_one_address_is_served_after_one_of_it() -> None:
    turns: Turns[tuple[str, int]] = Turns(lambda one: one[0])
    for number in range(100):
        turns.append(("crowd", number))
    turns.append(("daughter", 0))
    assert [turns.popleft() for _ in range(3)] == [("crowd", 0), ("daughter", 0), ("crowd", 1)]


@given(st.lists(st.none() | st.sampled_from("abc")))
def test_all_that_comes_is_served_once_and_each_address_in_its_own_order(deeds: list[str | None]) -> None:
    turns: Turns[tuple[str, int]] = Turns(lambda one: one[0])
    came: list[tuple[str, int]] = []
    served: list[tuple[str, int]] = []
    for number, who in enumerate(deeds):
        if who is not None:
            came.append((who, number))
            turns.append((who, number))
        elif turns:
            served.append(turns.popleft())
        assert len(turns) == len(came) - len(served)
    while turns:
        served.append(turns.popleft())
    assert sorted(served) == sorted(came)
    for who in "abc":
        assert [one for one in served if one[0] == who] == [one for one in came if one[0] == who]


@given(st.integers(1, 50), st.floats(0.1, 10), st.lists(st.floats(0, 5), max_size=200))
def test_one_address_is_served_no_oftener_than_its_measure_whatever_it_does(
    most: int, a_second: float, waits: list[float]
) -> None:
    measure, now, served = Measure(most, a_second), 0.0, 0
    for wait in waits:
        now += wait
        served += measure.asked("crowd", now)
        assert served <= most + now * a_second + 0.001
    assert served >= min(len(waits), most)
    assert measure.asked("daughter", now), "another address has its own"


def test_addresses_that_ask_no_more_are_forgotten_so_that_nobody_can_fill_the_memory() -> None:
    measure = Measure(1, 0.001)
    for number in range(MOST_ADDRESSES + 1):
        assert measure.asked(f"address-{number}", 0.0)
    assert measure.asked("address-0", 0.0), "the one that has not asked for longest"
    assert not measure.asked(f"address-{MOST_ADDRESSES}", 0.0)
