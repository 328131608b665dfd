"""A walk through a home with the real agent, real brokers and a real receiver at the centre."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.journal_io import Journal
from tests.brokers import until
from tests.history import replays
from tests.living_hub import LivingHub
from tests.walked_hub import Installer, Radio, command, home_text, walk_file


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[LivingHub]:
    with LivingHub(tmp_path, home_text()) as hub:
        yield hub


def kinds(hub: LivingHub) -> list[tuple[str, str]]:
    """What the hub has said, and whether as a test."""
    rows = Journal(hub.state / "journal.db").rows("SELECT kind, body FROM alert ORDER BY epoch, seq")
    return [(kind, "test" if '"test":true' in body else "meant") for kind, body in rows]


def test_an_installer_walks_once_and_the_centre_signs_for_the_test_alert(hub: LivingHub) -> None:
    radio = Radio(hub)
    with Installer(hub, radio) as installer:
        end = installer.all()
        assert (end["faults"], installer.status()) == ([], 0)
    kept = walk_file(hub)
    assert {one["sensor"]: one["verdict"] for one in kept["sensors"]} == {
        **{f"{room}-motion": "working" for room in ("hall", "kitchen", "bathroom", "living")},
        "front-door": "working",
        "pendant": "working",
    }
    assert all(one["quality"] == 120 for one in kept["sensors"])
    assert kept["call"]["received_ms"] >= 0
    assert kept["call"]["cancelled_ms"] >= kept["call"]["received_ms"]
    assert kept["by"] == "Ines"
    assert {leg["one"] for leg in kept["legs"]} | {leg["other"] for leg in kept["legs"]} == {
        f"{room}-motion" for room in ("hall", "kitchen", "bathroom", "living")
    }
    assert kinds(hub) == [("test_call", "test"), ("test_call", "test")], "the press that was asked for, and the alert"
    assert replays(hub.state) == []
    radio.close()


def test_swapped_sensors_and_a_door_wired_the_other_way_round_are_told_in_a_line_each(hub: LivingHub) -> None:
    radio = Radio(hub, {"kitchen": "bathroom", "bathroom": "kitchen"}, inverted=True)
    with Installer(hub, radio) as installer:
        end = installer.all(blind=("kitchen", "bathroom"))
        assert installer.status() == 1
    assert end["faults"] == [
        "kitchen-motion: swapped with bathroom-motion: give the two each other's place, or correct home.toml",
        "bathroom-motion: swapped with kitchen-motion: give the two each other's place, or correct home.toml",
        "front-door: says the opposite: set inverted = true for it in home.toml",
    ]
    radio.close()


def test_a_sensor_that_hangs_in_another_room_and_one_that_is_dead_are_told_in_a_line_each(hub: LivingHub) -> None:
    radio = Radio(hub, {"kitchen": "living", "living": ""})
    with Installer(hub, radio) as installer:
        end = installer.all(blind=("kitchen", "living"))
        assert installer.status() == 1
    assert [line.partition(":")[0] for line in end["faults"]] == ["kitchen-motion", "living-motion"], end["faults"]
    radio.close()


def test_a_centre_that_is_silent_fails_the_walk_in_one_line_within_its_bound(hub: LivingHub) -> None:
    hub.processes["centre"].__exit__(None, None, None)
    radio = Radio(hub)
    with Installer(hub, radio, "--wait", "1") as installer:
        end = installer.all()
        assert installer.status() == 1
    (line,) = end["faults"]
    assert line.startswith("the centre has not signed for the test alert within 1 s: is uplink running")
    assert walk_file(hub)["call"]["received_ms"] is None
    radio.close()


def test_whoever_follows_may_be_killed_and_the_agent_too_and_the_walk_goes_on(hub: LivingHub) -> None:
    radio = Radio(hub)
    with Installer(hub, radio) as first:
        first.until("ask", step="room", what="bathroom")
        first.kill()
    hub.kill("watch")
    until(lambda: "a walk test is on until" in command(hub, "doctor")[1], "the agent to be back, and the walk to be on")
    with Installer(hub, radio) as second:
        said = second.until("ask", step="room", what="bathroom")
        assert any("goes on where it was" in event.get("words", "") for event in second.events)
        radio.settle()
        second.obey(said)
        assert second.all()["faults"] == []
    assert len(walk_file(hub)["sensors"]) == 6
    assert replays(hub.state) == []
    radio.close()


def test_whoever_leaves_a_walk_with_ctrl_c_leaves_a_home_that_is_watched(hub: LivingHub) -> None:
    radio = Radio(hub)
    with Installer(hub, radio) as installer:
        installer.until("ask", step="room", what="bathroom")
        installer.interrupt()
        assert installer.status() == 130
    assert "a walk test is on until" not in command(hub, "doctor")[1]
    radio.close()


def test_a_walked_home_is_certified_and_its_certificate_is_believed_until_a_byte_of_it_changes(hub: LivingHub) -> None:
    radio = Radio(hub)
    agreed = ("certificate", "--by", "Ines", "--agreed-by", "Ada Brown")
    status, _, told = command(hub, *agreed)
    assert (status, told) == (1, "this home was not walked: run walk-test\n")
    with Installer(hub, radio) as installer:
        assert installer.all()["faults"] == []
    status, _, told = command(hub, "certificate", "--by", "Ines")
    assert (status, told.count("\n")) == (1, 1)
    assert told.startswith("consent is missing: nobody is on record")
    assert not (hub.folder / "certificate.html").exists()
    assert not (hub.folder / "privacy.html").exists()
    status, told, errors = command(hub, *agreed)
    assert (status, errors) == (0, "")
    file = hub.folder / "certificate.html"
    status, told, errors = command(hub, "certificate", "--verify", str(file))
    assert (status, told[:24], errors) == (0, "unchanged: hub-9, home h", "")
    file.write_bytes(file.read_bytes().replace(b"there and back", b"there and Back"))
    status, _, errors = command(hub, "certificate", "--verify", str(file))
    assert (status, errors.count("\n")) == (1, 1)
    assert "was changed" in errors
    assert command(hub, "certificate", "--check")[0] == 0
    radio.tell("kitchen eye", occupancy=False, battery=9)
    worn = "kitchen-motion: battery at 9 % (heard "
    until(lambda: command(hub, *agreed)[2].startswith(worn), "the battery that fell after the walk")
    radio.tell("kitchen eye", occupancy=False, battery=100)
    until(lambda: command(hub, *agreed)[0] == 0, "the new battery, without another walk")
    assert b"100 %, 20" in file.read_bytes()
    with (hub.folder / "home.toml").open("a", encoding="utf-8") as home:
        home.write("# a line\n")
    status, _, errors = command(hub, *agreed)
    assert (status, errors) == (1, "home.toml was changed since this home was walked: run walk-test again\n")
    assert command(hub, "certificate", "--check")[0] == 1
    radio.close()


def test_a_home_that_does_not_want_to_be_watched_is_not_walked(hub: LivingHub) -> None:
    assert command(hub, "consent", "--withdraw", "--by", "Ada")[0] == 0
    until(lambda: "withdrawn" in command(hub, "consent", "--status")[1], "the withdrawal to be journalled")
    status, _, errors = command(hub, "walk-test")
    assert (status, errors.count("\n")) == (2, 1)
    assert "nothing can be tested: consent was withdrawn, asked for by Ada" in errors


def test_a_home_file_that_watch_has_not_read_yet_is_not_walked(hub: LivingHub) -> None:
    with (hub.folder / "home.toml").open("a", encoding="utf-8") as home:
        home.write("# one more\n")
    status, _, errors = command(hub, "walk-test")
    assert (status, errors.count("\n")) == (2, 1)
    assert "start watch again, then walk" in errors


def test_a_certificate_is_not_written_over_what_it_is_made_of(hub: LivingHub) -> None:
    before = (hub.folder / "home.toml").read_bytes()
    for words in (("--out", str(hub.folder / "home.toml")), ("--out", "x.html", "--sheet", "x.html")):
        status, _, errors = command(hub, "certificate", "--by", "Ines", *words)
        assert (status, errors.count("\n")) == (2, 1)
        assert "name another file to write to" in errors
    assert (hub.folder / "home.toml").read_bytes() == before


def test_two_do_not_follow_one_walk(hub: LivingHub) -> None:
    radio = Radio(hub)
    with Installer(hub, radio) as first:
        first.until("ask", step="room", what="kitchen")
        status, _, errors = command(hub, "walk-test")
        assert (status, errors.count("\n")) == (75, 1)
    radio.close()


def test_a_walk_can_be_ended_by_somebody_else_and_whoever_follows_it_is_told(hub: LivingHub) -> None:
    radio = Radio(hub)
    with Installer(hub, radio) as first:
        first.until("ask", step="room", what="kitchen")
        assert command(hub, "walk-test", "--end")[:2] == (0, "no walk test is on\n")
        assert "the walk ended before all was tried: by its time, or by somebody else" in first.until("end")["faults"]
    assert "a walk test is on until" not in command(hub, "doctor")[1]
    radio.close()


def test_a_hub_that_is_not_running_is_told_in_one_line(hub: LivingHub) -> None:
    hub.processes["watch"].__exit__(None, None, None)
    status, _, errors = command(hub, "walk-test")
    assert (status, errors) == (2, "hearthwatch: watch is not running: start the hub, then walk\n")


def test_a_press_that_nobody_asked_for_calls_for_help_in_the_middle_of_a_walk(hub: LivingHub) -> None:
    radio = Radio(hub)
    with Installer(hub, radio) as installer:
        installer.until("ask", step="room", what="kitchen")
        radio.do("press", "pendant")
        until(lambda: ("sos", "meant") in kinds(hub), "the call for help")
    radio.close()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--rooms", "hall,ballroom"), "--rooms: 'ballroom' is no room with a sensor"),
        (("--minutes", "600"), "--minutes is 1 to 120"),
        (("--by", "\x1b[2J"), "--by: a name has at most"),
    ],
)
def test_what_cannot_be_walked_is_said_in_one_line(hub: LivingHub, words: tuple[str, ...], told: str) -> None:
    status, _, errors = command(hub, "walk-test", *words)
    assert status == 2
    assert told in errors
    assert errors.count("\n") == 1
