"""What `bridge monitor` makes of what it hears: each reading once, and nothing taken from the board."""

from agent.monitor import words
from agent.monitor.heard import Heard
from agent.monitor.inputs import Piece
from agent.monitor.sheet import kept, sheet, thrown
from agent.monitor.terminal_io import ASCII_BARS, sparkline
from agent.nouns import Sensor
from agent.sensors.framing import pack
from agent.sensors.wire import ACK, ASK_HELLO, ASK_SELFTEST, CONFIGURE, ack, configure
from agent.simulate.board import ENABLED, NANO, Board
from tests.board_maker import BED, BUTTON, DOOR
from tests.looks_on import STIRS, LooksOn, loud_of, shown_lines


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


def test_a_reading_that_comes_again_counts_once() -> None:
    looks = LooksOn().until(3_000)
    looks.board.level(DOOR, True, looks.now)
    looks.board.level(BUTTON, True, looks.now)
    looks.answers = False  # what is said to the board is lost on the line
    looks.until(20_000)
    assert looks.words("reading") == ["front-door (door0): open", "cord (button0): pressed"]
    assert looks.heard.repeated > 50
    door = looks.heard.inputs[DOOR]
    assert (door.changes, door.value) == (1, 1)
    assert looks.heard.age(door.changed or 0) > 16_000


def test_the_board_loses_nothing_by_being_looked_at() -> None:
    looks = LooksOn().until(3_000).door(5).leave()
    assert looks.asks.left
    hub = looks.another()
    assert hub.words("kept") == [
        f"front-door (door0): {level}, kept for the hub since" for level in ("open", "shut", "open", "shut", "open")
    ]
    assert hub.heard.kept == 5


def test_every_change_is_seen_however_short_and_however_many_the_board_keeps() -> None:
    looks = LooksOn().until(3_000).door(20, every_ms=40)
    looks.until(looks.now + 1_000)
    assert looks.heard.kept == 20
    assert looks.heard.inputs[DOOR].changes == len(looks.words("reading")) == 20


def test_of_a_board_that_is_full_everything_is_seen_and_it_is_told_what_the_hub_loses() -> None:
    looks = LooksOn().until(3_000).door(90)
    looks.until(looks.now + 3_000)
    assert looks.heard.kept == 64
    assert looks.heard.inputs[DOOR].changes == len(looks.words("reading")) == 90
    assert looks.words("full") == [words.FULL]
    assert "26 readings lost to the hub: the board keeps 64" in list(kept(looks.heard))
    assert "64 of 64, full; 26 readings lost to the hub" in "\n".join(shown_lines(looks.heard))


def test_what_a_hub_had_heard_but_not_written_is_kept_and_told_as_made_before() -> None:
    looks = LooksOn().until(3_000).door(12)
    looks.say(ACK, ack(1, 4, 12))
    later = looks.another()
    assert len(later.words("kept")) == 8
    assert (later.heard.kept, later.heard.inputs[DOOR].changes, later.heard.inputs[DOOR].changed) == (8, 0, None)
    assert later.door(3).heard.inputs[DOOR].changes == 3


def test_a_test_pull_that_waits_in_the_board_is_called_what_it_will_be() -> None:
    looks = LooksOn().until(3_000)
    for pressed in (True, False, True, False):
        looks.board.level(BUTTON, pressed, looks.now)
        looks.until(looks.now + 100)
    assert next(kept(looks.heard)) == "The board keeps 4 readings for the hub."
    loud = "WILL BE TOLD AS A CALL FOR HELP when the hub starts: cord (button0) pressed twice."
    assert loud in list(kept(looks.heard))
    assert "KEPT, and a call for help when the hub starts: cord (button0) pressed twice" in loud_of(looks.heard)
    later = looks.another()  # who looks again has not pressed it
    assert loud in list(kept(later.heard))
    nameless = looks.another(sensors={})
    assert "button0 pressed twice" in list(kept(nameless.heard))[1]


def test_a_button_that_only_says_that_all_is_well_is_no_call() -> None:
    answer = Sensor("fine", "button", "hall", "answer", "serial", "bridge-1/button0")
    looks = LooksOn({"button0": answer}).until(3_000)
    looks.board.level(BUTTON, True, looks.now)
    looks.until(looks.now + 500)
    assert list(kept(looks.heard)) == ["The board keeps 1 reading for the hub."]


