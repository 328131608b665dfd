"""What leaves the house: one size, one way to say it, and nothing of the person."""

import json
from base64 import urlsafe_b64decode
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from agent.nouns import Alert, BadFrame, Clock, Instant, Reading
from agent.sink_io import Sealer
from agent.transport import envelope as e
from agent.transport.keys_io import signer
from tests.home_maker import make_home

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))

words = st.from_regex(r"[a-z][a-z_-]{0,31}", fullmatch=True)
hubs = st.from_regex(r"[a-z0-9-]{1,32}", fullmatch=True)
numbers = st.integers(1, e.MAX_NUMBER) | st.integers(1, 9)
instants = st.integers(0, e.LAST_INSTANT).map(Instant)
permille = st.integers(0, 1_000)
hashes = st.binary(min_size=32, max_size=32).map(bytes.hex)
envelopes = st.builds(
    e.Envelope,
    hub=hubs,
    epoch=numbers,
    seq=numbers,
    id=st.from_regex(r"[0-9]{1,16}-[0-9]{1,16}", fullmatch=True),
    kind=words,
    state=st.sampled_from(["raised", "updated", "cleared"]),
    severity=st.sampled_from(e.SEVERITIES),
    room=st.none() | words,
    raised=instants,
    since=instants,
    clock=st.sampled_from(["synced", "rtc", "unknown"]),
    confidence_permille=permille,
    coverage_permille=permille,
    test=st.booleans(),
    previous=hashes,
)
receipts = st.builds(e.Receipt, hub=hubs, epoch=numbers, seq=numbers, alert=hashes)

SAID = e.Envelope(
    "hub-7", 3, 12, "3-4", "possible_fall", "raised", "critical", "bathroom", Instant(1_772_360_400_000),
    Instant(1_772_359_331_000), "synced", 970, 1_000, False, e.FIRST,
)  # fmt: skip
SEALED = e.seal(SAID, KEY.sign)


def verify(signature: bytes, message: bytes, key: Ed25519PrivateKey = KEY) -> bool:
    try:
        key.public_key().verify(signature, message)
    except InvalidSignature:
        return False
    return True


@given(envelopes)
def test_the_centre_reads_what_the_hub_said_and_every_message_is_as_long_as_every_other(said: e.Envelope) -> None:
    sealed = e.seal(said, KEY.sign)
    assert len(sealed) == 1_024
    assert e.open_envelope(sealed, verify) == said


@given(receipts)
def test_a_receipt_is_read_as_it_was_signed(receipt: e.Receipt) -> None:
    sealed = e.seal_receipt(receipt, KEY.sign)
    assert len(sealed) <= e.MAX_RECEIPT_BYTES
    assert e.open_receipt(sealed, verify) == receipt


@given(st.integers(0, 1_023), st.integers(1, 255))
def test_an_alert_with_any_one_byte_changed_is_refused(place: int, change: int) -> None:
    changed = bytearray(SEALED)
    changed[place] ^= change
    with pytest.raises(BadFrame):
        e.open_envelope(bytes(changed), verify)


def test_a_receipt_with_any_one_byte_changed_is_refused() -> None:
    sealed = e.seal_receipt(e.Receipt("hub-7", 3, 12, e.digest(SEALED)), KEY.sign)
    for place in range(len(sealed)):
        for change in (1, 32, 128):
            changed = bytearray(sealed)
            changed[place] ^= change
            with pytest.raises(BadFrame):
                e.open_receipt(bytes(changed), verify)


@given(st.binary(max_size=1_100) | st.binary(min_size=1_024, max_size=1_024))
def test_noise_is_refused_and_never_crashes_the_centre(noise: bytes) -> None:
    for opening in (e.open_envelope, e.open_receipt):
        with pytest.raises(BadFrame):
            opening(noise, verify)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(sorted(json.loads(SEALED))), json_values)
def test_what_opens_is_what_would_be_sealed_whoever_signed_it(name: str, value: object) -> None:
    fields = json.loads(SEALED) | {"pad": ""} | {name: value}
    bare = len(json.dumps(fields, sort_keys=True, separators=(",", ":")))
    if name != "pad":
        fields["pad"] = "." * (1_024 - bare)
    data = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
    try:
        said = e.open_envelope(data, lambda signature, message: True)
    except BadFrame:
        return
    assert e.seal(said, lambda message: urlsafe_b64decode(fields["sig"] + "==")) == data


