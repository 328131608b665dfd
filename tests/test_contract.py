"""The contract that a centre's programs read is what the code does, in both directions."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from agent.nouns import BadFrame, Instant
from agent.transport import envelope as e
from agent.transport import schema
from tests.conftest import ROOT
from tests.test_envelope import KEY, SEALED, envelopes, json_values, receipts


def _whole(_validator: object, pattern: str, text: object, _schema: object) -> Iterator[ValidationError]:
    """As JSON Schema means it: "$" is the end of the text, and not, as in Python, also before a last new line."""
    if isinstance(text, str) and not re.search(re.sub(r"\$$", r"\\Z", pattern), text):
        yield ValidationError(f"{text!r} does not match {pattern}")


Validator = extend(Draft202012Validator, {"pattern": _whole})  # type: ignore[no-untyped-call]
ENVELOPE = Validator(schema.envelope_schema())
RECEIPT = Validator(schema.receipt_schema())
OUTCOME = e.Receipt("hub-7", 3, 12, e.digest(SEALED), "outcome", Instant(5_000), "false", "asleep")


def opens(data: bytes) -> bool:
    """Whether its form is right; who signed it does not matter here."""
    try:
        e.open_envelope(data, lambda signature, message: True)
    except BadFrame:
        return False
    return True


def written(fields: dict[str, Any], change: Mapping[str, object]) -> bytes:
    """The fields with a change, written as canonically as can be, padded if there is a pad."""
    found = {name: value for name, value in {**fields, **change}.items() if value is not ...}
    if "pad" in found and "pad" not in change:
        bare = len(json.dumps(found | {"pad": ""}, sort_keys=True, separators=(",", ":")))
        found["pad"] = "." * (e.ENVELOPE_BYTES - bare)
    return json.dumps(found, sort_keys=True, separators=(",", ":")).encode()


def test_docs_hold_what_the_code_says_byte_for_byte() -> None:
    for name, text in schema.documents().items():
        assert (ROOT / "docs" / name).read_text() == text, f"docs/{name} is old: make contract"


def test_the_schemas_are_schemas() -> None:
    for found in (schema.envelope_schema(), schema.receipt_schema()):
        Draft202012Validator.check_schema(found)


@given(envelopes)
def test_whatever_a_hub_can_say_the_schema_takes(said: e.Envelope) -> None:
    ENVELOPE.validate(json.loads(e.seal(said, KEY.sign)))


@given(receipts)
def test_whatever_a_centre_can_sign_the_schema_takes(receipt: e.Receipt) -> None:
    RECEIPT.validate(json.loads(e.seal_receipt(receipt, KEY.sign)))


def test_an_outcome_is_taken_and_one_that_contradicts_itself_is_not() -> None:
    sound = json.loads(e.seal_receipt(OUTCOME, KEY.sign))
    RECEIPT.validate(sound)
    for wrong in ({"verdict": None}, {"verdict": "true"}, {"reason": None}, {"kind": "human"}, {"kind": "closed"}):
        assert not RECEIPT.is_valid(sound | wrong), wrong
        with pytest.raises(BadFrame):
            e.open_receipt(written(sound, wrong), lambda signature, message: True)


@given(st.sampled_from(sorted(json.loads(SEALED))), json_values | st.text("abc019-_.Z:T\n", max_size=34) | st.just(...))
def test_what_the_hub_would_refuse_for_its_form_the_schema_refuses_too(name: str, value: object) -> None:
    fields = json.loads(SEALED)
    data = written(fields, {name: value})
    if opens(data):
        ENVELOPE.validate(json.loads(data))
        return
    # What a schema cannot say: how long the whole is, that 3.0 is not written for 3 nor -0 for 0, that 30 February
    # is no day.
    unsaid = name == "pad" or (type(value) is float and value.is_integer()) or name in ("raised", "since")
    assert unsaid or not ENVELOPE.is_valid(json.loads(data)), data


@pytest.mark.parametrize("name", sorted(json.loads(SEALED)))
def test_no_field_may_be_missing_and_none_may_be_added(name: str) -> None:
    fields = json.loads(SEALED)
    assert ENVELOPE.is_valid(fields)
    assert not ENVELOPE.is_valid({key: value for key, value in fields.items() if key != name})
    assert not ENVELOPE.is_valid(fields | {f"{name}s": fields[name]})


@pytest.mark.parametrize(
    "raised",
    ["2026-03-01T10:20:00Z", "2026-03-01T10:20:00.000+00:00", "1969-12-31T23:59:59.999Z", "2026-13-01T10:20:00.000Z",
     "2026-03-01T24:00:00.000Z", "2026-03-01T10:20:00.0000Z", "2026-03-01 10:20:00.000Z", "2026-03-01T10:20:00.000Z\n"],
)  # fmt: skip
def test_there_is_one_way_to_write_an_instant(raised: str) -> None:
    fields = json.loads(SEALED)
    assert not opens(written(fields, {"raised": raised}))
    assert not ENVELOPE.is_valid(fields | {"raised": raised})


def references(found: object) -> Iterator[str]:
    if isinstance(found, dict):
        for name, value in found.items():
            if name == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(found, list):
        for value in found:
            yield from references(value)


def test_asyncapi_names_the_channels_that_are_used_and_every_reference_leads_somewhere() -> None:
    found = schema.asyncapi()
    addresses = {name: channel["address"].format(hub="hub-7") for name, channel in found["channels"].items()}
    assert addresses == {what: e.topic("hub-7", what) for what in ("alert", "will", "receipt")}
    assert set(found) == {
        "asyncapi", "info", "defaultContentType", "servers", "channels", "operations", "components",
    }  # fmt: skip
    for reference in references(found):
        if reference.startswith("./"):
            assert reference[2:] in schema.documents()
            continue
        place: Any = found
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def test_asyncapi_says_how_each_channel_is_used() -> None:
    found = schema.asyncapi()
    used = {
        name: (operation["action"], operation["channel"]["$ref"], operation["bindings"]["mqtt"])
        for name, operation in found["operations"].items()
    }
    assert used == {
        "sendAlert": ("send", "#/channels/alert", {"qos": 1, "retain": False}),
        "sendWill": ("send", "#/channels/will", {"qos": 1, "retain": True}),
        "receiveReceipt": ("receive", "#/channels/receipt", {"qos": 1}),
    }
    (server,) = found["servers"].values()
    will = server["bindings"]["mqtt"]["lastWill"]
    assert (will["message"].encode(), will["retain"], will["qos"]) == (e.GONE, True, 1)
    gone = found["components"]["messages"]["gone"]["payload"]
    assert Validator(gone).is_valid(json.loads(e.GONE))
    assert [scheme["type"] for scheme in found["components"]["securitySchemes"].values()] == ["X509"]
