"""A wired home: what its board says becomes readings, each once, in order, with the time at which it happened."""

import json
from contextlib import suppress
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.nouns import BadFrame, Frame, Instant, Reading, Sensor, is_late
from agent.sensors import framing
from agent.sensors.bridge import BEAT_MS
from agent.sensors.wire import (
    ACK,
    ASK_HELLO,
    DONE,
    HELLO,
    READING,
    SELFTEST,
    WAVEFORM,
    Block,
    block,
)
from tests.board_maker import BED, BUTTON, DOOR, MOTION, SENSORS, TAMPER, Ends, Wired, golden

NOW = 1_800_000_000_000


def met(boot: int = 7) -> Wired:
    """A hub and a board that know each other; nothing of what stood is still to be told."""
    wired = Wired(boot=boot)
    wired.hello(NOW, 1_000)
    wired.heartbeat(NOW, 1_000)
    return wired


def told(readings: tuple[Reading, ...]) -> list[tuple[str, str, int]]:
    return [(reading.sensor, reading.quantity, reading.value) for reading in readings]


def acknowledged(wired: Wired) -> int:
    body = framing.unpack(wired.board.answer(Instant(NOW))[0])
    assert body is not None
    assert body.type == ACK
    kept, heard = int.from_bytes(body.payload[2:4], "little"), int.from_bytes(body.payload[4:], "little")
    assert kept <= heard or heard < kept - (1 << 15)
    return kept


def test_a_door_that_opens_is_a_reading_with_its_own_time() -> None:
    wired = met()
    said = wired.reading(NOW + 540, 0, 1_500, DOOR)
    assert said == (Reading(Instant(NOW + 500), "front-door", "door", 1),)
    assert not is_late(Instant(NOW + 540), said[0])


def test_the_golden_frames_are_a_home_in_which_a_door_opens() -> None:
    wired = Wired()
    frames = golden()
    for name in ("hello", "heartbeat", "reading_door_open"):
        frame = frames[name]
        said = wired.body(NOW + 4_000, framing.pack(frame.type, frame.number, frame.payload))
    assert said == (Reading(Instant(NOW + 3_456), "front-door", "door", 1),)
    assert wired.board.health is not None
    assert wired.board.health.supply_mv == 4_987
    assert wired.board.firmware == "m328p 0.1"
    assert wired.board.answer(Instant(NOW))[0] == framing.pack(ACK, 0, frames["ack_heard"].payload)


def test_each_reading_is_told_once_however_often_it_is_sent() -> None:
    wired = met()
    assert wired.reading(NOW + 600, 0, 1_500, MOTION)
    for _ in range(3):
        assert not wired.reading(NOW + 1_100, 0, 1_500, MOTION)
    assert acknowledged(wired) == 1


def test_a_reading_whose_predecessor_was_lost_on_the_line_waits_for_it() -> None:
    wired = met()
    assert not wired.reading(NOW + 700, 1, 1_600, MOTION)
    assert acknowledged(wired) == 0
    said = [*wired.reading(NOW + 1_200, 0, 1_500, DOOR), *wired.reading(NOW + 1_210, 1, 1_600, MOTION)]
    assert [(reading.sensor, reading.at) for reading in said] == [
        ("front-door", NOW + 500),
        ("hall-motion", NOW + 600),
    ]


@given(st.lists(st.tuples(st.integers(0, 39), st.booleans()), max_size=300), st.integers(0, 65_535))
def test_whatever_the_line_loses_and_repeats_all_arrive_once_and_in_order(
    sent: list[tuple[int, bool]], first: int
) -> None:
    wired = Wired()
    wired.oldest = wired.next = first
    wired.hello(NOW, 1_000)
    begun = 0
    heard: list[Reading] = []
    for ahead, arrives in sent:  # a board resends from what was acknowledged, and some of it arrives
        number = min(begun + ahead % 9, begun + 8)
        if arrives:
            heard += wired.reading(NOW + 90_000, first + number, 2_000 + number, MOTION, number % 2)
            begun = (acknowledged(wired) - first) % (1 << 16)
    assert [reading.at for reading in heard] == [NOW + 1_000 + number for number in range(begun)]


def test_what_happened_while_the_hub_was_off_is_told_late_with_its_true_time() -> None:
    wired = met()
    for beat in range(30):
        wired.heartbeat(NOW + 2_000 * beat, 1_000 + 2_000 * beat)
    again = Wired(memory=json.loads(json.dumps(wired.ends.journal.snapshot())))
    back = NOW + 600_000
    again.next = 2
    again.hello(back, 601_000)
    said = again.reading(back + 20, 0, 301_000, BUTTON) + again.reading(back + 20, 1, 600_900, MOTION)
    assert said == (
        Reading(Instant(NOW + 300_000), "cord", "button", 1),
        Reading(Instant(NOW + 599_900), "hall-motion", "motion", 1),
    )
    assert [is_late(Instant(back + 20), reading) for reading in said] == [True, False]


