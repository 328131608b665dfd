"""What `bridge monitor` makes of what it hears: each reading once, and nothing taken from the board."""

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.monitor import words
from agent.monitor.heard import Event, Heard, Piece
from agent.monitor.terminal_io import ASCII_BARS, picture, sparkline
from agent.nouns import Sensor
from agent.sensors.framing import MAX_PAYLOAD, Deframer, encode, pack
from agent.sensors.wire import ACK, ASK_HELLO, ASK_SELFTEST, CONFIGURE, ack, configure
from agent.simulate.board import ENABLED, NANO, Board
from tests.board_maker import BED, BUTTON, DOOR, MOTION, SENSORS

BEHIND = {sensor.address.removeprefix("bridge-1/"): sensor for sensor in SENSORS}
LIES_STILL, STIRS = [100] * 25, [-800, 900] * 12 + [0]


class LooksOn:
    """A board, and somebody who looks on from the start; ``told`` is all that they were told."""

    def __init__(self, sensors: dict[str, Sensor] | None = None) -> None:
        self.samples: list[int] = LIES_STILL
        self.board = Board(NANO, lambda at, count, rate: self.samples[:count])
        self.heard = Heard(BEHIND if sensors is None else sensors)
        self.told: list[Event] = []
        self.now = 0
        self._deframer = Deframer()

    def say(self, type: int, payload: bytes = b"") -> "LooksOn":
        self.board.receive(encode(pack(type, 0, payload)))
        return self

    def until(self, now: int) -> "LooksOn":
        for at in range(self.now, now, 10):
            for body in self._deframer.feed(self.board.turn(at)):
                self.told += self.heard.hear(body)
        self.now = max(self.now, now)
        return self

    def door(self, times: int, every_ms: int = 700) -> "LooksOn":
        for nth in range(times):
            self.board.level(DOOR, nth % 2 == 0, self.now)
            self.until(self.now + every_ms)
        return self

    def words(self, *kinds: str) -> list[str]:
        return [event.words for event in self.told if event.kind in kinds]


def test_a_board_that_is_looked_at_says_who_it_is_and_how_its_inputs_stand() -> None:
    looks = LooksOn().until(3_000)
    assert looks.words("hello") == ["pretend 0.1, up 0:00:00, start 1 (switched on), 5 inputs"]
    inputs = looks.heard.inputs
    assert [(one.title, one.on) for one in inputs] == [
        ("hall-motion (motion0)", True),
        ("front-door (door0)", True),
        ("cord (button0)", True),
        ("tamper0", True),
        ("bed0", False),
    ]
    assert [one.level(one.value) for one in inputs if one.value is not None] == [
        "clear",
        "shut",
        "not pressed",
        "case shut",
    ]


def test_a_reading_that_nobody_acknowledges_comes_again_and_counts_once() -> None:
    looks = LooksOn().until(3_000)
    looks.board.level(DOOR, True, looks.now)
    looks.board.level(BUTTON, True, looks.now)
    looks.until(20_000)
    assert looks.words("reading") == ["front-door (door0): open", "cord (button0): pressed"]
    assert looks.heard.repeated > 50
    door = looks.heard.inputs[DOOR]
    assert (door.changes, door.value, door.at_least) == (1, 1, False)
    assert looks.heard.age(door.changed or 0) > 16_000


def test_the_board_loses_nothing_by_being_looked_at() -> None:
    looks = LooksOn().until(3_000).door(5)
    hub = LooksOn()
    hub.board, hub.now = looks.board, looks.now
    hub.say(ASK_HELLO).until(looks.now + 1_000)
    assert hub.words("kept") == [
        f"front-door (door0): {level}, kept for the hub since" for level in ("open", "shut", "open", "shut", "open")
    ]
    assert hub.heard.kept == 5


def test_changes_past_the_eight_that_the_board_says_are_seen_in_its_heartbeats() -> None:
    looks = LooksOn().until(3_000).door(20)
    door = looks.heard.inputs[DOOR]
    assert looks.heard.kept == 20
    assert door.changes == len(looks.words("reading")) == 20
    assert door.at_least


def test_a_ring_that_runs_over_counts_nothing_twice() -> None:
    looks = LooksOn().until(3_000).door(90)
    assert looks.heard.kept == 64
    assert looks.heard.inputs[DOOR].changes == len(looks.words("reading")) == 90


def test_a_hub_that_comes_back_makes_every_change_seen_again() -> None:
    looks = LooksOn().until(3_000).door(12)
    looks.say(ACK, ack(1, 12, 12)).until(looks.now + 3_000)
    looks.board.level(MOTION, True, looks.now)
    looks.until(looks.now + 1_000)
    assert looks.heard.kept == 1
    assert looks.words("reading")[-1] == "hall-motion (motion0): seen"
    assert looks.heard.inputs[MOTION].changes == 1
    assert not looks.heard.inputs[MOTION].at_least


def test_what_a_hub_had_heard_but_not_written_is_kept_and_hides_nothing_new() -> None:
    looks = LooksOn().until(3_000).door(12)
    looks.say(ACK, ack(1, 0, 12))
    later = LooksOn()
    later.board, later.now = looks.board, looks.now
    later.say(ASK_HELLO).until(later.now + 2_000).door(3)
    assert later.words("kept") == []
    assert (later.heard.kept, later.heard.waiting) == (15, 3)
    assert later.heard.inputs[DOOR].changes == 3
    assert not later.heard.inputs[DOOR].at_least


