"""An answers file for a fleet, and an installer's answers one by one: every mistake at once, and nothing forgotten."""

import pytest

from agent.nouns import Consent
from agent.provision.answers import BadAnswers, read
from agent.provision.joined import paired
from agent.provision.setup import NEXT, Agreed
from tests.conftest import ROOT
from tests.setup_maker import ANSWERS, DOOR, PIR, ready, said


def test_a_fleets_answers_are_a_whole_home() -> None:
    setup = read(ANSWERS, complete=True)
    assert setup.agreed == Agreed("Mary Smith", "2026-11-27", "Tom, her son")
    assert setup.consent == Consent()
    assert [sensor.address for sensor in setup.sensors] == [NEXT, DOOR, NEXT]
    assert [room.name for room in setup.rooms] == ["hall", "Mum's bedroom"]


TEN = """
[hub]
id = "Hub 1"
[home]
id = "elm-12"
timezone = "Europe/Londn"
residents = 0
[consent]
agreed_by = ""
agreed_on = "2026-02-30"
[[room]]
id = "hall"
kind = "hallway"
[[sensor]]
id = "hall-motion"
kind = "motoin"
room = "hal"
link = "zigbee"
address = "0x12"
colour = "red"
[[family]]
name = "Tom"
"""


def test_ten_mistakes_and_more_are_told_at_once_each_with_its_line() -> None:
    with pytest.raises(BadAnswers) as refused:
        read(TEN, complete=True)
    wanted = [
        (1, "centre", "[centre] is missing"),
        (3, "hub.id", "expected 1 to 32 of a-z, 0-9 and -, not 'Hub 1'"),
        (6, "home.timezone", "not 'Europe/Londn'; did you mean 'Europe/London'?"),
        (7, "home.residents", "expected a whole number from 1 to 20, not 0"),
        (8, "consent.in_presence_of", "is missing; expected who else was there: 1 to 64 characters"),
        (9, "consent.agreed_by", "expected who lives here and agreed: 1 to 64 characters"),
        (10, "consent.agreed_on", "expected a date, such as \"2026-11-27\", not '2026-02-30'"),
        (13, "room[1].kind", "not 'hallway'; did you mean 'hall'?"),
        (16, "sensor[1].kind", "not 'motoin'; did you mean 'motion'?"),
        (17, "sensor[1].room", "expected the id of a [[room]]: hall, not 'hal'; did you mean 'hall'?"),
        (19, "sensor[1].address", "expected an IEEE address in lower case"),
        (20, "sensor[1].colour", "unknown key; known here: id, kind, room, link, address, inverted"),
        (21, "family", "there is no [page] that they could look at"),
        (22, "family[1].name", "expected 1 to 32 of a-z, 0-9, dot and -, the first a letter, not 'Tom'"),
    ]
    told = refused.value.mistakes
    assert [(one.line, one.key) for one in told] == [(line, key) for line, key, _ in wanted]
    assert [one.message for one, (_, _, words) in zip(told, wanted, strict=True) if words not in one.message] == []


def test_a_table_that_is_misspelt_is_told_with_the_nearest() -> None:
    with pytest.raises(BadAnswers, match=r"line 1: sensors: unknown key; .*did you mean 'sensor'"):
        read("[[sensors]]\nid = 'x'\n")


def test_a_form_says_its_own_part_and_nothing_else_is_missed() -> None:
    assert read('[home]\nid = "elm-12"\n').home_id == "elm-12"
    with pytest.raises(BadAnswers, match=r"consent\.agreed_on: is missing"):
        read('[consent]\nagreed_by = "Mary"\nin_presence_of = "Tom"\n')


def test_answers_that_are_given_again_keep_the_devices_that_have_joined() -> None:
    before = paired(said(), ready(PIR, "motion"))
    assert before.sensors[0].address == PIR
    again = read(ANSWERS, before, complete=True)
    assert [sensor.address for sensor in again.sensors] == [PIR, DOOR, NEXT]


def test_a_device_that_another_sensor_is_given_is_not_kept_as_well() -> None:
    before = paired(said(), ready(PIR, "motion"))
    other = ANSWERS.replace('id = "pendant"\nkind = "button"', 'id = "bedroom-motion"\nkind = "motion"')
    again = read(other.replace('address = "next"', f'address = "{PIR}"'), before)
    assert [sensor.address for sensor in again.sensors] == [NEXT, DOOR, PIR]


def test_a_room_that_is_taken_out_may_not_leave_its_sensors_behind() -> None:
    with pytest.raises(BadAnswers, match="'pendant' is in room 'bedroom', which is no longer there"):
        read('[[room]]\nid = "hall"\nkind = "hall"\n', said())


def test_one_device_may_not_be_two_sensors_of_one_kind_but_many_may_wait() -> None:
    twice = ANSWERS.replace('address = "next"', f'address = "{DOOR}"').replace('"button"', '"door"')
    with pytest.raises(BadAnswers, match=f"zigbee {DOOR} door' is there twice"):
        read(twice)


@pytest.mark.parametrize(
    "text", [b"\xff", b"a = ", b"[" * 5_000, b"x" * 300_000, "[[hub]]\n", "hub = 1", "centre = []"]
)
def test_whatever_is_no_answers_file_is_refused_with_a_line(text: bytes | str) -> None:
    with pytest.raises(BadAnswers, match="line 1: "):
        read(text, complete=True)


def test_the_example_of_a_fleets_answers_is_a_whole_home() -> None:
    setup = read((ROOT / "deploy" / "answers.toml").read_bytes(), complete=True)
    assert [sensor.address for sensor in setup.sensors] == [NEXT, "0x00158d0001a2b306", "bridge-1/bed1"]
    assert setup.decided == {"boards", "care", "family"}