def test_readings_that_the_board_could_not_keep_are_counted_and_said() -> None:
    wired = met()
    wired.oldest, wired.next = 5, 37
    with pytest.raises(BadFrame, match=r"^bridge-1: 5 readings are lost: the hub was away"):
        wired.heartbeat(NOW + 2_000, 3_000)
    assert wired.board.lost == 5
    assert wired.reading(NOW + 2_100, 5, 2_900, DOOR)


def test_after_a_loss_a_door_is_told_as_it_stands_and_nobody_is_taken_for_moving() -> None:
    wired = met()
    wired.reading(NOW + 600, 0, 1_500, MOTION)
    wired.oldest = wired.next = 9
    said = wired.heartbeat(NOW + 2_000, 3_000, levels=1 << DOOR)
    assert wired.refused[0].startswith("bridge-1: 8 readings are lost")
    assert told(said) == [("hall-motion", "motion", 0), ("front-door", "door_level", 1)]
    assert not wired.heartbeat(NOW + 6_000, 7_000, levels=1 << DOOR)


def test_a_help_cord_that_is_found_pulled_after_a_loss_calls() -> None:
    wired = met()
    wired.oldest = wired.next = 40
    assert ("cord", "button", 1) in told(wired.heartbeat(NOW + 2_000, 3_000, levels=1 << BUTTON))


def test_while_readings_are_under_way_the_levels_wait() -> None:
    wired = met()
    wired.board.silent()
    wired.hello(NOW + 1_900, 2_900)
    wired.next = 1
    assert not wired.heartbeat(NOW + 2_000, 3_000, levels=1 << DOOR)
    assert told(wired.reading(NOW + 2_010, 0, 2_900, DOOR)) == [("front-door", "door", 1)]
    assert not wired.heartbeat(NOW + 4_000, 5_000, levels=1 << DOOR)


def test_a_board_that_restarts_begins_anew_and_a_door_that_moved_meanwhile_is_told() -> None:
    wired = met()
    wired.reading(NOW + 600, 0, 1_500, MOTION)
    wired.boot = 8
    assert not wired.reading(NOW + 9_000, 0, 200, DOOR)  # who is this
    assert wired.board.answer(Instant(NOW))[0] == framing.pack(ASK_HELLO, 0)
    wired.hello(NOW + 9_100, 300)
    assert acknowledged(wired) == 0
    assert ("front-door", "door_level", 1) in told(wired.heartbeat(NOW + 9_200, 400, levels=1 << DOOR))


def test_a_board_whose_memory_was_erased_is_heard_although_its_boot_repeats() -> None:
    wired = met(boot=1)
    for number in range(300):
        wired.reading(NOW + 1_000, number, 1_500, MOTION)
    assert not wired.heartbeat(NOW + 90_000, 50)
    assert wired.board.answer(Instant(NOW))[0] == framing.pack(ASK_HELLO, 0)
    wired.hello(NOW + 90_100, 150)
    assert wired.reading(NOW + 90_500, 0, 500, DOOR)[0].at == NOW + 90_450


def test_a_heartbeat_is_a_sign_of_life_of_every_sensor_once_a_minute() -> None:
    wired = Wired()
    wired.hello(NOW, 1_000)
    said = [
        reading
        for at in range(0, 3 * BEAT_MS, 2_000)
        for reading in wired.heartbeat(NOW + at, 1_000 + at)
        if reading.quantity == "checkin"
    ]
    assert [reading.sensor for reading in said] == [sensor.id for sensor in SENSORS] * 3


def test_an_opened_case_is_every_sensors_tamper() -> None:
    wired = met()
    assert told(wired.reading(NOW, 0, 1_000, TAMPER)) == [(sensor.id, "tamper", 1) for sensor in SENSORS]
    assert told(wired.reading(NOW, 1, 1_000, TAMPER, 0)) == [(sensor.id, "tamper", 0) for sensor in SENSORS]


def test_a_pad_that_opens_when_pressed_is_turned_round_by_home_toml() -> None:
    wired = Wired([Sensor("bed", "bed", "hall", None, "serial", "bridge-1/door0", inverted=True)])
    wired.hello(NOW, 1_000)
    assert told(wired.reading(NOW, 0, 1_000, DOOR, 0)) == [("bed", "bed", 1)]
    assert not wired.reading(NOW, 1, 1_000, MOTION)  # no sensor of home.toml: kept, and told of nobody
    assert acknowledged(wired) == 2


def test_channels_are_counted_by_their_kinds() -> None:
    wired = Wired([Sensor("back", "door", "hall", None, "serial", "bridge-1/door1")])
    wired.hello(NOW, 1_000, channels=(2, 1, 2))
    assert told(wired.reading(NOW, 0, 1_000, 2)) == [("back", "door", 1)]


