"""What the hub tells a board: what it may forget, what it is to look at; and that nobody is to know, if so wished."""

import json
from struct import pack

import pytest

from agent.nouns import BadFrame, Frame, Instant, Sensor
from agent.sensors import framing
from agent.sensors.thrift import SAVED_MOST
from agent.sensors.wire import ASK_SELFTEST, CONFIGURE, DONE, HEARTBEAT, HELLO, READING, SELFTEST
from tests.board_maker import BUTTON, DOOR, MOTION, SENSORS, TAMPER, Wired, golden
from tests.test_bridge import NOW, acknowledged, met, told


def orders(wired: Wired, at: int) -> list[tuple[int, bytes]]:
    """What the board is told besides what is kept: (type, payload)."""
    said = [framing.unpack(body) for body in wired.board.answer(Instant(at))[1:]]
    return [(body.type, body.payload) for body in said if body is not None]


def test_a_board_is_told_to_look_at_what_home_toml_uses_and_at_its_case_and_then_to_test_itself() -> None:
    wired = Wired([SENSORS[1]])
    wired.hello(NOW, 1_000, channels=(1, 2, 3, 4), obeys=False)
    assert orders(wired, NOW) == [(CONFIGURE, pack("<BBH", MOTION, 0, 20))]
    assert orders(wired, NOW + 500) == []
    assert orders(wired, NOW + 1_000) == [(CONFIGURE, pack("<BBH", MOTION, 0, 20))], "nothing was answered"
    assert [wired.obey(NOW) for _ in range(3)] == [
        (CONFIGURE, pack("<BBH", MOTION, 0, 20)),
        (CONFIGURE, pack("<BBH", BUTTON, 0, 20)),
        (ASK_SELFTEST, b""),
    ]
    assert orders(wired, NOW + 9_000) == []


def test_an_answer_to_an_order_of_before_is_no_answer_to_this_one() -> None:
    wired = Wired([SENSORS[1]])
    wired.hello(NOW, 1_000, channels=(1, 2), obeys=False)
    stale = framing.pack(DONE, 9, bytes([CONFIGURE, 0]))
    wired.body(NOW, stale)
    assert orders(wired, NOW) == [(CONFIGURE, pack("<BBH", MOTION, 0, 20))]


def test_a_board_may_forget_a_reading_when_the_journal_has_it_and_not_before() -> None:
    wired = met()
    memory = wired.ends.journal.memory("bridge-1")
    uptime_of = pack("<IHBB", 1_500, 7, DOOR, 1)
    (frame,) = wired.board.hear(Instant(NOW + 600), framing.pack(READING, 0, uptime_of))
    assert acknowledged(wired) == 0
    assert not wired.board.told(True, memory)
    assert wired.ends.journal.decode(Instant(NOW + 600), frame)
    assert wired.board.told(True, wired.ends.journal.memory("bridge-1"))
    assert acknowledged(wired) == 1


def test_without_consent_a_board_is_told_to_look_at_nothing_and_with_it_again_at_all_it_is_used_for() -> None:
    wired = met()
    wired.ends.watched = False
    assert wired.board.told(False, None)
    told_off = [wired.obey(NOW) for _ in range(4)]
    assert told_off == [(CONFIGURE, pack("<BBH", channel, 0, 20)) for channel in (MOTION, DOOR, BUTTON, TAMPER)]
    before = wired.board.hear(Instant(NOW + 600), framing.pack(READING, 0, pack("<IHBB", 1_500, 7, DOOR, 1)))
    assert before == ()
    assert acknowledged(wired) == 1, "the board forgets it too"
    wired.ends.watched = True
    assert wired.board.told(True, None)
    wired.oldest = wired.next = 1
    assert not wired.heartbeat(NOW + 3_000, 4_000, levels=0b1111), "nothing is believed before all is looked at"
    told_on = [wired.obey(NOW) for _ in range(4)]
    assert told_on == [(CONFIGURE, pack("<BBH", channel, 1, 20)) for channel in (MOTION, DOOR, BUTTON, TAMPER)]
    assert told(wired.heartbeat(NOW + 4_000, 5_000, levels=1 << DOOR)) == [("front-door", "door_level", 1)]


def test_a_board_whose_own_test_fails_is_told_with_what_to_look_at() -> None:
    wired = Wired(SENSORS)
    wired.hello(NOW, 1_000, channels=(1, 2, 3, 4), obeys=False)
    assert orders(wired, NOW) == [(ASK_SELFTEST, b"")]
    with pytest.raises(BadFrame, match="own test fails: its supply; look at its wiring and its supply"):
        wired.body(NOW, framing.pack(SELFTEST, 0, golden()["selftest"].payload))


def test_a_board_that_will_not_do_as_it_is_told_is_told_once_however_often_it_says_so() -> None:
    wired = Wired(SENSORS)
    wired.hello(NOW, 1_000, obeys=False)
    refuses = framing.pack(DONE, 0, bytes([CONFIGURE, 3]))
    with pytest.raises(BadFrame, match="will not do order 0x83: a value out of range"):
        wired.body(NOW, refuses)
    assert not wired.body(NOW, refuses)


