"""What the real zigbee2mqtt 2.14.1 sent in tests/test_zigbee_real.py, kept: the whole capture in, the whole day out.

Written by that test itself with Z2M_FIXTURES=tests/fixtures/z2m; the definitions are shortened to what is not prose.
"""

import json
from pathlib import Path

import pytest

from agent.nouns import Frame, Home, Instant, Reading, Room, Sensor
from agent.sensors.decode import Decoder

FIXTURES = Path(__file__).parent / "fixtures" / "z2m"
UP, DOWN = ("zigbee", "link", 1), ("zigbee", "link", 0)
SEEN, CLEAR = ("hall-motion", "motion", 1), ("hall-motion", "motion", 0)
OPENED, CLOSED = ("front-door", "door", 1), ("front-door", "door", 0)
PRESSED = ("pendant", "button", 1)

# What each capture says to a hub that had heard the devices join before.
DAYS = {
    "motion": [SEEN, CLEAR, SEEN, CLEAR],
    "battery": [SEEN, ("hall-motion", "battery_percent", 33), ("hall-motion", "checkin", 1)],
    "door": [OPENED, CLOSED, ("front-door", "battery_percent", 96)],
    "crash": [
        OPENED, DOWN, UP, ("front-door", "battery_percent", 95), ("hall-motion", "checkin", 1), CLEAR, OPENED,
    ],
    "leave": [("front-door", "available", 0)],
    "rename": [SEEN, CLEAR, SEEN],
    "coordinator": [DOWN],
    "sos": [PRESSED, PRESSED],
}  # fmt: skip


def home() -> Home:
    addresses = {
        "hall-motion": ("motion", "0x00158d0001a2b3c4"),
        "front-door": ("door", "0x00124b0022334455"),
        "pendant": ("button", "0xa4c1380011223344"),
    }
    sensors = {id: Sensor(id, kind, "hall", None, "zigbee", address) for id, (kind, address) in addresses.items()}
    return Home("elm-12", "Europe/London", 1, {"hall": Room("hall", "hall", "Hall")}, sensors)


def capture(name: str) -> list[Frame]:
    told = json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))
    return [Frame("zigbee", address, payload.encode(), retained) for address, payload, retained in told]


def told(decoder: Decoder, frames: list[Frame], start: int) -> list[Reading]:
    return [
        reading
        for index, frame in enumerate(frames)
        for reading in decoder.decode(Instant(start + index * 1_000), frame)
    ]


def test_an_interview_is_heard_and_is_no_sign_of_life() -> None:
    said = [reading[1:] for reading in told(Decoder(home()), capture("join"), 0)]
    assert said[:2] == [DOWN, UP]  # the broker was found after one look
    assert [reading for reading in said[2:] if reading[1] not in ("checkin", "battery_percent")] == [
        ("hall-motion", "available", 1),
        ("front-door", "available", 1),
        ("pendant", "available", 1),
        CLEAR,
        PRESSED,
    ]


@pytest.mark.parametrize("day", DAYS)
def test_a_day_with_the_real_zigbee2mqtt_reads_as_it_was(day: str) -> None:
    decoder = Decoder(home())
    told(decoder, capture("join"), 0)
    said = [reading[1:] for reading in told(decoder, capture(day), 86_400_000)]
    assert said == [DOWN, UP, *DAYS[day]]  # the broker was found after one look


@pytest.mark.parametrize("day", DAYS)
def test_a_hub_restarted_at_any_message_reads_the_same(day: str) -> None:
    frames = capture("join") + capture(day)
    expected = told(Decoder(home()), frames, 0)
    decoder = Decoder(home())
    said: list[Reading] = []
    for index, frame in enumerate(frames):
        snapshot = json.loads(json.dumps(decoder.snapshot()))
        decoder = Decoder(home())
        decoder.restore(snapshot)
        said += decoder.decode(Instant(index * 1_000), frame)
    assert said == expected
