"""Some days side by side: what their small pictures say in words."""

from agent.page.trends import trends, unmeasured
from agent.summary.words_io import words
from tests.day_maker import A_DAY, at, day_of, heard, weeks
from tests.home_maker import make_home

HOME = make_home()


def says(name: str, now: str) -> str:
    day = day_of([*weeks(), *heard(A_DAY)], HOME, now=at(now))
    return next(one.says for one in trends([day], words()) if one.name == name)


def test_a_day_that_is_not_over_is_not_said_to_be_one_of_which_nothing_is_known() -> None:
    assert says("Visits to the kitchen", "13:00").endswith(
        "days measured: 1. Not held against what is usual: the day is not over, or was not observed whole."
    )
    assert says("Visits to the kitchen", "24:00") == (
        "Visits to the kitchen: 3; days measured: 1. None of them out of the usual."
    )
    young = trends([day_of(heard(A_DAY), HOME)], words())
    assert all(one.says.endswith("What is usual is not known yet.") for one in young)


def test_what_was_measured_on_no_day_is_named_and_the_bathroom_is_not() -> None:
    names = unmeasured([day_of(heard(A_DAY), HOME)], words())
    assert "In bed" in names
    assert "Fridge opened" not in names
    assert not [name for name in names if "athroom" in name and "bedroom and bathroom" not in name]
