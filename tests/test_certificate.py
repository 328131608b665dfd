"""The commissioning certificate: what stands in its way, its seal, and that it prints on one page."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.certificate_io import agreed_of
from agent.home import parse
from agent.nouns import Home, Instant, Refused, Room, Sensor
from agent.provision.certificate import Battery, Facts, Promise, claims, faults, opened, seal
from agent.provision.kept import kept
from agent.provision.setup import Agreed, Setup
from agent.provision.sheet import KINDS, sheet
from agent.provision.sheets_io import certificate_page, sheet_page
from agent.provision.walk_file import Call, Walked, home_digest, read, written
from agent.provision.walk_findings import Known, findings, legs
from agent.transport.keys_io import signer, verifier
from tests.browser import Browser, chromium
from tests.house import CLINICAL
from tests.walk_maker import AT, FLAT, Walker
from tests.walked_hub import home_text

NOW: Final = Instant(AT + 3_600_000)
LATER: Final = Instant(AT + 1_800_000)  # after the walk
HOSTILE: Final = (
    "<script>alert(1)</script>",
    "</script><script type=\"application/json\" id=\"certificate\">{}",
    "{{ 7 * 7 }}",
    "&amp; \"quoted\" 'twice'",
    "\u4e2d\u6587\u540d\u5b57" * 12,
    "W" * 64,
)  # fmt: skip


def walked(home: Home = FLAT) -> Walked:
    walk = Walker(home).all()
    found = findings(walk, Known(heard=dict.fromkeys(home.sensors, AT)))
    call = Call(1, 7, AT, 812, 940)
    return Walked(home_digest(home), "Ines", AT, Instant(AT + 600_000), found, legs(walk, found), call)


def made(home: Home = FLAT, **more: Any) -> Facts:
    promise = tuple(Promise(room, 18, 47) for room in home.rooms)
    models = {"anomaly": "a" * 64, "fall": "f" * 64}
    agreed = Agreed("Ada Brown", "2026-03-01", "her son")
    known: dict[str, Any] = {"walked": walked(home), "signed": True, "agreed": agreed} | more
    return Facts("hub-9", home, NOW, "Ines", "0.1.0", models, {}, "k" * 64, "synced", promise=promise)._replace(**known)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[Callable[[bytes], bytes], Callable[[bytes, bytes], bool]]:
    folder = tmp_path_factory.mktemp("keys")
    return signer(str(folder / "hub.key")), verifier(str(folder / "hub.pub"))


def sealed(found: Facts, sign: Callable[[bytes], bytes]) -> bytes:
    said = claims(found)
    return seal(certificate_page(said), said, sign)


# -- what stands in its way ----------------------------------------------------------------------------------------


def test_a_home_in_which_all_is_well_is_certified() -> None:
    assert faults(made()) == []


BROKEN_WALK: Final = walked()
DEAD: Final = BROKEN_WALK.sensors[0]._replace(verdict="silent")


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"by": " "}, "who installed this home is not named"),
        ({"agreed": None}, "consent is missing: nobody is on record"),
        ({"withdrawn": "withdrawn, asked for by Ada"}, "consent is missing: it was withdrawn, asked for by Ada"),
        (
            {"home": replace(FLAT, consent=replace(FLAT.consent, monitoring=False))},
            "consent is missing: home.toml says monitoring = false",
        ),
        ({"clock": "unknown"}, "the hub does not know the time"),
        ({"model_faults": {"fall": "its digest is another"}}, "the fall model cannot be used: its digest is another"),
        ({"walked": None}, "this home was not walked: run walk-test"),
        ({"home": replace(FLAT, text="# changed")}, "home.toml was changed since this home was walked"),
        ({"walked": BROKEN_WALK._replace(sensors=(DEAD, *BROKEN_WALK.sensors[1:]))}, "bedroom-motion: was not heard"),
        ({"walked": BROKEN_WALK._replace(sensors=BROKEN_WALK.sensors[1:])}, "bedroom-motion: was not in the walk"),
        ({"walking": "a walk test is on until 11:20"}, "a walk test is on until 11:20: end it first"),
        ({"walked": BROKEN_WALK._replace(call=None)}, "the centre has not signed for the test alert"),
        ({"walked": BROKEN_WALK._replace(call=Call(1, 7, AT))}, "the centre has not signed for the test alert"),
        ({"signed": False}, "the centre has not signed for the test alert"),
        ({"at": AT}, "the walk lies in the future"),
    ],
)
def test_each_requirement_that_fails_says_so_in_one_line(changed: dict[str, Any], line: str) -> None:
    (told,) = faults(made()._replace(**changed))
    assert told.startswith(line)
    assert "\n" not in told


def test_several_things_that_fail_are_told_together() -> None:
    assert len(faults(made(agreed=None, walked=None, clock="unknown", by=""))) == 4


def test_who_agreed_is_taken_from_what_provision_has_written_down(tmp_path: Path) -> None:
    agreed = Agreed("Ada Brown", "2026-03-01", "her son")
    (tmp_path / "setup.json").write_bytes(kept(Setup(agreed=agreed)))
    assert agreed_of(tmp_path / "setup.json") == agreed
    (tmp_path / "setup.json").write_bytes(kept(Setup())[:-9])
    assert agreed_of(tmp_path / "setup.json") is None
    assert agreed_of(tmp_path / "nothing.json") is None


# -- the seal ------------------------------------------------------------------------------------------------------


def test_the_claims_are_in_the_file_and_are_believed(keys: Any) -> None:
    sign, verify = keys
    said = opened(sealed(made(), sign), verify)
    assert (said["hub"], said["by"], said["test_alert"]["received_ms"]) == ("hub-9", "Ines", 812)
    assert said["consent"]["by"] == "Ada Brown"


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_any_byte_that_is_changed_is_found(keys: Any, data: st.DataObject) -> None:
    sign, verify = keys
    whole = bytearray(sealed(made(), sign))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Refused):
        opened(bytes(whole), verify)


def test_every_bit_of_the_signature_and_of_its_end_counts(keys: Any) -> None:
    sign, verify = keys
    whole = sealed(made(), sign)
    at = whole.index(b'"sig":"')
    for place in range(at, at + 100):
        for bit in range(8):
            changed = bytearray(whole)
            changed[place] ^= 1 << bit
            with pytest.raises(Refused):
                opened(bytes(changed), verify)


def test_bytes_that_are_added_or_cut_off_are_found(keys: Any) -> None:
    sign, verify = keys
    whole = sealed(made(), sign)
    for changed in (whole + b"\n", whole[:-1], b" " + whole, whole.replace(b"<main", b"<main ", 1), whole * 2, b""):
        with pytest.raises(Refused):
            opened(changed, verify)


def test_another_hubs_certificate_is_not_believed(keys: Any, tmp_path: Path) -> None:
    other = signer(str(tmp_path / "hub.key"))
    with pytest.raises(Refused, match="of another hub"):
        opened(sealed(made(), other), keys[1])


@pytest.mark.parametrize("junk", [b"[]", b"null", b'{"sig":1}', b"[" * 100_000, b'{"a":' * 50_000])
def test_what_is_no_claim_is_refused_and_does_not_crash(keys: Any, junk: bytes) -> None:
    whole = b'<script type="application/json" id="certificate">' + junk + b"</script>"
    with pytest.raises(Refused):
        opened(whole, keys[1])


def hostile_home() -> Home:
    rooms = {f"room-{nth}": Room(f"room-{nth}", "other", name) for nth, name in enumerate(HOSTILE)}
    sensors = {f"eye-{nth}": Sensor(f"eye-{nth}", "motion", room, None, "log", room) for nth, room in enumerate(rooms)}
    return Home("h", "Europe/London", 1, rooms, sensors, text="hostile")


def test_hostile_names_neither_open_a_second_certificate_nor_a_script(keys: Any) -> None:
    sign, verify = keys
    whole = sealed(made(hostile_home(), agreed=Agreed(HOSTILE[1], "2026-03-01", HOSTILE[0])), sign)
    said = opened(whole, verify)
    assert [room["name"] for room in said["rooms"]] == list(HOSTILE)
    assert whole.count(b"<script") == 1
    assert b"7 * 7" in whole


# -- walk.json -----------------------------------------------------------------------------------------------------


def test_the_walk_that_is_read_is_the_walk_that_was_written() -> None:
    assert read(written(walked())) == walked()


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"version": 2}', written(walked())[:-40], b"\xff" * 9])
def test_half_a_walk_is_none(data: bytes) -> None:
    with pytest.raises(Refused, match="walk again"):
        read(data)


# -- on paper ------------------------------------------------------------------------------------------------------


def large_home(rooms: int, eyes: int, name: str = "Room with a long name") -> Home:
    named = {f"room-{nth}": Room(f"room-{nth}", "other", f"{name} {nth}") for nth in range(rooms)}
    kinds = list(KINDS)
    sensors = {
        f"sensor-with-a-long-name-{nth}": Sensor(
            f"sensor-with-a-long-name-{nth}", kinds[nth % len(kinds)] if rooms > 1 else "motion",
            f"room-{nth % rooms}", None, "log", f"{nth}",
        )
        for nth in range(eyes)
    }  # fmt: skip
    return Home("h", "Europe/London", 1, named, sensors, text=f"{rooms} {eyes}")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("profile")) as found:
        yield found


def opened_in(browser: Browser, html: bytes, folder: Path) -> Browser:
    (folder / "leaf.html").write_bytes(html)
    browser.open((folder / "leaf.html").as_uri())
    return browser


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))


HOMES: Final = {
    "one room": large_home(1, 1),
    "a flat": FLAT,
    "a large house": large_home(16, 40),
    "a very large house": large_home(24, 60),
    "the largest that home.toml may tell": large_home(64, 256, "W" * 50),
    "hostile names": hostile_home(),
}


@pytest.mark.parametrize("which", HOMES)
def test_the_certificate_prints_on_one_page_and_can_be_read_by_anybody(
    which: str, keys: Any, browser: Browser, tmp_path: Path
) -> None:
    told = dict.fromkeys(HOMES[which].sensors, Battery(100, LATER))
    shown = opened_in(
        browser, sealed(made(HOMES[which], walked=walked(HOMES[which]), batteries=told), keys[0]), tmp_path
    )
    assert pages(shown.printed()) == 1
    assert shown.faults_of_access() == []


@pytest.mark.parametrize("which", HOMES)
def test_the_sheet_for_who_lives_there_prints_on_one_page_and_can_be_read_by_anybody(
    which: str, browser: Browser, tmp_path: Path
) -> None:
    shown = opened_in(browser, sheet_page(HOMES[which], "2026-03-02").encode(), tmp_path)
    assert pages(shown.printed()) == 1
    assert shown.faults_of_access() == []


# -- the sheet -----------------------------------------------------------------------------------------------------


def test_the_sheet_says_where_what_is_fitted_and_who_sees_what() -> None:
    page = sheet_page(FLAT, "2026-03-02")
    assert "Movement sensor</b> (bedroom, bathroom, kitchen, living, hall): tells that somebody moves" in page
    assert "without what happens in the bathroom" in page
    assert "THE HELP BUTTON DOES NOT WORK" in page
    assert not CLINICAL.search(page)


def test_the_sheet_of_somebody_who_wants_nothing_told_says_so() -> None:
    private = replace(FLAT, consent=replace(FLAT.consent, summary_to_family=False))
    assert sheet(private).sees[0] == "Your family: nothing. You did not want the day to be told."


def test_every_kind_of_sensor_that_a_home_may_have_is_explained() -> None:
    from agent.home import SENSOR_KINDS

    assert set(KINDS) == set(SENSOR_KINDS)


def test_the_certificate_says_nothing_clinical_and_names_each_room() -> None:
    page = certificate_page(claims(made(parse(home_text()), walked=walked(parse(home_text())))))
    assert not CLINICAL.search(page)
    assert all(room in page for room in ("hall", "kitchen", "bathroom", "living"))
    assert json.dumps(claims(made()))
