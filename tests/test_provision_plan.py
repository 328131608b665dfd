"""The steps of setting up a home: what is next, what is missing, and what of it is better put right at once."""

import json
from dataclasses import replace

from agent.civil import parse_rfc3339
from agent.hub import Serial
from agent.newcomer import Newcomer
from agent.nouns import Sensor, Signal
from agent.provision.answers import read, read_again
from agent.provision.joined import expected, heard, paired, passed, told, unpaired, waiting, without_device
from agent.provision.kept import kept
from agent.provision.plan import NAMES, STEPS, next_step, notices, ready, stands, view
from agent.provision.setup import NEXT, BoardSeen, Found, Setup
from agent.provision.toml_text import text
from tests.setup_maker import DOOR, PIR, SOS, said
from tests.setup_maker import ready as device

MADE = Found(keys=True, centres=("",))


def with_all_devices(setup: Setup) -> Setup:
    for address, kind in ((PIR, "motion"), (DOOR, "door"), (SOS, "button")):
        setup = paired(setup, device(address, kind))
    return setup


def test_a_new_hub_is_asked_who_it_is_first_and_nothing_else_can_be_written() -> None:
    stand = next_step(Setup(), Found())
    assert stand is not None
    assert stand.step.name == "identity"
    assert {one.step.name for one in stands(Setup(), Found()) if one.state == "open"} == {"identity", "home"}
    assert "the rooms ([[room]])" in ready(Setup(), Found())


def test_the_installer_is_led_from_step_to_step_until_the_home_is_written() -> None:
    setup, found, led = Setup(), Found(), []
    whole = with_all_devices(said())
    while (stand := next_step(setup, found)) is not None:
        led.append(stand.step.name)
        found = replace(found, keys=True, centres=("",) if setup.centres else (), written=stand.step.name == "files")
        if stand.step.optional:
            setup = passed(setup, stand.step.name)
        else:
            everything = view(whole, found)["answers"]
            setup = read(text({table: everything[table] for table in stand.step.tables if table in everything}), setup)
            setup = replace(setup, devices=whole.devices)
    assert tuple(led) == NAMES


def test_steps_need_only_steps_that_come_before_them() -> None:
    for nth, step in enumerate(STEPS):
        assert set(step.needs) <= set(NAMES[:nth])


def test_the_first_sensor_that_fits_has_the_device_that_joins_and_others_wait() -> None:
    setup = said()
    assert waiting(setup) == [("hall-motion", "motion"), ("pendant", "button")]
    setup = paired(setup, device(SOS, "button"))
    assert [sensor.address for sensor in setup.sensors] == [NEXT, DOOR, SOS]
    assert expected(setup) == [DOOR]
    assert expected(paired(setup, device(DOOR, "door", "temperature"))) == []


def test_a_device_that_fits_nothing_is_remembered_and_no_sensor_has_it() -> None:
    setup = paired(said(), device(SOS, "smoke"))
    assert SOS in setup.devices
    assert [sensor.address for sensor in setup.sensors] == [NEXT, DOOR, NEXT]


def test_each_sensor_says_what_it_waits_for() -> None:
    setup = told(said(), Newcomer(DOOR, interview="failed"))
    stand = next(one for one in stands(setup, MADE) if one.step.name == "sensors")
    assert stand.state == "open"
    assert stand.missing == (
        "hall-motion: no device has joined for it yet",
        f"front-door: the interview of {DOOR} failed: hold it near the hub, wake it, and try again",
        "pendant: no device has joined for it yet",
    )
    for interview, words in (("running", "is being interviewed"), ("ready", "cannot be a door; it may be motion")):
        setup = told(said(), Newcomer(DOOR, interview=interview, kinds=("motion",)))
        assert words in ready(setup, MADE)[1]


def test_a_device_that_nobody_understands_is_told_so() -> None:
    setup = told(said(), Newcomer(DOOR, vendor="Who", model="What", interview="ready", known=False))
    line = f"front-door: Who What ({DOOR}) tells nothing that this hub understands, and zigbee2mqtt does not know it"
    assert any(one.startswith(line) for one in ready(setup, MADE))


def test_an_empty_battery_and_a_weak_link_are_told_and_keep_nobody_from_being_watched() -> None:
    at = parse_rfc3339("2026-03-02T08:00:30Z")
    worn = device(PIR, "motion")._replace(battery_percent=9, battery_at=at, link_quality=11, known=False)
    setup = paired(said(), worn)
    low = "hall-motion: its battery is at 9 % (heard 2026-03-02 08:00 UTC)"
    assert notices(setup)[:3] == [
        f"{low}: put a new one in now; that is heard when it next reports",
        "hall-motion: its radio link is weak (11 of 255): put a mains plug that repeats between it and the hub",
        "hall-motion: zigbee2mqtt does not know this model, and guesses what it says: try it out",
    ]
    assert not any("hall-motion" in line for line in ready(setup, MADE))