def test_a_sensor_on_an_input_that_the_board_does_not_have_is_named_and_never_taken_for_alive() -> None:
    back = Sensor("back-door", "door", "hall", None, "serial", "bridge-1/door1")
    wired = Wired([SENSORS[1], back])
    with pytest.raises(BadFrame, match=r"home\.toml has a sensor on door1, and this board has no door1"):
        wired.hello(NOW, 1_000)
    assert [one.sensor for one in wired.heartbeat(NOW, 1_000) if one.quantity == "checkin"] == ["front-door"]


def test_a_loss_does_not_let_an_older_word_of_the_journal_stop_the_board() -> None:
    wired = met()
    before = wired.ends.journal.memory("bridge-1")
    wired.oldest, wired.next = 5, 69
    wired.board.hear(Instant(NOW + 2_000), framing.pack(HEARTBEAT, 0, wired.state(3_000) + pack("<HBB", 4987, 0, 0)))
    assert not wired.board.told(True, before), "it is of before the loss"
    assert acknowledged(wired) == 5


def test_a_board_that_does_not_hear_the_hub_is_told_lost_and_its_sensors_do_not_count_as_alive() -> None:
    wired = met()
    wired.oldest, wired.next = 0, 3
    links = []
    for second in range(2, 90, 2):
        heard, _ = wired.ends.hear(NOW + second * 1_000, heartbeat(wired, second))
        links += [one.value for one in heard if one.quantity == "link"]
        assert second < 62 or not [one for one in heard if one.quantity == "checkin"]
    assert links == [0]
    for number in range(3):
        wired.reading(NOW + 91_000, number, 2_000, MOTION, number % 2)
    heard, _ = wired.ends.hear(NOW + 92_000, heartbeat(wired, 92))
    assert [one.value for one in heard if one.quantity == "link"] == [1]


def test_a_board_that_kept_much_for_a_hub_that_was_away_is_not_taken_for_deaf() -> None:
    wired = Wired()
    wired.next = 5
    wired.hello(NOW, 1_000)
    heard, _ = wired.ends.hear(NOW + 1_000, heartbeat(wired, 1))
    assert [one.quantity for one in heard if one.quantity == "link"] == []
    wired.board.silent()
    wired.hello(NOW + 3_600_000, 3_601_000)
    heard, _ = wired.ends.hear(NOW + 3_601_000, heartbeat(wired, 3_601))
    assert [one.value for one in heard if one.quantity == "link"] == []


def heartbeat(wired: Wired, second: int) -> bytes:
    return framing.pack(HEARTBEAT, 0, wired.state(1_000 + second * 1_000) + pack("<HBB", 4987, 0, 0))


def test_a_press_for_help_that_the_board_could_not_keep_is_told_once_and_again_after_a_kill() -> None:
    wired = met()
    wired.oldest = wired.next = 70
    pressed = [("cord", "button", 1)]
    assert told(wired.heartbeat(NOW + 2_000, 3_000, presses_lost=1)) == pressed
    assert told(wired.heartbeat(NOW + 4_000, 5_000, presses_lost=1)) == []
    again = Wired(memory=json.loads(json.dumps(wired.ends.journal.snapshot())))
    again.oldest = again.next = 70
    again.hello(NOW + 9_000, 10_000)
    assert "button" not in [kind for _, kind, _ in told(again.heartbeat(NOW + 10_000, 11_000, presses_lost=1))]
    killed = Wired()
    killed.oldest = killed.next = 70
    killed.hello(NOW + 9_000, 10_000)
    assert pressed[0] in told(killed.heartbeat(NOW + 10_000, 11_000, presses_lost=1)), "nobody had kept that"


def test_a_board_gone_mad_fills_no_journal_and_is_still_heard() -> None:
    wired = met()
    frames: list[Frame] = []
    for number in range(5_000):
        hello = framing.pack(HELLO, 0, pack("<IHHH", 1_000, number % 900 + 9, 0, 0) + golden()["hello"].payload[10:])
        frames += wired.board.hear(Instant(NOW + number), hello)
    assert len(frames) <= SAVED_MOST + 2
    for number in range(5_000):  # each time another board, and how its inputs stand
        wired.boot = number % 900 + 9
        wired.hello(NOW + 5_000 + number, 1_000)
        state = framing.pack(HEARTBEAT, 0, wired.state(1_000) + pack("<HBB", 4_987, 1 << DOOR, 0))
        frames += wired.board.hear(Instant(NOW + 5_000 + number), state)
    assert len(frames) <= 2 * SAVED_MOST
    assert wired.board.thrift.dropped > 8_000
    wired.boot = 7
    wired.hello(NOW + 11_000, 7_000)
    assert told(wired.reading(NOW + 11_500, 0, 7_400, DOOR)) == [("front-door", "door", 1)]


def test_a_bed_whose_input_fails_the_boards_own_test_is_told_lost_at_once() -> None:
    bed = Sensor("bed", "bed", "bedroom", None, "serial", "bridge-1/bed0")
    wired = Wired([bed])
    wired.hello(NOW, 1_000, channels=(5,), obeys=False)
    failed = pack("<IBBH", 1_000, 7, 3, 5_000)
    said = wired.body(NOW, framing.pack(SELFTEST, 0, failed))
    assert told(said) == [("bed", "available", 0)]