def test_a_board_that_starts_anew_is_introduced_anew_and_its_old_numbers_mean_nothing() -> None:
    looks = LooksOn().until(3_000).door(3)
    looks.board, looks.now = Board(NANO._replace(boot=2, reset=8)), 0
    looks.until(3_000).door(2)
    assert looks.words("hello")[-1].endswith("start 2 (its own watchdog), 5 inputs")
    assert looks.heard.inputs[DOOR].changes == 2


def test_a_bed_that_is_felt_is_drawn_and_how_much_it_moved_is_told() -> None:
    looks = LooksOn().say(CONFIGURE, configure(BED, ENABLED, 0)).until(4_000)
    looks.samples = STIRS
    looks.until(30_000)
    told = [event.facts for event in looks.told if event.kind == "bed"]
    assert told[0]["moved"] == 0
    assert told[-1]["moved"] == 1_700
    assert told[-1]["level_permille"] == 511
    assert len(looks.words("bed")) == len(told)
    assert 2 <= len([event for event in looks.told if event.kind == "bed" and not event.quiet]) <= len(told) // 5 + 1
    assert looks.heard.blocks_lost == 0


def test_a_bed_that_hardly_moves_is_drawn_flat_and_one_that_is_left_falls() -> None:
    assert sparkline([Piece(500, 0), Piece(502, 0)]) == "▁▁"
    assert sparkline([Piece(700, 0), Piece(100, 0)], ASCII_BARS) == "#_"


def test_the_own_test_of_the_board_is_told_in_words() -> None:
    looks = LooksOn().say(ASK_SELFTEST).until(2_000)
    assert looks.words("selftest") == ["own test passed; supply 4.99 V"]
    looks.samples = [2_047] * 25  # its bed's input hangs on its rail
    looks.say(CONFIGURE, configure(BED, ENABLED, 0)).say(ASK_SELFTEST).until(3_000)
    assert looks.words("selftest")[-1].startswith("own test FAILS: its bed input; look at its wiring")


def test_a_sensor_of_home_toml_on_an_input_that_is_not_there_is_named() -> None:
    lost = Sensor("back-door", "door", "hall", None, "serial", "bridge-1/door3")
    looks = LooksOn({"door3": lost}).until(1_000)
    assert looks.words("missing") == ["home.toml has back-door on door3, and this board has no door3"]


def test_a_pad_on_the_doors_input_is_told_as_the_bed_that_home_toml_calls_it() -> None:
    pad = Sensor("bed", "bed", "bedroom", None, "serial", "bridge-1/door0", inverted=True)
    looks = LooksOn({"door0": pad}).until(3_000).door(2)
    assert looks.words("reading") == ["bed (door0): empty", "bed (door0): occupied"]


def test_a_board_of_a_later_version_is_told_as_such_and_not_at_every_frame() -> None:
    heard = Heard({})
    body = b"\x02" + pack(1, 0, bytes(22))[1:]
    told = [event for _ in range(20) for event in heard.hear(body) if not event.quiet]
    assert [event.words for event in told] == ["speaks version 2; this is for 1: update one of the two"] * 5
    assert "another version" in words.silence(2_000, heard.frames, heard.odd, 115_200)


BODIES = st.one_of(
    st.binary(max_size=120),
    st.builds(pack, st.integers(0, 8), st.integers(0, 65_535), st.binary(max_size=MAX_PAYLOAD)),
)


def shown_lines(heard: Heard) -> Iterable[str]:
    from rich.console import Console

    console = Console(width=80, height=24, highlight=False)
    with console.capture() as drawn:
        console.print(picture(heard, "bridge-1 at /dev/ttyUSB0", 24))
    return drawn.get().splitlines()


@settings(max_examples=100, deadline=None)
@given(st.lists(BODIES, max_size=30))
def test_whatever_a_board_says_is_shown_on_eighty_columns_and_obeyed_by_no_terminal(bodies: list[bytes]) -> None:
    looks = LooksOn()
    for nth, body in enumerate(bodies):
        looks.until(looks.now + 200)
        looks.heard.hear(body)
        looks.heard.hear(pack(1, nth, b"\0" * 13 + b"\x1b[2J[/b]" + b"\1\1\1\0\0"))
    for line in shown_lines(looks.heard):
        assert len(line) <= 80
        assert line.isprintable()
    assert all(event.words.isprintable() for event in looks.heard.events)


def test_the_picture_of_a_busy_board_fits_the_smallest_terminal() -> None:
    looks = LooksOn().say(CONFIGURE, configure(BED, ENABLED, 0)).until(3_000).door(30)
    lines = list(shown_lines(looks.heard))
    assert len(lines) <= 24
    text = "\n".join(lines)
    assert "front-door, a door" in text
    assert "30 of 64; past 8, changes show in heartbeats only" in text
    assert "30 or more" in text


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (words.reset(0), "not known: its bootloader cleared the cause"),
        (words.reset(5), "switched on, its supply fell"),
        (words.supply(0), "not measured yet"),
        (words.supply(4_312), "4.31 V, not 4.5 to 5.5: try another cable, and another USB port"),
        (words.lasted(90_061_000), "1 d 1:01:01"),
        (words.ago(7_300_000), "2 h ago"),
    ],
)
def test_figures_are_told_in_words(said: str, wanted: str) -> None:
    assert said == wanted
