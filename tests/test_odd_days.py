"""Days of 23 and 25 hours, through the whole engine: a ``not_up_by`` that does not exist, or comes twice."""

import json
from collections import Counter
from typing import Final

import pytest

from tests.golden_days import DAYS, told

# What the world's clock says when ``not_up`` is due on the day of the change.
DUE: Final = {
    "london-23h": "2026-03-29T01:30:00.000Z",  # 01:30 by the old clock, 02:30 by the new one
    "london-25h": "2026-10-25T00:30:00.000Z",  # the first of the two
    "new-york-23h": "2026-03-08T07:30:00.000Z",
    "new-york-25h": "2026-11-01T05:30:00.000Z",
    "lord-howe-spring": "2026-10-03T15:45:00.000Z",
    "lord-howe-autumn": "2026-04-04T14:45:00.000Z",
}


@pytest.mark.parametrize("name", DUE)
def test_who_is_not_up_on_an_odd_day_is_told_exactly_once(name: str) -> None:
    day = DAYS[name]()
    alerts = [json.loads(line) for line in told(day.home, day.lines, day.until, ())[0].splitlines()]
    raised = [alert["at"] for alert in alerts if (alert["kind"], alert["state"]) == ("not_up", "raised")]
    assert Counter(raised)[DUE[name]] == 1
    assert len(raised) == 2, "the day of the change and the day after; nobody was expected before the first line"
    assert len({at[:10] for at in raised}) == 2


@pytest.mark.parametrize("name", DUE)
def test_an_hour_more_or_less_of_wall_time_is_no_longer_silence(name: str) -> None:
    """Deadlines are differences of instants: none of them jumps at the change."""
    day = DAYS[name]()
    for line in told(day.home, day.lines, day.until, ())[1].splitlines():
        said = json.loads(line)
        assert said["deadline"] is None or said["at"] < said["deadline"]
