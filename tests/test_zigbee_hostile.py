"""Whoever reaches the local broker can write anything on it: nothing crashes, and each refusal is one clear line."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.nouns import BINARY, MEASURED, BadFrame, Frame, Instant, Reading
from agent.sensors.payload import MAX_DEPTH, MAX_DEVICES_BYTES, MAX_FRAME_BYTES, parse
from tests.zigbee_maker import DEVICES, DOOR, PIR, Hub, binary, device

DEEP = b'{"a":' * 100_000
REFUSED = {
    "no JSON": b"occupancy",
    "half of it": b'{"occupancy":tr',
    "two of them": b'{"occupancy":true}{}',
    "not an object": b"[true]",
    "not UTF-8": b'{"occupancy":"\xff"}',
    "a key twice": b'{"occupancy":false,"occupancy":true}',
    "a key twice, with blanks": b'{"occupancy" :false,"occupancy":true}',
    "a key twice, deep inside": b'{"occupancy":true,"update":{"state":1,"state":2}}',
    "no number": b'{"temperature":NaN,"occupancy":true}',
    "endless": b'{"battery":-Infinity}',
    "a number without end": b'{"battery":' + b"9" * 5_000 + b"}",
    "too deep": DEEP[:60_000],
    "too long": b'{"x":"' + b"x" * MAX_FRAME_BYTES + b'"}',
}


@pytest.mark.parametrize("payload", REFUSED.values(), ids=REFUSED.keys())
def test_a_message_that_is_none_is_refused_in_one_line_with_its_sender(payload: bytes) -> None:
    hub = Hub().settle()
    with pytest.raises(BadFrame, match=r"^PIR") as refused:
        hub.raw("PIR", payload)
    assert len(str(refused.value)) < 250
    assert str(refused.value).isprintable()
    assert hub.fresh("PIR", occupancy=True)[0] == ("hall-motion", "motion", 1)


@pytest.mark.parametrize("value", ["yes", 2, [True], {"a": True}, 1e99, -1, "True"])
def test_occupancy_that_is_no_yes_and_no_no_is_refused_and_named(value: object) -> None:
    hub = Hub().settle()
    with pytest.raises(BadFrame, match=rf"PIR \({PIR}\): occupancy is .*, not True or False"):
        hub.raw("PIR", json.dumps({"occupancy": value, "linkquality": 1, "last_seen": 1}).encode())
    assert hub.fresh("PIR", occupancy=True)[0] == ("hall-motion", "motion", 1)


@pytest.mark.parametrize("value", [-1, 101, 10**400, "1e5", True, [5], "9" * 40])
def test_a_battery_beyond_full_and_empty_is_refused(value: object) -> None:
    with pytest.raises(BadFrame, match="battery is"):
        Hub().settle().raw("PIR", json.dumps({"battery": value, "linkquality": 1, "last_seen": 1}).encode())


@pytest.mark.parametrize("value", [1, ["emergency"], True, {"emergency": 1}, "emergency" * 20])
def test_an_action_that_is_no_word_is_refused_and_the_next_press_is_heard(value: object) -> None:
    hub = Hub().settle()
    with pytest.raises(BadFrame, match=r"Pendant \(0x0+3\): action is .*, not a word"):
        hub.fresh("Pendant", action=value)
    assert hub.fresh("Pendant", action="emergency") == [("pendant", "button", 1)]


def called_from(depth: int, address: str, payload: bytes) -> object:
    """``parse`` with so many calls above it: live and replay do not call from the same depth."""
    return parse(address, payload) if depth == 0 else called_from(depth - 1, address, payload)


@pytest.mark.parametrize("calls", [0, 200, 700])
def test_how_deep_a_message_may_be_is_the_same_live_and_in_a_replay(calls: int) -> None:
    just = b'{"x":' + b"[" * (MAX_DEPTH - 1) + b"]" * (MAX_DEPTH - 1) + b"}"
    assert called_from(calls, "PIR", just)
    with pytest.raises(BadFrame, match="more than 32 objects or lists within each other"):
        called_from(calls, "PIR", just.replace(b"[]", b"[[]]"))


def test_brackets_within_words_and_side_by_side_are_not_depth() -> None:
    words = json.dumps({"text": "[{" * 100 + '"\\' + "[" * 50, "more": [[]] * 100}).encode()
    assert parse("PIR", words) == json.loads(words)


@given(
    st.recursive(
        st.text(alphabet='[{"\\}]x') | st.booleans(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_whatever_is_not_deep_is_read_as_json_is(data: Any) -> None:
    assert parse("PIR", json.dumps([data, [[]] * MAX_DEPTH]).encode()) == [data, [[]] * MAX_DEPTH]


def test_a_list_of_devices_that_is_none_changes_nothing() -> None:
    hub = Hub().settle()
    for payload in (b"", b"{}", b"[", DEEP, b"[" + b" " * MAX_DEVICES_BYTES + b"]", b'[{"a":1,"a":2}]'):
        with pytest.raises(BadFrame, match=r"^bridge/devices"):
            hub.raw("bridge/devices", payload)
    assert hub.fresh("PIR", occupancy=True)[0] == ("hall-motion", "motion", 1)


@pytest.mark.parametrize("name", ["bridge/state", "bridge/devices", "", "x" * 10_000, None, 7, ["PIR"]])
def test_a_friendly_name_that_cannot_be_one_is_refused_and_the_others_are_heard(name: Any) -> None:
    hub = Hub().settle()
    with pytest.raises(BadFrame, match=f"{DOOR} has no usable friendly name"):
        hub.introduce([device(DOOR, name, binary("contact")), *(each for each in DEVICES if "Door" not in str(each))])
    assert hub.fresh("PIR", occupancy=True)[0] == ("hall-motion", "motion", 1)


def test_a_stranger_cannot_take_a_sensors_name() -> None:
    hub = Hub().settle()
    hub.introduce([device("0xbad", "PIR", binary("occupancy", False, True)), *DEVICES])
    assert hub.fresh("PIR", occupancy=True)[0] == ("hall-motion", "motion", 1)
    with pytest.raises(BadFrame, match="listed twice"):
        hub.introduce([*DEVICES, device(DOOR, "PIR", binary("contact"))])


@pytest.mark.parametrize("name", ["a/b/c", "Küche ☕", "a'b\"c", "\u202egnihton", "../..", "$SYS", "x/availability"])
def test_odd_names_are_names(name: str) -> None:
    hub = Hub(devices=[device(PIR, name, binary("occupancy"))])
    hub.fresh(name, occupancy=False)
    assert hub.fresh(name, occupancy=True)[0] == ("hall-motion", "motion", 1)


def test_an_error_line_obeys_nobody() -> None:
    hub = Hub(devices=[device(PIR, "\x1b[2J\u202e", binary("occupancy"))])
    with pytest.raises(BadFrame) as refused:
        hub.fresh("\x1b[2J\u202e", occupancy="\x1b]0;x\x07\n")
    assert str(refused.value).isprintable()


plain = st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | st.text(max_size=6)
jsonish = st.recursive(plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3))
keys = st.sampled_from(["occupancy", "contact", "action", "battery", "smoke", "last_seen", "linkquality", "state", "x"])
topics = st.sampled_from(["PIR", "Door", "Pendant", "Smoke", "PIR/availability", "bridge/state", "bridge/connection"])
message = st.dictionaries(keys, st.booleans() | jsonish, max_size=6).map(json.dumps).map(str.encode)
exposes = st.lists(
    st.dictionaries(st.sampled_from(["type", "name", "property", "access", "values", "features"]), jsonish)
)
a_list = exposes.map(lambda found: json.dumps([device(PIR, "PIR", *found)]).encode())
frames = st.tuples(topics, message | st.binary(max_size=20)) | st.tuples(st.just("bridge/devices"), a_list)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(frames, st.booleans()), max_size=12), st.integers(0, 12))
def test_anything_at_all_gives_readings_or_a_refusal_and_a_restart_changes_nothing(
    told: list[tuple[tuple[str, bytes], bool]], restart: int
) -> None:
    straight, restarted = Hub(), Hub()
    for index, ((address, payload), retained) in enumerate(told):
        if index == restart:
            restarted.restarted()
        frame = Frame("zigbee", address, payload, retained)
        outcome = _outcome(straight, index, frame)
        assert outcome == _outcome(restarted, index, frame)
        assert not isinstance(outcome, str) or outcome.isprintable()


def _outcome(hub: Hub, at: int, frame: Frame) -> tuple[Reading, ...] | str:
    try:
        readings = hub.decoder.decode(Instant(at), frame)
    except BadFrame as error:
        return str(error)
    assert all(each.quantity in BINARY | MEASURED and each.at == at for each in readings)
    assert all(each.value in (0, 1) for each in readings if each.quantity in BINARY)
    if frame.retained:
        assert {each.quantity for each in readings} <= {"available", "link"}
    return readings


@given(jsonish.filter(lambda data: "nan" not in repr(data) and "inf" not in repr(data)))
def test_what_zigbee2mqtt_writes_is_read_as_any_reader_would(data: object) -> None:
    assert parse("x", json.dumps(data, separators=(",", ":")).encode()) == data