def test_an_empty_battery_is_told_with_when_it_was_heard_however_often_it_is_repeated_since() -> None:
    then, now = parse_rfc3339("2026-03-02T08:00:30Z"), parse_rfc3339("2026-03-09T10:15:00Z")
    speaks = device(PIR, "motion")._replace(battery_percent=9)
    setup = paired(said(), heard(said(), speaks, then))
    assert setup.devices[PIR].battery_at == then
    setup = read_again(kept(setup))  # the installer is back a week later
    for again in (speaks, speaks._replace(battery_percent=None, link_quality=None)):
        setup = told(setup, heard(setup, again, now))
        assert (setup.devices[PIR].battery_percent, setup.devices[PIR].battery_at) == (9, then)
        assert "(heard 2026-03-02 08:00 UTC)" in notices(setup)[0]
    setup = told(setup, heard(setup, speaks._replace(battery_percent=100), now))
    assert (setup.devices[PIR].battery_percent, setup.devices[PIR].battery_at) == (100, now)
    assert not any("battery" in line for line in notices(setup))


def test_a_battery_of_which_an_older_agent_did_not_write_down_when_it_was_heard_was_heard_earlier() -> None:
    setup = paired(said(), device(PIR, "motion")._replace(battery_percent=9))
    older = kept(setup).replace(b',\n    "battery_at": null', b"").replace(b', "battery_at": null', b"")
    assert b"battery_at" not in older
    assert notices(read_again(older))[0].startswith("hall-motion: its battery is at 9 % (heard earlier): ")


def test_a_room_in_which_nobody_is_heard_is_told() -> None:
    assert "bedroom: no sensor hears anybody there" in notices(said())


def test_a_broken_sensor_is_replaced_without_asking_anything_else() -> None:
    setup = with_all_devices(said())
    done = Found(keys=True, centres=("",), written=True)
    assert next_step(setup, done, optional=False) is None
    broken = unpaired(setup, "hall-motion")
    assert ready(broken, done) == ["hall-motion: no device has joined for it yet"]
    new = "0x00158d0001a2b3ff"
    mended = paired(broken, device(new, "motion"), "hall-motion")
    assert ready(mended, done) == []
    assert mended.sensors[0].address == new


def test_a_sensor_that_left_the_network_is_waited_for() -> None:
    setup = without_device(with_all_devices(said()), DOOR)
    assert ready(setup, MADE) == [f"front-door: waits for the device {DOOR} to join"]


def test_a_wired_sensor_wants_a_port_a_board_and_its_input_there() -> None:
    setup = with_all_devices(said())
    wired = Sensor("back-door", "door", "hall", "internal", "serial", "bridge-1/door3")
    setup = replace(setup, sensors=(*setup.sensors, wired))
    assert ready(setup, MADE) == ["bridge-1: no port leads to it, and back-door is wired to it ([[serial]])"]
    setup = replace(setup, serial=(Serial("/dev/ttyACM0", "bridge-1"),))
    assert ready(setup, MADE) == ["bridge-1: the board has not said who it is yet"]
    setup = replace(setup, boards={"bridge-1": BoardSeen("bridge-1", "uno 1.0", ("door0", "bed0"))})
    assert ready(setup, MADE) == ["back-door: bridge-1 has no input door3; it has door0, bed0"]


def test_a_lamp_is_paired_as_a_sensor_is() -> None:
    setup = replace(with_all_devices(said()), signals=(Signal("hall-lamp", "lamp", "hall", NEXT),))
    assert ready(setup, MADE) == ["hall-lamp: no device has joined for it yet"]
    assert ready(paired(setup, device("0x00124b0099887766", "lamp")), MADE) == []


def test_a_certificate_that_is_wrong_keeps_the_home_from_being_written() -> None:
    found = replace(MADE, centres=("broker: the certificate is for hub-2",))
    assert ready(with_all_devices(said()), found) == ["broker: the certificate is for hub-2"]


def test_nobody_of_the_family_is_invited_where_the_day_is_not_to_be_told() -> None:
    more = '[page]\naddress = "127.0.0.1"\n[[family]]\nname = "tom"\n'
    setup = with_all_devices(said(more))
    stand = next(one for one in stands(setup, MADE) if one.step.name == "family")
    assert stand.missing == ("tom: not invited yet",)
    assert ready(setup, MADE) == []  # a home is watched before its family looks
    private = replace(setup, consent=replace(setup.consent, summary_to_family=False))
    stand = next(one for one in stands(private, MADE) if one.step.name == "family")
    assert "nobody is invited" in stand.missing[0]


def test_what_a_page_is_told_is_plain_data() -> None:
    told_page = view(with_all_devices(said()), MADE)
    assert json.loads(json.dumps(told_page)) == told_page
    assert (told_page["version"], told_page["next"]) == (1, "boards")
    assert [step["name"] for step in told_page["steps"]] == list(NAMES)
