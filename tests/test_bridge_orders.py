"""What the hub tells a board: what it may forget, what it is to look at; and that nobody is to know, if so wished."""

from struct import pack

import pytest

from agent.nouns import BadFrame, Instant
from agent.sensors import framing
from agent.sensors.wire import ASK_SELFTEST, CONFIGURE, DONE, READING, SELFTEST
from tests.board_maker import BED, BUTTON, DOOR, MOTION, SENSORS, Wired, golden
from tests.test_bridge import NOW, acknowledged, met, told


def orders(wired: Wired, at: int) -> list[tuple[int, bytes]]:
    """What the board is told besides what is kept: (type, payload)."""
    said = [framing.unpack(body) for body in wired.board.answer(Instant(at))[1:]]
    return [(body.type, body.payload) for body in said if body is not None]


def answered(wired: Wired, at: int, type: int, number: int = 0) -> None:
    payload = golden()["selftest"].payload[:5] + b"\7" + golden()["selftest"].payload[6:]
    done = framing.pack(DONE, number, bytes([CONFIGURE, 0]))
    wired.body(at, done if type == CONFIGURE else framing.pack(SELFTEST, number, payload))


def test_a_board_is_told_to_look_at_what_home_toml_uses_and_at_its_case_and_then_to_test_itself() -> None:
    wired = Wired([SENSORS[1]])
    wired.hello(NOW, 1_000, channels=(1, 2, 3, 4))
    assert orders(wired, NOW) == [(CONFIGURE, pack("<BBH", MOTION, 0, 20))]
    assert orders(wired, NOW + 500) == []
    assert orders(wired, NOW + 1_000) == [(CONFIGURE, pack("<BBH", MOTION, 0, 20))], "nothing was answered"
    answered(wired, NOW + 1_100, CONFIGURE, MOTION)
    assert orders(wired, NOW + 1_100) == [(CONFIGURE, pack("<BBH", BUTTON, 0, 20))]
    answered(wired, NOW + 1_200, CONFIGURE, BUTTON)
    assert orders(wired, NOW + 1_200) == [(ASK_SELFTEST, b"")]
    answered(wired, NOW + 1_300, ASK_SELFTEST)
    assert orders(wired, NOW + 9_000) == []


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


def test_without_consent_a_board_is_told_to_look_at_nothing_and_nothing_of_it_is_handed_on() -> None:
    wired = met()
    assert wired.board.told(False, None)
    flags = [payload[1] for type, payload in orders(wired, NOW + 1_000) if type == CONFIGURE]
    assert flags == [0]
    before = wired.board.hear(Instant(NOW + 600), framing.pack(READING, 0, pack("<IHBB", 1_500, 7, DOOR, 1)))
    assert before == ()
    assert acknowledged(wired) == 1, "the board forgets it too"
    assert wired.board.told(True, None)
    wired.oldest = wired.next = 1
    assert told(wired.heartbeat(NOW + 4_000, 5_000, levels=1 << DOOR)) == [("front-door", "door_level", 1)]


def test_a_board_whose_own_test_fails_is_told_with_what_to_look_at() -> None:
    wired = Wired(SENSORS)
    wired.hello(NOW, 1_000, channels=(1, 2, 3, 4))
    assert orders(wired, NOW) == [(ASK_SELFTEST, b"")]
    with pytest.raises(BadFrame, match="own test fails: its supply; look at its wiring and its supply"):
        wired.body(NOW, framing.pack(SELFTEST, 0, golden()["selftest"].payload))


def test_a_board_that_will_not_do_as_it_is_told_is_told_once_however_often_it_says_so() -> None:
    wired = met()
    orders(wired, NOW)
    refuses = framing.pack(DONE, BED, bytes([CONFIGURE, 3]))
    with pytest.raises(BadFrame, match="will not do order 0x83: a value out of range"):
        wired.body(NOW, refuses)
    assert not wired.body(NOW, refuses)
