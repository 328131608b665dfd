"""What holds for the floor of ``possible_fall`` whatever a home goes through."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.detect.silences import LONGEST_MS
from agent.nouns import DAY_MS, HOUR_MS, MINUTE_MS, Clock, Instant, Snapshot, Watch
from tests.flat_maker import MORNING, UNOBSERVED, Flat

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
    deadline = flat.fall.promise().deadline
    flat.turn(UNOBSERVED)
    flat.wait(outage_ms)
    flat.turn(Watch())
    assert flat.fall.promise().deadline == (None if deadline is None else deadline + outage_ms)


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