@pytest.mark.parametrize(
    "form",
    [
        lambda text: text.replace('"epoch":3', '"epoch":3.0').replace("..", ".", 1)[:1_024],
        lambda text: text.replace('"pad":"...', '"seq":12,"pad":"', 1)[:1_024],
        lambda text: "[" * 1_024,
        lambda text: text.replace('"pad":"..', '"pad": "..').replace("...", "..", 1),
        lambda text: text.replace("bathroom", "b\\u0061throom").replace("." * 5, "", 1),
    ],
)
def test_a_second_way_to_say_the_same_is_refused(form: object) -> None:
    assert callable(form)
    data = form(SEALED.decode()).encode()
    with pytest.raises(BadFrame):
        e.open_envelope(data, lambda signature, message: True)


def test_an_alert_signed_by_another_hub_is_refused() -> None:
    with pytest.raises(BadFrame, match="pinned key"):
        e.open_envelope(e.seal(SAID, OTHER.sign), verify)


@pytest.mark.parametrize(
    ("field", "value"),
    [("hub", "Elm 12"), ("room", "Mum's bedroom"), ("kind", "fell over!"), ("seq", 0), ("confidence_permille", 1_001),
     ("epoch", True), ("raised", Instant(e.LAST_INSTANT + 1)), ("previous", "")],
)  # fmt: skip
def test_nothing_outside_its_bounds_can_be_sealed(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=field):
        e.seal(replace(SAID, **{field: value}), KEY.sign)  # type: ignore[arg-type]


def alert(**changes: object) -> Alert:
    base = Alert(12, "3-4", Instant(1_000_000), "possible_fall", "raised", "critical", Instant(900_000), "bath-canary",
                 "CANARY text", (Reading(Instant(900_000), "canary-sensor", "motion", 1),), 970, 1_000)  # fmt: skip
    return replace(base, **changes)  # type: ignore[arg-type]


def test_no_name_no_sentence_and_no_reading_leaves_the_home() -> None:
    sealed = e.seal(e.envelope(alert(), "hub-7", 3, "bathroom", e.FIRST), KEY.sign)
    assert b"canary" not in sealed.lower()


def test_the_first_message_of_an_epoch_names_the_last_of_the_epoch_before(tmp_path: Path) -> None:
    signer(str(tmp_path / "hub.key"))
    for newest, previous in (((1, 12, b"the last"), e.digest(b"the last")), (None, e.FIRST)):
        sealer = Sealer("hub-7", make_home(), tmp_path / "hub.key", newest)
        first = sealer(alert(epoch=2, seq=1))
        assert json.loads(first)["previous"] == previous
        assert json.loads(sealer(alert(epoch=3, seq=1)))["previous"] == e.digest(first)


def test_two_homes_that_say_the_same_send_the_same_bytes() -> None:
    one = alert(room="a", text="one", evidence=())
    two = alert(room="b", text="two")
    assert len({e.seal(e.envelope(said, "hub-7", 3, "bathroom", e.FIRST), KEY.sign) for said in (one, two)}) == 1


def test_the_centre_is_told_civil_time_also_by_a_hub_that_woke_in_1970() -> None:
    offset = Clock(offset_ms=1_700_000_000_000, quality="synced")
    assert e.envelope(alert(clock=offset), "hub-7", 3, None, e.FIRST).raised == 1_700_001_000_000
    wild = Clock(offset_ms=-(10**15), quality="unknown")
    said = e.envelope(alert(clock=wild), "hub-7", 3, None, e.FIRST)
    assert e.open_envelope(e.seal(said, KEY.sign), verify).raised == 0


def test_one_json_object_that_any_mqtt_tool_can_read() -> None:
    found = json.loads(SEALED)
    assert found["kind"] == "possible_fall"
    assert found["raised"] == "2026-03-01T10:20:00.000Z"
    assert sorted(found) == list(found)
    assert len(json.dumps(found, separators=(",", ":"), sort_keys=True)) == 1_024


def test_an_outcome_says_its_verdict_and_a_false_one_its_reason() -> None:
    said = e.Receipt("hub-7", 3, 12, e.digest(SEALED), "outcome", Instant(5_000), "false", "asleep")
    assert e.open_receipt(e.seal_receipt(said, KEY.sign), verify) == said
    for wrong in ({"verdict": None}, {"verdict": "true"}, {"reason": None}, {"kind": "human"}, {"kind": "closed"}):
        with pytest.raises(ValueError, match=r"verdict|reason|kind"):
            e.seal_receipt(replace(said, **wrong), KEY.sign)