def test_what_is_to_be_forgotten_is_forgotten_and_named() -> None:
    looks = LooksOn().until(3_000).door(70)
    looks.board.level(BUTTON, True, looks.now)
    looks.until(looks.now + 500)
    said = thrown(looks.heard.kept, looks.heard.calls, looks.leave(forget=True).asks.left)
    assert said == (
        "Thrown away, the hub will never hear of it: 64 readings that it kept for the hub;"
        " among them: cord (button0) pressed once."
    )
    assert looks.another().heard.kept == 0
    assert "pull the board's USB plug once" in thrown(3, {}, forgot=False)


def test_an_input_of_the_home_is_switched_on_to_be_looked_at_and_put_back() -> None:
    bed = Sensor("bed", "bed", "bedroom", None, "serial", "bridge-1/bed0")
    looks = LooksOn({"bed0": bed}).until(4_000)
    assert looks.words("switched") == ["bed (bed0): switched on"]
    assert looks.heard.inputs[BED].pieces
    assert looks.heard.inputs[DOOR].on  # what is on stays on
    assert not looks.leave().board.channels[BED].flags & ENABLED
    assert looks.asks.left


def test_inputs_that_are_all_off_stay_off_and_it_is_said_why() -> None:
    channels = tuple(channel._replace(flags=channel.flags & ~ENABLED) for channel in NANO.channels)
    looks = LooksOn(board=Board(NANO._replace(channels=channels))).until(4_000)
    assert looks.words("all_off") == [words.ALL_OFF]
    assert looks.words("switched") == []
    assert words.ALL_OFF in " ".join(line.strip() for line in shown_lines(looks.heard))
    assert words.ALL_OFF in sheet(looks.heard, "bridge-1", 4_000)
    looks.leave()
    assert not any(channel.flags & ENABLED for channel in looks.board.channels)


def test_what_stands_is_told_first_an_input_a_line() -> None:
    assert LooksOn().until(3_000).words("stands") == [
        "hall-motion (motion0): clear",
        "front-door (door0): shut",
        "cord (button0): not pressed",
        "tamper0: case shut",
        "bed0: off",
    ]


def test_a_board_that_starts_anew_is_introduced_anew_and_its_old_numbers_mean_nothing() -> None:
    looks = LooksOn().until(3_000).door(3)
    looks.board, looks.now = Board(NANO._replace(boot=2, reset=8)), 0
    looks.until(3_000).door(2)
    assert looks.words("hello")[-1].endswith("start 2 (its own watchdog), 5 inputs")
    door = looks.heard.inputs[DOOR]
    assert door.changes == 5  # since somebody looks
    assert looks.heard.age(door.changed or 0) < 2_000
    assert looks.heard.kept == 2


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
    assert looks.words("selftest") == ["own test passed (no bed is on, none was tested); supply 4.99 V"]
    looks.say(CONFIGURE, configure(BED, ENABLED, 0)).say(ASK_HELLO).say(ASK_SELFTEST).until(3_000)
    assert looks.words("selftest")[-1] == "own test passed; supply 4.99 V"
    looks.samples = [2_047] * 25  # its bed's input hangs on its rail
    looks.say(CONFIGURE, configure(BED, ENABLED, 0)).say(ASK_SELFTEST).until(4_000)
    assert looks.words("selftest")[-1].startswith("own test FAILS: its bed input; look at its wiring")


def test_a_sensor_of_home_toml_on_an_input_that_is_not_there_is_named() -> None:
    lost = Sensor("back-door", "door", "hall", None, "serial", "bridge-1/door3")
    looks = LooksOn({"door3": lost}).until(1_000)
    assert looks.words("missing") == ["home.toml has back-door on door3, and this board has no door3"]
    (row,) = (line for line in shown_lines(looks.heard) if "NOT ON THIS BOARD" in line)
    assert row.split() == ["door3", "back-door,", "a", "door", "NOT", "ON", "THIS", "BOARD"]
    assert "  back-door (door3), a door: NOT ON THIS BOARD" in sheet(looks.heard, "bridge-1", 1_000)


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
