"""What zigbee2mqtt's bridge says of devices that join, captured shapes in, what an installer is told out."""

import json
from contextlib import suppress
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.nouns import BadFrame
from agent.sensors.pairing import Event, Pairing, kinds, order, what_it_is
from agent.simulate.definitions import MODELS
from tests.zigbee_maker import PIR, binary, device

RADAR: Final = "0x00124b0000000001"


def entry(address: str, name: str, state: str = "SUCCESSFUL", **more: Any) -> dict[str, Any]:
    whole = device(address, name, binary("occupancy", True, False))
    whole["definition"] |= {"vendor": "Aqara", "model": "RTCGQ11LM"}
    return whole | {"type": "EndDevice", "interview_state": state, "supported": True} | more


def heard(pairing: Pairing, *devices: dict[str, Any]) -> tuple[Event, ...]:
    return pairing.hear("bridge/devices", json.dumps(devices).encode())


def event(pairing: Pairing, address: str, status: str) -> tuple[Event, ...]:
    data = {"ieee_address": address, "friendly_name": "x", "status": status}
    return pairing.hear("bridge/event", json.dumps({"type": "device_interview", "data": data}).encode())


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("RTCGQ11LM", "motion"), ("SNZB-03", "motion"), ("MCCGQ11LM", "door"), ("IM6001-MPP01", "door"),
        ("TS0215A_sos", "button"), ("SNZB-01", "button"), ("WSDCGQ11LM", "temperature"), ("LED1836G9", "lamp"),
    ],
)  # fmt: skip
def test_what_a_device_most_likely_is_comes_first(model: str, kind: str) -> None:
    assert kinds(list(MODELS[model][3]))[0] == kind


def test_a_radar_is_presence_and_a_motion_sensor_motion_and_either_may_be_the_other() -> None:
    assert kinds([binary("presence", True, False)])[:2] == ("presence", "motion")
    assert kinds([binary("occupancy", True, False)])[:2] == ("motion", "presence")


def test_devices_that_are_there_already_are_known_and_no_news() -> None:
    pairing = Pairing()
    assert heard(pairing, entry(PIR, "PIR")) == ()
    assert pairing.online
    assert pairing.devices[PIR].interview == "ready"
    assert what_it_is(pairing.devices[PIR]) == "Aqara RTCGQ11LM: motion or presence or bed"


def test_a_device_that_is_asked_again_and_fails_again_is_told_each_time() -> None:
    pairing = Pairing()
    heard(pairing, entry(PIR, "PIR", "FAILED"))
    assert [one.what for one in event(pairing, PIR, "started")] == ["running"]
    assert [one.what for one in event(pairing, PIR, "failed")] == ["failed"]
    assert event(pairing, RADAR, "failed") == ()  # nobody's


def test_an_older_zigbee2mqtt_tells_the_interview_in_other_words() -> None:
    pairing = Pairing()
    old = entry(PIR, "PIR") | {"interview_completed": True}
    del old["interview_state"]
    heard(pairing, old)
    assert pairing.devices[PIR].interview == "ready"


def test_battery_and_link_quality_are_read_however_they_are_said_and_nothing_else_is() -> None:
    pairing = Pairing()
    heard(pairing, entry(PIR, "Hall"))
    assert pairing.hear("Hall", b'{"battery":"9.00","linkquality":12,"occupancy":true}') == (
        Event("link", PIR, f"{PIR}: link quality 12 of 255"),
        Event("battery", PIR, f"{PIR}: battery at 9 %"),
    )
    assert pairing.hear("Hall", b'{"battery":9,"linkquality":12}') == ()
    assert pairing.hear("Hall", b'{"battery":-1,"linkquality":9000}') == ()
    assert pairing.hear("Hall", b"") == ()
    assert pairing.hear("Plug", b'{"linkquality":1}') == ()


def test_a_device_that_says_bridge_devices_is_its_name_is_not_listened_to() -> None:
    pairing = Pairing()
    heard(pairing, entry(PIR, "bridge/devices"), entry(RADAR, "\u202eradar\n", vendor="x"))
    assert PIR not in pairing.devices


def test_a_vendor_cannot_steer_the_installers_terminal() -> None:
    pairing = Pairing()
    odd = entry(PIR, "PIR")
    odd["definition"] |= {"vendor": "\x1b[2J\u202eevil", "model": "x" * 500}
    heard(pairing, odd)
    assert pairing.devices[PIR].vendor == "[2Jevil"
    assert len(pairing.devices[PIR].model) == 60


def test_until_when_devices_may_join_is_known() -> None:
    pairing = Pairing()
    opened = pairing.hear("bridge/info", b'{"permit_join":true,"permit_join_end":1700000060000}')
    assert [one.what for one in opened] == ["opened"]
    assert pairing.closes_ms == 1_700_000_060_000
    assert [one.what for one in pairing.hear("bridge/info", b'{"permit_join":false}')] == ["closed"]
    assert pairing.closes_ms is None


def test_an_answer_is_known_by_its_number_and_only_so_many_are_kept() -> None:
    pairing = Pairing()
    for nth in range(40):
        answer = {"status": "error", "error": "no\nsuch", "transaction": f"t{nth}"}
        pairing.hear("bridge/response/device/rename", json.dumps(answer).encode())
    assert len(pairing.answers) == 16
    assert pairing.answers["t39"].fault == ascii("no\nsuch")
    topic, payload = order("permit_join", "t1", time=60)
    assert (topic, json.loads(payload)) == ("bridge/request/permit_join", {"time": 60, "transaction": "t1"})


JUNK: Final = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["ieee_address", "friendly_name", "definition", "exposes", "type", "data", "status"]), inner
        )
    ),
    max_leaves=12,
)
TOPICS: Final = st.sampled_from(
    ["bridge/devices", "bridge/info", "bridge/event", "bridge/response/permit_join", "PIR", "bridge/state", ""]
)


@given(st.lists(st.tuples(TOPICS, JUNK.map(lambda data: json.dumps(data).encode()) | st.binary(max_size=20))))
def test_whatever_comes_over_the_local_broker_is_understood_or_refused_and_never_a_crash(
    said: list[tuple[str, bytes]],
) -> None:
    pairing = Pairing()
    heard(pairing, entry(PIR, "PIR"))
    for topic, payload in said:
        with suppress(BadFrame):
            for one in pairing.hear(topic, payload):
                assert "\n" not in one.words
    assert all(one.address == address for address, one in pairing.devices.items())
