"""The set-up page's forms: what they say becomes tables of an answers file, and a mistake finds its field."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.civil import parse_rfc3339
from agent.home import ROOM_KINDS, SENSOR_KINDS, SIGNAL_KINDS
from agent.newcomer import Newcomer
from agent.provision.answers import BadAnswers, read
from agent.provision.joined import addressed
from agent.provision.setup import Setup
from agent.provision.toml_text import text
from agent.setup_page.fields import ROOMS, THINGS, unanswered
from agent.setup_page.forms import FORMS, Form, filled, harmless, in_words, named, placed, thing, thing_fields, without
from agent.setup_page.shown import battery_words, in_plain, link_words, overview, rows, strangers, waited_for
from tests.setup_maker import DOOR, PIR, ready, said

FIELDS = {name: form.fields for name, form in FORMS.items()}


def spoken(form: Form, values: dict[str, str], setup: Setup, which: str = "") -> Setup:
    return read(text(form.spoken(values, setup, which).tables), setup)


@given(st.text(max_size=80), st.lists(st.sampled_from(["hall", "hall-2", "room", "a" * 32]), max_size=4))
def test_any_name_gives_an_id_that_nobody_has(words: str, taken: list[str]) -> None:
    for most in (32, 48):
        id = named(words, taken, most)
        assert re.fullmatch(rf"[a-z0-9-]{{1,{most}}}", id)
        assert id not in taken


@given(st.text(max_size=400))
def test_whatever_is_given_back_holds_nothing_that_turns_the_text(typed: str) -> None:
    assert harmless(typed).isprintable()


def test_mums_bedroom_is_called_so_and_a_second_hall_is_told_apart() -> None:
    assert named("Mum's  Bedroom (up)", [], 32) == "mums-bedroom-up"
    assert named("Küche", [], 32) == "kuche"
    assert named("浴室", [], 32) == "room"
    setup = said()
    setup = spoken(FORMS["rooms"], {"kind": "hall", "name": ""}, setup)
    assert [(room.id, room.name) for room in setup.rooms] == [
        ("hall", "hall"), ("bedroom", "Mum's bedroom"), ("hall-2", "Hall"),
    ]  # fmt: skip


def test_the_page_has_words_for_every_kind_of_room_and_sensor() -> None:
    assert set(ROOMS) == set(ROOM_KINDS)
    assert {what.partition(" ")[0] for what in THINGS} == {*SENSOR_KINDS, *SIGNAL_KINDS}


def test_a_form_that_is_sent_as_it_was_filled_changes_nothing() -> None:
    setup = said("[care]\nnot_up_by = '10:30'\n[page]\naddress = '192.168.1.20'\n")
    for name in ("identity", "home", "consent", "care", "page"):
        again = spoken(FORMS[name], filled(name, setup, "2026-11-27"), setup)
        assert again == setup, name
        assert not unanswered(FIELDS[name], filled(name, setup, ""))


def test_nothing_is_agreed_to_before_it_was_said() -> None:
    values = filled("consent", Setup(), "2026-11-27")
    assert values["agreed_on"] == "2026-11-27"
    assert set(unanswered(FIELDS["consent"], values)) == {
        "monitoring", "summary_to_family", "bathroom_detail_to_family",
    }  # fmt: skip


def test_a_sensor_that_moves_keeps_its_device_and_one_that_is_another_kind_waits_for_one() -> None:
    setup = addressed(said(), "hall-motion", PIR)
    form = Form(thing_fields(setup), thing)
    moved = spoken(form, {"what": "motion", "room": "bedroom"}, setup, "hall-motion")
    assert next((one.id, one.room, one.address) for one in moved.sensors) == ("hall-motion", "bedroom", PIR)
    other = spoken(form, {"what": "vibration", "room": "hall"}, setup, "hall-motion")
    assert next((one.id, one.kind, one.address) for one in other.sensors) == ("hall-motion", "vibration", "next")
    lamp = spoken(form, {"what": "lamp", "room": "hall"}, setup, "hall-motion")
    assert [one.id for one in lamp.signals] == ["hall-motion"]
    assert "hall-motion" not in [one.id for one in lamp.sensors]
    assert [one.address for one in lamp.sensors] == [DOOR, "next"], "the others are as they were"


def test_two_sensors_of_a_kind_in_a_room_have_each_their_own_id() -> None:
    form = Form(thing_fields(said()), thing)
    setup = spoken(form, {"what": "motion", "room": "hall"}, said())
    assert [one.id for one in setup.sensors][-1] == "hall-motion-2"
    setup = spoken(form, {"what": "button answer", "room": "bedroom"}, setup)
    assert (setup.sensors[-1].id, setup.sensors[-1].role) == ("bedroom-button", "answer")


def test_a_room_with_a_sensor_in_it_is_not_taken_out() -> None:
    with pytest.raises(BadAnswers, match="which is no longer there"):
        read(text(without("room", "hall", said()).tables), said())


@pytest.mark.parametrize(
    ("name", "values", "wrong"),
    [
        ("home", {"id": "", "timezone": "Nowhere", "residents": "0"}, {"id", "timezone", "residents"}),
        (
            "care",
            {"not_up_by": "25:00", "home_by": "x", "night_to": "22:30"},
            {"not_up_by", "home_by", "night_from"},
        ),
        ("page", {"address": "8.8.8.8", "port": "0"}, {"address", "port"}),
        ("member", {"name": "Tom!", "resident": "no"}, {"name"}),
        ("identity", {"id": "", "host": "a b", "base_topic": "#"}, {"id", "host", "base_topic"}),
        ("consent", {"agreed_by": "", "agreed_on": "yesterday"}, {"agreed_by", "agreed_on"}),
    ],
)
def test_every_mistake_is_beside_its_field(name: str, values: dict[str, str], wrong: set[str]) -> None:
    setup = said("[page]\naddress = '192.168.1.20'\n")
    typed = (filled(name, setup, "") if name != "member" else {}) | values
    made = FORMS[name].spoken(typed, setup, "")
    with pytest.raises(BadAnswers) as fault:
        read(text(made.tables), setup)
    found = placed(fault.value.mistakes, FIELDS[name], made.place, typed)
    assert set(found.by_field) == wrong
    assert found.rest == ()
    assert found.first == next(field.name for field in FIELDS[name] if field.name in wrong)


def test_the_readers_words_are_said_to_a_person() -> None:
    assert in_words("is missing; expected a date") == "Give a date."
    assert in_words("expected 1 to 32 of a-z, not ''") == "Give 1 to 32 of a-z."
    assert in_words("'tom' is there twice") == "'tom' is there twice."
    assert in_plain("the home's id, used on this hub only ([home] id)") == "the home's id, used on this hub only"


def test_a_radio_and_a_battery_are_told_in_words_and_figures() -> None:
    device = Newcomer("0x1", link_quality=39, battery_percent=19, battery_at=parse_rfc3339("2026-03-02T08:00:30Z"))
    assert link_words(device) == "radio weak (39 of 255)"
    again = "a new one is heard when it next reports"
    assert battery_words(device) == f"battery 19 %: put a new one in (heard 2026-03-02 08:00 UTC; {again})"
    assert battery_words(device._replace(battery_at=None)) == f"battery 19 %: put a new one in (heard earlier; {again})"
    assert link_words(device._replace(link_quality=40)) == "radio fair (40 of 255)"
    assert link_words(device._replace(link_quality=100)) == "radio good (100 of 255)"
    assert link_words(device._replace(link_quality=None)) == "radio not heard yet"
    assert battery_words(device._replace(battery_percent=20)) == "battery 20 %"
    assert battery_words(device._replace(battery_percent=None)) == ""


def test_a_device_of_the_wrong_kind_is_told_at_its_sensor_and_a_strange_one_by_itself() -> None:
    from dataclasses import replace

    setup = replace(said(), devices={DOOR: ready(DOOR, "temperature"), PIR: ready(PIR, "motion")})
    by_id = {row.id: row for row in rows(setup)}
    assert not by_id["front-door"].paired
    assert "cannot be a door" in by_id["front-door"].state
    (one,) = strangers(setup)
    assert (one.device.address, one.fits) == (PIR, ("hall-motion",))
    setup = replace(setup, devices={PIR: ready(PIR)._replace(known=False)})
    (one,) = strangers(setup)
    assert one.fits == ()
    assert one.state.startswith("tells nothing that this hub understands: use another.")


def test_a_step_says_in_words_what_it_waits_for() -> None:
    from agent.provision.plan import view
    from agent.provision.setup import Found

    plain = view(Setup(), Found())
    shown = {one["name"]: one for one in overview(plain)["steps"]}
    assert shown["identity"]["state_words"] == "Next"
    assert shown["home"]["state_words"] == "To do"
    assert shown["rooms"]["state_words"] == "Waits for: The home, and who lives there"
    assert shown["files"]["state_words"] == "Waits for the steps before it"
    assert waited_for(plain, "rooms") == ["First: The home, and who lives there."]
    assert waited_for(plain, "home") == []
