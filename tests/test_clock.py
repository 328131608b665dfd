"""The hub's clock: ``at`` never runs back, whatever happens to the clock on the wall."""

import json
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from agent.clock_io import BELIEVABLE_MS, STEP_MS, HubClock, boot_id, boot_ms, paced, synchronised, wall_ms
from agent.engine import Engine
from agent.live_io import OWN_MOST, boot_frame, frame_queue, intake
from agent.nouns import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Clock, Entry, Frame, Instant
from tests.home_maker import make_home

NOON: Final = Instant(1_788_000_000_000)  # in 2026
YEAR_MS: Final = 365 * DAY_MS
STEPS: Final = st.lists(
    st.tuples(
        st.integers(0, 3 * HOUR_MS),  # time that passes
        st.one_of(st.just(0), st.integers(-30 * YEAR_MS, 30 * YEAR_MS), st.integers(-5_000, 5_000)),  # then a step
        st.booleans(),
    ),
    max_size=40,
)


class Machine:
    """A machine whose clocks a test turns: the time since it was started, and what its wall clock says."""

    def __init__(self, wall: int = NOON, boot: int = 5_000, synced: bool = True) -> None:
        self.boot, self.wall, self.synced = boot, wall, synced

    def passes(self, ms: int) -> None:
        self.boot, self.wall = self.boot + ms, self.wall + ms

    def clock(self, last: int | None = None, anchor: tuple[int, Instant] | None = None) -> HubClock:
        known = None if last is None else Instant(last)
        return HubClock(known, lambda: self.boot, lambda: self.wall, lambda: self.synced, anchor=anchor)


@given(STEPS)
def test_time_runs_on_by_exactly_what_has_passed_however_the_wall_clock_is_set(
    steps: list[tuple[int, int, bool]],
) -> None:
    machine = Machine()
    clock = machine.clock()
    known, at = Clock(), clock.now()
    assert at == NOON
    for passed_ms, step_ms, machine.synced in steps:
        machine.passes(passed_ms)
        machine.wall = max(0, machine.wall + step_ms)
        assert clock.now() == at + passed_ms
        at = clock.now()
        known = clock.compare(known)
        assert clock.compare(known) is known or clock.compare(known) == known
        if machine.synced:
            assert known.quality == "synced"
            assert abs(at + known.offset_ms - machine.wall) <= STEP_MS


def test_a_step_of_two_seconds_is_worth_no_entry_and_a_longer_one_is() -> None:
    machine = Machine()
    clock = machine.clock()
    for step_ms, told in ((STEP_MS, Clock()), (1, Clock(STEP_MS + 1)), (-STEP_MS - 1, Clock(0))):
        machine.wall += step_ms
        known = clock.compare(Clock() if step_ms > 0 else Clock(STEP_MS + 1))
        assert known == told


def test_a_hub_that_starts_in_1970_goes_on_after_its_last_entry_and_then_learns_the_time() -> None:
    machine = Machine(wall=3_000, boot=3_000, synced=False)
    clock = machine.clock(last=NOON)
    assert clock.now() == NOON + 1
    assert clock.compare(Clock()) == Clock(0, "unknown")
    machine.passes(10 * MINUTE_MS)
    machine.wall, machine.synced = NOON + 2 * HOUR_MS, True  # it had been off for two hours
    assert clock.now() == NOON + 1 + 10 * MINUTE_MS
    known = clock.compare(Clock(0, "unknown"))
    assert known.quality == "synced"
    assert clock.now() + known.offset_ms == NOON + 2 * HOUR_MS


def test_a_first_start_in_1970_has_a_time_too() -> None:
    clock = Machine(wall=3_000, boot=3_000, synced=False).clock()
    assert clock.now() == 3_000
    assert clock.compare(Clock()).quality == "unknown"


def test_a_clock_with_a_battery_is_believed_until_it_contradicts_the_journal() -> None:
    assert Machine(wall=BELIEVABLE_MS, synced=False).clock().compare(Clock()).quality == "rtc"
    assert Machine(wall=NOON - HOUR_MS, synced=False).clock(last=NOON).compare(Clock()).quality == "unknown"


def test_a_restart_in_the_same_boot_knows_how_long_it_was_away() -> None:
    machine = Machine()
    first = machine.clock()
    machine.passes(HOUR_MS)
    last = first.now()
    machine.passes(90 * SECOND_MS)
    machine.wall -= 5 * YEAR_MS
    second = machine.clock(last=last, anchor=first.anchor)
    assert second.now() == last + 90 * SECOND_MS