REFUSED = {
    "too short": (b"\1", "a frame of 1 bytes"),
    "version 2": (b"\2" + framing.pack(HELLO, 0)[1:], "speaks version 2; this hub understands 1"),
    "an unknown type": (framing.pack(0x42, 0), "frame type 0x42"),
    "half a hello": (framing.pack(HELLO, 0, golden()["hello"].payload[:30]), "hello of 30 bytes, not 42"),
    "nine channels": (
        framing.pack(HELLO, 0, golden()["hello"].payload[:21] + b"\x09" + bytes(40)),
        "hello with 9 channels",
    ),
    "half a reading": (framing.pack(READING, 0, b"\0" * 7), "reading of 7 bytes, not 8"),
    "channel 6": (framing.pack(READING, 0, pack("<IHBB", 1_000, 7, 6, 1)), "reading of channel 6, which has none"),
    "a bed that is on": (framing.pack(READING, 0, pack("<IHBB", 1_000, 7, BED, 1)), "reading of bed0"),
    "value 2": (framing.pack(READING, 0, pack("<IHBB", 1_000, 7, DOOR, 2)), "door0 is 2, neither 0 nor 1"),
    "half a block": (framing.pack(WAVEFORM, 0, golden()["waveform_12_bits"].payload[:-1]), "waveform of 15 bytes"),
    "eight bits": (framing.pack(WAVEFORM, 0, pack("<IBBBB", 1, BED, 100, 8, 0)), "8 bits at 100 Hz"),
    "a sample too large": (framing.pack(WAVEFORM, 0, pack("<IBBBBh", 1, BED, 100, 12, 1, 2_048)), "more than 12 bits"),
}


@pytest.mark.parametrize(("body", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_understood_is_refused_in_one_line_and_the_door_is_still_heard(body: bytes, why: str) -> None:
    wired = met()
    with pytest.raises(BadFrame, match=rf"^bridge-1: .*{why}") as refused:
        wired.body(NOW, body)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 150
    assert wired.reading(NOW + 600, acknowledged(wired), 1_500, DOOR)


def test_a_sensor_that_no_switch_can_be_is_named() -> None:
    wired = Wired([Sensor("warmth", "temperature", "hall", None, "serial", "bridge-1/door0")])
    wired.hello(NOW, 1_000)
    with pytest.raises(BadFrame, match=r"door0 is on or off, and home\.toml calls warmth a temperature"):
        wired.reading(NOW, 0, 1_000, DOOR)


def test_a_bridge_that_no_sensor_is_behind_is_not_listened_to() -> None:
    with pytest.raises(BadFrame, match=r"bridge-9: no sensor of home\.toml"):
        Ends().journal.decode(Instant(NOW), Frame("serial", "bridge-9", b'{"link":1}'))


def test_two_bridges_are_two_boards() -> None:
    kitchen = Sensor("kitchen", "motion", "hall", None, "serial", "bridge-2/motion0")
    wired = Wired([*SENSORS, kitchen])
    wired.hello(NOW, 1_000)
    assert wired.ends.journal.memory("bridge-2") is None
    assert told(wired.reading(NOW, 0, 1_000, MOTION)) == [("hall-motion", "motion", 1)]


def test_a_later_firmware_may_say_more_at_the_end() -> None:
    wired = met()
    longer = pack("<IHBB", 1_500, 7, DOOR, 1) + b"more"
    assert told(wired.body(NOW + 600, framing.pack(READING, 0, longer))) == [("front-door", "door", 1)]
    assert not wired.body(NOW, framing.pack(SELFTEST, 9, golden()["selftest"].payload))  # nobody asked
    assert not wired.body(NOW, framing.pack(DONE, 8, golden()["done"].payload))


def test_a_waveform_is_read_sample_by_sample_and_a_missing_block_is_counted() -> None:
    frames = golden()
    assert block(frames["waveform_12_bits"].payload) == Block(5_000, BED, 100, 12, (-2_048, -1, 0, 2_047))
    assert block(frames["waveform_24_bits"].payload) == Block(5_040, BED, 50, 24, (-8_388_608, 0, 8_388_607))
    wired = met()
    for number in (65_534, 65_535, 0, 3):
        assert not wired.body(NOW, framing.pack(WAVEFORM, number, frames["waveform_12_bits"].payload))
    assert wired.board.blocks_lost == 2


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=60),
            st.builds(framing.pack, st.integers(1, 6), st.integers(0, 9), st.binary(max_size=96)),
        ),
        max_size=40,
    )
)
def test_no_body_brings_the_hub_down_and_its_memory_can_always_be_kept(bodies: list[bytes]) -> None:
    wired = met()
    for at, body in enumerate(bodies):
        said: tuple[Reading, ...] = ()
        with suppress(BadFrame):
            said = wired.body(NOW + at, body)
        assert all(reading.value in (0, 1) and reading.at <= NOW + at for reading in said)
    again = Wired(memory=json.loads(json.dumps(wired.ends.journal.snapshot())))
    assert json.dumps(again.ends.journal.snapshot()) == json.dumps(wired.ends.journal.snapshot())
