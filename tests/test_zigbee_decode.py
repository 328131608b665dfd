"""Frames by the link they came over: a sensor log's lines, and what is no link of a sensor."""

import json

import pytest

from agent.nouns import BadFrame, Frame, Instant, Reading, Sensor
from agent.sensors.decode import MAX_KNOWN_LINES, Decoder
from tests.zigbee_maker import home

DECODER_HOME = home(
    [
        Sensor("hall-motion", "motion", "hall", None, "log", "pir 7"),
        Sensor("front-door", "door", "hall", "entrance", "zigbee", "0x01"),
    ]
)


def read(address: str, payload: bytes) -> tuple[Reading, ...]:
    return Decoder(DECODER_HOME).decode(Instant(5), Frame("log", address, payload))


def test_every_line_of_a_log_is_fresh() -> None:
    decoder = Decoder(DECODER_HOME)
    for at in (1, 2, 3):
        said = decoder.decode(Instant(at), Frame("log", "hall-motion", b"motion 1"))
        assert said == (Reading(Instant(at), "hall-motion", "motion", 1),)


def test_a_log_names_a_sensor_by_its_id_or_by_its_log_address() -> None:
    assert read("pir 7", b"motion 0") == (Reading(Instant(5), "hall-motion", "motion", 0),)
    assert read("front-door", b"door 1") == (Reading(Instant(5), "front-door", "door", 1),)
    assert read("front-door", b"battery_percent 43")[0].value == 43
    assert read("front-door", b"temperature_mc -1500")[0].value == -1_500


@pytest.mark.parametrize(
    ("address", "payload", "why"),
    [
        ("0x01", b"door 1", "no sensor of home.toml"),
        ("lamp\n", b"motion 1", "no sensor of home.toml"),
        ("hall-motion", b"moved 1", "nothing is known of the quantity moved"),
        ("hall-motion", b"link 1", "nothing is known of the quantity link"),
        ("hall-motion", b"motion 2", "motion is 2, neither 0 nor 1"),
        ("hall-motion", b"motion", "not an integer"),
        ("hall-motion", b"motion 1.0", "not an integer"),
        ("hall-motion", b"battery_percent " + b"9" * 100_000, "100016 bytes, more than 40"),
        ("hall-motion", b"\xff\xfe", "nothing is known of the quantity"),
        ("hall-motion", b"", "nothing is known of the quantity"),
    ],
)
def test_a_line_that_says_nothing_is_refused_in_one_line(address: str, payload: bytes, why: str) -> None:
    with pytest.raises(BadFrame, match=why) as refused:
        read(address, payload)
    assert str(refused.value).isprintable()


def test_more_different_lines_than_are_kept_are_all_read() -> None:
    decoder = Decoder(DECODER_HOME)
    for value in [*range(MAX_KNOWN_LINES + 10), 3]:
        frame = Frame("log", "hall-motion", b"temperature_mc %d" % value)
        assert decoder.decode(Instant(1), frame)[0].value == value


@pytest.mark.parametrize("link", ["hub", "care", "centre", "\x1b"])
def test_what_is_not_of_a_sensor_is_refused(link: str) -> None:
    with pytest.raises(BadFrame, match="nothing is known of a link"):
        Decoder(DECODER_HOME).decode(Instant(1), Frame(link, "boot", b"{}"))


def test_memory_is_plain_json() -> None:
    decoder = Decoder(DECODER_HOME)
    assert json.loads(json.dumps(decoder.snapshot())) == decoder.snapshot()
