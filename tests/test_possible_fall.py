"""What the floor of ``possible_fall`` owes a home: a deadline, kept to the millisecond, and no false word."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.detect.possible_fall import PossibleFall
from agent.detect.silences import AT_THE_DOOR, IN_BED, LONGEST_MS
from agent.detect.whereabouts import Whereabouts
from agent.nouns import DAY_MS, HOUR_MS, MINUTE_MS, Care, Clock, Finding, Instant, Reading, Sensor, Snapshot, Watch
from tests.home_maker import make_home

MORNING = Instant(1_772_359_200_000)  # Sunday 2026-03-01, 10:00 in London, where it is UTC
BED = Sensor("bed", "bed", "bedroom", None, "log", "bed")
RADAR = Sensor("radar", "fall", "bathroom", None, "log", "radar")


class Flat:
    """The home of make_home with a bed and a fall sensor, and its detector; keeps what was said, and when."""

    def __init__(self, care: Care | None = None) -> None:
        self.home = make_home(BED, RADAR, care=care)
        self.where = Whereabouts(self.home)
        self.fall = PossibleFall(self.home, self.where)
        self.watch = Watch()
        self.now = MORNING
        self.said: list[tuple[Instant, Finding]] = []

    def hear(self, sensor: str, value: int = 1, after_ms: int = 0) -> None:
        """A reading ``after_ms`` later; deadlines before it are told first."""
        self.wait(after_ms, short_of=True)
        kind = self.home.sensors[sensor].kind
        readings = (Reading(self.now, sensor, kind, value),)
        self.where.observe(self.now, readings, self.watch)
        self._take(readings)

    def wait(self, ms: int, short_of: bool = False) -> None:
        """Nothing is heard for so long, its end included unless ``short_of``."""
        end = Instant(self.now + ms)
        while (due := self.fall.deadline()) is not None and (due < end if short_of else due <= end):
            self.now = due
            self._take(())
            assert self.fall.deadline() != due
        self.now = end

    def turn(self, watch: Watch) -> None:
        self.watch = watch
        self._take(())

    def days(self, count: int) -> None:
        """An even life: half an hour in the living room and the kitchen by turns, by day and by night."""
        for _ in range(count * 24):
            self.hear("living-motion", after_ms=30 * MINUTE_MS)
            self.hear("kitchen-motion", after_ms=30 * MINUTE_MS)

    def _take(self, readings: tuple[Reading, ...]) -> None:
        self.said += [(self.now, finding) for finding in self.fall.observe(self.now, readings, self.watch)]

    def states(self) -> list[str]:
        return [finding.state for _, finding in self.said]

    def wait_ms(self) -> int:
        deadline = self.fall.promise().deadline
        assert deadline is not None
        return deadline - self.now


@pytest.fixture
def flat() -> Flat:
    return Flat()


UNOBSERVED = Watch(observed=False)


def test_nobody_heard_yet_means_no_deadline(flat: Flat) -> None:
    assert flat.fall.promise() == (None, "home")
    flat.turn(UNOBSERVED)
    assert flat.fall.promise() == (None, "not_watched")


def test_a_fall_in_the_bathroom_on_the_first_day_is_told_at_the_promised_instant(flat: Flat) -> None:
    flat.hear("hall-motion")
    flat.hear("bathroom-motion", after_ms=MINUTE_MS)
    promise = flat.fall.promise()
    assert promise.state == "home"
    flat.wait(DAY_MS)
    [(at, raised)] = flat.said
    assert at == promise.deadline
    assert (raised.kind, raised.state, raised.subject, raised.room) == ("possible_fall", "raised", "", "bathroom")
    assert raised.since == MORNING + MINUTE_MS
    assert [reading.sensor for reading in raised.evidence] == ["hall-motion", "bathroom-motion"]
    assert 900 <= raised.score_permille <= 1_000


def test_an_open_fall_is_not_repeated_and_the_next_movement_clears_it(flat: Flat) -> None:
    flat.hear("kitchen-motion")
    flat.wait(3 * DAY_MS)
    assert flat.states() == ["raised"]
    flat.hear("hall-motion", after_ms=MINUTE_MS)
    assert flat.states() == ["raised", "cleared"]
    cleared = flat.said[-1][1]
    assert (cleared.room, cleared.evidence[0].sensor) == ("kitchen", "hall-motion")
    assert flat.fall.promise().deadline is not None


def test_movement_at_the_very_instant_of_the_deadline_counts_as_heard(flat: Flat) -> None:
    flat.hear("kitchen-motion")
    flat.hear("kitchen-motion", after_ms=flat.wait_ms())
    assert flat.said == []


def test_somebody_who_left_is_not_on_the_floor_but_one_who_may_have_is_still_looked_for(flat: Flat) -> None:
    flat.hear("front-door")
    assert flat.fall.promise() == (None, "away")
    flat.hear("hall-motion", after_ms=10_000)
    assert flat.where.doubt
    assert flat.fall.promise().state == "home"
    assert flat.wait_ms() == flat.fall.promise_at(AT_THE_DOOR, 10 * 60)
    flat.wait(DAY_MS)
    assert flat.states() == ["raised"]


def test_a_hub_that_was_off_does_not_cry_wolf_and_keeps_what_was_left_of_the_wait(flat: Flat) -> None:
    flat.hear("kitchen-motion")
    wait_ms = flat.wait_ms()
    flat.wait(wait_ms - MINUTE_MS)
    flat.turn(UNOBSERVED)
    assert flat.fall.promise() == (None, "not_watched")
    flat.wait(9 * HOUR_MS)
    flat.turn(Watch())
    assert flat.said == []
    assert flat.wait_ms() == MINUTE_MS


def test_observation_lost_at_the_deadline_itself_still_raises_and_then_says_it_no_longer_sees(flat: Flat) -> None:
    flat.hear("kitchen-motion")
    flat.now = Instant(flat.now + flat.wait_ms())
    flat.turn(UNOBSERVED)
    assert flat.states() == ["raised", "updated"]
    flat.wait(60 * HOUR_MS)
    flat.turn(Watch())
    flat.turn(UNOBSERVED)
    flat.wait(HOUR_MS)
    flat.turn(Watch())
    flat.wait(60 * HOUR_MS)
    assert flat.states() == ["raised", "updated"]  # said once, and the same silence never again
    flat.hear("kitchen-motion")
    assert flat.states() == ["raised", "updated", "cleared"]


def test_a_home_at_rest_has_no_deadline_and_teaches_nothing(flat: Flat) -> None:
    flat.days(1)
    before = flat.fall.silences.snapshot()
    flat.turn(Watch(pause_until=Instant(flat.now + DAY_MS)))
    assert flat.fall.promise() == (None, "home")
    flat.hear("kitchen-motion", after_ms=5 * HOUR_MS)
    flat.hear("kitchen-motion", after_ms=5 * HOUR_MS)
    assert flat.fall.promise() == (None, "home")
    assert flat.fall.silences.snapshot() == before
    flat.turn(Watch())
    assert flat.wait_ms() == flat.fall.promise_at("kitchen", 20 * 60)
    assert flat.said == []


@pytest.mark.parametrize(
    ("sensors", "learnt"),
    [(("kitchen-motion",), True), (("front-door",), False), (("front-door", "hall-motion"), True)],
)
def test_only_silence_at_home_is_learnt(flat: Flat, sensors: tuple[str, ...], learnt: bool) -> None:
    for sensor in sensors:
        flat.hear(sensor, after_ms=1_000)
    flat.hear("living-motion", after_ms=20 * MINUTE_MS)
    assert (flat.fall.silences.snapshot()["counts"] != {}) == learnt


def test_a_silence_beyond_twelve_hours_or_not_wholly_observed_is_not_learnt(flat: Flat) -> None:
    flat.hear("kitchen-motion")
    flat.hear("kitchen-motion", after_ms=LONGEST_MS + 1)
    flat.wait(HOUR_MS)
    flat.turn(UNOBSERVED)
    flat.wait(1)
    flat.turn(Watch())
    flat.hear("kitchen-motion", after_ms=HOUR_MS)
    assert flat.fall.silences.snapshot()["counts"] == {}


def test_one_unraised_outage_lengthens_the_wait_but_does_not_undo_it() -> None:
    calm, shaken = Flat(), Flat()
    for flat in (calm, shaken):
        flat.days(20)
    shaken.hear("kitchen-motion", after_ms=11 * HOUR_MS)
    shaken.days(2)
    calm.days(2)
    place = ("kitchen", 20 * 60)
    assert calm.fall.promise_at(*place) <= shaken.fall.promise_at(*place) < 3 * calm.fall.promise_at(*place)


def test_an_even_life_brings_the_deadline_nearer_and_a_later_deadline_is_never_beyond_twelve_hours(flat: Flat) -> None:
    flat.hear("living-motion")
    first = flat.wait_ms()
    flat.days(30)
    assert flat.fall.promise_at("living", 10 * 60) < first
    patient = Flat(Care(false_alerts_per_30_days=0.01))
    patient.hear("bedroom-motion")
    assert patient.wait_ms() == LONGEST_MS


def test_the_bed_says_asleep_until_something_is_heard_elsewhere(flat: Flat) -> None:
    flat.hear("bed", 1)
    assert flat.fall.promise().state == "asleep"
    assert flat.wait_ms() == flat.fall.promise_at(IN_BED, 10 * 60)
    flat.hear("kitchen-motion", after_ms=HOUR_MS)
    assert flat.fall.promise().state == "home"
    flat.hear("bedroom-motion", after_ms=HOUR_MS)
    flat.turn(replace(flat.watch, unseen=frozenset({"bed"})))
    assert flat.fall.promise().state == "home"


def test_a_bedroom_at_night_is_asleep_by_the_clock_on_the_wall(flat: Flat) -> None:
    flat.hear("bedroom-motion", after_ms=14 * HOUR_MS)
    assert flat.fall.promise().state == "asleep"
    flat.turn(Watch(clock=Clock(offset_ms=-6 * HOUR_MS)))
    flat.hear("bedroom-motion", after_ms=MINUTE_MS)
    assert flat.fall.promise().state == "home"


def test_a_room_that_nothing_sees_lengthens_the_wait_and_teaches_nothing(flat: Flat) -> None:
    flat.hear("hall-motion")
    before = flat.wait_ms()
    flat.turn(Watch(unseen=frozenset({"bedroom-motion"})))
    assert flat.wait_ms() == before  # the bed still sees the bedroom
    flat.turn(Watch(unseen=frozenset({"living-motion"})))
    assert flat.wait_ms() == flat.fall.promise_at("living", 10 * 60) > before
    flat.turn(Watch())
    assert flat.wait_ms() > before  # it does not shorten under somebody's feet
    flat.turn(Watch(unseen=frozenset({"hall-motion", "front-door"})))
    flat.hear("kitchen-motion", after_ms=20 * MINUTE_MS)
    assert flat.fall.silences.snapshot()["counts"] == {}


def test_a_fall_sensor_is_believed_at_once_and_needs_its_zero_and_a_movement_to_be_over(flat: Flat) -> None:
    flat.turn(Watch(pause_until=Instant(flat.now + DAY_MS)))
    flat.hear("radar", 1)
    assert (flat.said[0][1].state, flat.said[0][1].subject, flat.said[0][1].room) == ("raised", "radar", "bathroom")
    flat.hear("kitchen-motion")
    flat.hear("radar", 1)
    flat.hear("radar", 0)
    assert flat.states() == ["raised"]
    for _ in range(9):
        flat.hear("radar", 1)
        flat.hear("radar", 0)
    flat.hear("hall-motion")
    assert flat.states() == ["raised", "updated", "updated", "updated", "cleared"]
    assert {finding.subject for _, finding in flat.said} == {"radar"}


# -- laws ----------------------------------------------------------------------------------------------------------

SENSORS = ["kitchen-motion", "bedroom-motion", "bathroom-motion", "hall-motion", "front-door", "fridge", "bed", "radar"]
WATCHES = [
    Watch(),
    UNOBSERVED,
    Watch(pause_until=Instant(MORNING * 2)),
    Watch(unseen=frozenset({"kitchen-motion"})),
    Watch(unseen=frozenset({"bed", "bedroom-motion"}), clock=Clock(3_600_000)),
]
steps = st.tuples(
    st.sampled_from([0, 7, 40_000, 4 * MINUTE_MS, 37 * MINUTE_MS, 3 * HOUR_MS, 13 * HOUR_MS]),
    st.one_of(st.tuples(st.sampled_from(SENSORS), st.integers(0, 1)), st.sampled_from(WATCHES)),
)
histories = st.lists(steps, max_size=60)


def live(flat: Flat, history: list[tuple[int, tuple[str, int] | Watch]]) -> list[tuple[object, ...]]:
    """Walk through a history; what was promised and waited for after each step."""
    seen: list[tuple[object, ...]] = []
    for ms, what in history:
        if isinstance(what, Watch):
            flat.wait(ms)
            flat.turn(what)
        else:
            flat.hear(*what, after_ms=ms)
        seen.append((flat.fall.promise(), flat.fall.deadline(), flat.fall.expected()))
    return seen


def reborn(flat: Flat) -> Flat:
    """The same home after a restart: nothing but what a snapshot as JSON holds."""
    again = Flat(flat.home.care)
    again.watch, again.now = flat.watch, flat.now
    for fresh, old in ((again.where, flat.where), (again.fall, flat.fall)):
        plain: Snapshot = json.loads(json.dumps(old.snapshot(), sort_keys=True))
        fresh.restore(plain)
    return again


@settings(deadline=None)
@given(histories, histories)
def test_a_restart_anywhere_changes_no_word_and_no_promise(before: list[object], after: list[object]) -> None:
    flat = Flat()
    live(flat, before)  # type: ignore[arg-type]  # hypothesis cannot tell the shape
    flat.said.clear()
    again = reborn(flat)
    assert live(again, after) == live(flat, after)  # type: ignore[arg-type]  # as above
    assert again.said == flat.said
    assert again.fall.snapshot() == flat.fall.snapshot()


@settings(deadline=None)
@given(histories)
def test_what_is_promised_is_what_happens_if_nothing_more_is_heard(history: list[object]) -> None:
    flat = Flat()
    live(flat, history)  # type: ignore[arg-type]  # hypothesis cannot tell the shape
    deadline, state = flat.fall.promise()
    assert state in ("home", "away", "asleep", "not_watched")
    assert deadline is None or (flat.now < deadline <= flat.now + LONGEST_MS and state in ("home", "asleep"))
    flat.said.clear()
    flat.wait(3 * DAY_MS)
    assert [at for at, _ in flat.said] == ([] if deadline is None else [deadline])


@settings(deadline=None)
@given(histories, st.integers(0, 5 * DAY_MS))
def test_an_outage_of_any_length_moves_the_deadline_by_its_length(history: list[object], outage_ms: int) -> None:
    flat = Flat()
    live(flat, history)  # type: ignore[arg-type]  # hypothesis cannot tell the shape
    flat.turn(Watch())
    deadline = flat.fall.deadline()
    flat.turn(UNOBSERVED)
    flat.wait(outage_ms)
    flat.turn(Watch())
    assert flat.fall.deadline() == (None if deadline is None else deadline + outage_ms)


@settings(deadline=None)
@given(histories)
def test_an_incident_is_raised_then_updated_then_cleared(history: list[object]) -> None:
    flat = Flat()
    live(flat, history)  # type: ignore[arg-type]  # hypothesis cannot tell the shape
    open_now: set[str] = set()
    for _, finding in flat.said:
        if finding.state == "raised":
            assert finding.subject not in open_now
            open_now.add(finding.subject)
        else:
            assert finding.subject in open_now
        if finding.state == "cleared":
            open_now.remove(finding.subject)