@given(st.integers(0, 60 * YEAR_MS), st.integers(0, 60 * YEAR_MS))
def test_a_new_boot_is_never_before_the_last_entry(wall: int, last: int) -> None:
    clock = Machine(wall=wall, boot=0).clock(last=last)
    assert clock.now() == max(wall, last + 1)


def test_the_clocks_of_this_machine_can_be_read() -> None:
    assert wall_ms() > BELIEVABLE_MS
    assert boot_ms() <= boot_ms()
    assert len(boot_id()) == 36
    assert synchronised() in (True, False)


def test_a_recorded_time_is_told_at_the_pace_that_was_asked_for() -> None:
    told = [Entry(seq, Instant(NOON + seq * MINUTE_MS)) for seq in range(4)]
    began = boot_ms()
    assert list(paced(told, 3_600.0)) == told
    assert boot_ms() - began >= 3 * MINUTE_MS // 3_600


# -- the one hand that stamps time -----------------------------------------------------------------------------


def test_a_hub_that_was_suspended_puts_no_silence_into_the_time_that_it_slept() -> None:
    machine = Machine()
    clock, frames, engine = machine.clock(), frame_queue(), Engine(make_home())
    entries = intake(frames, clock, engine, 7, boot_frame(clock, "boot-1", None, "1"))
    boot = next(entries)
    assert (boot.seq, boot.at) == (8, NOON)
    machine.passes(10 * MINUTE_MS)  # the lid was closed; nothing was asked for meanwhile
    frames.put(Frame("log", "hall-motion", b"motion 1"))
    gap, motion = next(entries), next(entries)
    assert gap.frame is not None
    assert (gap.seq, gap.at, gap.frame.address) == (9, NOON + 10 * MINUTE_MS, "gap")
    assert json.loads(gap.frame.payload) == {"from_ms": NOON}
    assert (motion.seq, motion.at) == (10, NOON + 10 * MINUTE_MS)
    frames.put(None)
    assert list(entries) == []


def test_a_corrected_wall_clock_is_an_entry_before_what_is_heard_next() -> None:
    machine = Machine()
    clock, frames, engine = machine.clock(), frame_queue(), Engine(make_home())
    entries = intake(frames, clock, engine, 0, boot_frame(clock, "boot-1", Instant(NOON - 1), "1"))
    next(entries)
    machine.wall += HOUR_MS
    frames.put(Frame("log", "hall-motion", b"motion 1"))
    told, motion = next(entries), next(entries)
    assert told.frame is not None
    assert json.loads(told.frame.payload) == {"offset_ms": HOUR_MS, "quality": "synced"}
    assert (told.at, motion.at, motion.seq) == (NOON, NOON, 3)


def test_a_quiet_minute_is_stamped_when_it_was_due_and_not_when_the_hub_woke() -> None:
    machine = Machine(wall=NOON - NOON % MINUTE_MS + MINUTE_MS - 1)
    clock, frames, engine = machine.clock(), frame_queue(), Engine(make_home())
    entries = intake(frames, clock, engine, 0, boot_frame(clock, "boot-1", None, "1"))
    due = next(entries).at + 1
    machine.passes(STEP_MS)
    assert next(entries) == Entry(1, Instant(due))


def test_a_receipt_does_not_wait_behind_a_flood_of_readings() -> None:
    frames = frame_queue()
    flood = [Frame("zigbee", f"door-{number}", b"{}") for number in range(3)]
    receipts = [Frame("centre", "receipt", b"1"), Frame("centre", "receipt", b"2")]
    for frame in (*flood, receipts[0], None, receipts[1]):
        frames.put(frame)
    assert frames.qsize() == 6
    assert [frames.get(timeout=0) for _ in range(6)] == [*receipts, *flood, None]


def test_a_fire_is_heard_in_a_flood_of_what_the_line_says_of_itself() -> None:
    frames = frame_queue()
    frames.put(Frame("zigbee", "smoke", b""))
    taken = []
    for _ in range(2 * OWN_MOST):
        frames.put(Frame("centre", "link", b""))
        frames.put(Frame("centre", "link", b""))
        taken.append(frames.get())
    assert [frame.link for frame in taken if frame is not None].index("zigbee") == OWN_MOST
