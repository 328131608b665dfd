"""One installer's session on a hub: what it finds there, what it is refused, and what it leaves behind."""

import json
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.clock_io import wall_ms
from agent.home import parse as parse_home
from agent.hub import Page
from agent.hub import parse as parse_hub
from agent.nouns import DAY_MS, Instant, Refused, Running, Sensor
from agent.page.family_io import Family
from agent.promise.words import sentence
from agent.provision.answers import BadAnswers
from agent.provision.joined import paired, told, unpaired
from agent.provision.plan import ready
from agent.provision.provision_io import load
from agent.provision.setup import plain
from agent.provision.writing import home_text, hub_text
from agent.setup_io import Session
from tests.pretend_board import PretendBoard
from tests.setup_maker import ANSWERS, DOOR, PIR, SOS, said
from tests.setup_maker import ready as device

ALL = ((PIR, "motion"), (DOOR, "door"), (SOS, "button"))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "hub.toml"


@pytest.fixture
def session(config: Path) -> Iterator[Session]:
    (config.parent / "answers.toml").write_text(ANSWERS)
    with Session(config) as one:
        one.say_file(config.parent / "answers.toml")
        one.make_keys()
        for address, kind in ALL:
            one.change(paired(one.setup, device(address, kind)))
        yield one


def test_a_second_installer_is_refused_with_one_line_and_the_first_goes_on(session: Session) -> None:
    with pytest.raises(Running, match="another installer is setting up this hub") as refused, Session(session.config):
        pass
    assert "\n" not in str(refused.value)
    assert session.write()


def test_what_is_written_is_read_by_the_hub_and_nothing_lies_about(session: Session) -> None:
    home, hub = session.write()
    assert [sensor.address for sensor in parse_home(home.read_bytes()).sensors.values()] == [PIR, DOOR, SOS]
    assert parse_hub(hub.read_bytes()).upstreams[0].port == 1_884
    assert session.view()["written"]
    assert sorted(path.name for path in session.config.parent.iterdir()) == [
        "answers.toml", "centre", "home.toml", "hub.toml", "setup.json", "setup.lock", "state"
    ]  # fmt: skip


def test_the_installers_notes_hold_names_and_can_be_read_by_root_alone(session: Session) -> None:
    progress = session.config.parent / "setup.json"
    assert stat.S_IMODE(progress.stat().st_mode) == 0o600
    assert json.loads(progress.read_text())["said"]["consent"]["agreed_by"] == "Mary Smith"


def test_what_is_missing_is_told_all_at_once_and_nothing_is_written(config: Path) -> None:
    with Session(config) as session:
        with pytest.raises(Refused) as refused:
            session.write()
        assert len(str(refused.value).splitlines()) >= 6
    assert not config.exists()


def test_a_mistake_changes_nothing_that_was_said_before(session: Session) -> None:
    before = session.setup
    with pytest.raises(BadAnswers):
        session.say({"home": {"id": "Not An Id"}})
    assert session.setup == before


def test_a_home_that_was_written_by_hand_is_gone_on_with_and_kept_beside(config: Path, tmp_path: Path) -> None:
    setup = replace(said(), sensors=(Sensor("wired", "door", "hall", "entrance", "serial", "bridge-1/door0"),))
    (tmp_path / "home.toml").write_text("# by hand\n" + home_text(setup))
    config.write_text("# by hand\n" + hub_text(setup) + '[[serial]]\nport = "/dev/null"\n')
    with Session(config) as session:
        assert session.setup.home_id == "elm-12"
        assert session.setup.sensors == setup.sensors
        assert session.setup.agreed is None  # that is asked, whatever was there before
        assert "# by hand" in (tmp_path / "home.toml").read_text()
        session.say({"consent": {"agreed_by": "Mary", "agreed_on": "2026-01-02", "in_presence_of": "Tom"}})
        session.make_keys()
        assert ready(session.setup, session.found()) == ["bridge-1: the board has not said who it is yet"]


def test_what_was_there_before_is_kept_when_it_is_written_over(session: Session) -> None:
    home, _ = session.write()
    first = home.read_bytes()
    session.say({"care": {"bed_exit_minutes": 10}})
    session.write()
    assert home.with_name("home.toml.before").read_bytes() == first
    assert stat.S_IMODE(home.with_name("home.toml.before").stat().st_mode) == 0o600
    assert parse_home(home.read_bytes()).care.bed_exit_minutes == 10


def test_a_hub_file_that_is_wrong_is_told_line_by_line_and_left_alone(config: Path) -> None:
    config.write_text("[hub]\nid = 'UP'\n")
    with pytest.raises(Refused, match=r"line 2: hub\.id") as refused, Session(config):
        pass
    assert "correct it, or move it away" in str(refused.value)
    assert config.read_text() == "[hub]\nid = 'UP'\n"


def test_progress_that_is_damaged_is_told_and_left_alone(session: Session) -> None:
    progress = session.config.parent / "setup.json"
    session.__exit__(None, None, None)
    progress.write_text("{")
    with (
        pytest.raises(Refused, match=r"setup\.json: is no progress of provisioning; move it away"),
        Session(session.config),
    ):
        pass
    assert progress.read_text() == "{"


def test_what_the_package_knows_of_the_machine_need_not_be_said(config: Path, tmp_path: Path) -> None:
    (tmp_path / "defaults.toml").write_text(
        '[hub]\nstate = "lived"\npage_state = "looked"\n'
        '[local]\nhost = "127.0.0.1"\nusername = "watch"\ncredentials = "password"\n'
    )
    with Session(config) as session:
        assert (session.setup.state, session.setup.local.username) == ("lived", "watch")
        session.say({"hub": {"id": "hub-1"}})
        assert session.make_keys()[1] == tmp_path / "lived" / "hub.pub"
    with Session(config) as later:
        later.say({"page": {"address": "127.0.0.1"}})
        assert later.setup.page == Page("127.0.0.1", state="looked")


def test_a_folder_that_is_not_there_or_not_ours_is_told(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="there is no such folder"), Session(tmp_path / "no" / "hub.toml"):
        pass


def test_a_care_plan_shows_the_promise_that_it_buys_before_any_device_is_there(config: Path) -> None:
    with Session(config) as session:
        with pytest.raises(Refused, match="before there are rooms and sensors"):
            session.promise()
        for table in ("home", "room", "sensor"):
            whole = {"home": {"id": "elm-12", "timezone": "Europe/London", "residents": 1},
                     "room": [{"id": "kitchen", "kind": "kitchen"}],
                     "sensor": [{"id": "k", "kind": "motion", "room": "kitchen", "link": "zigbee"}]}  # fmt: skip
            session.say({table: whole[table]})
        often = session.promise()
        assert sentence(often, "kitchen", 600).startswith("A fall in the kitchen at 10:00 would be reported by about 1")
        session.say({"care": {"false_alerts_per_30_days": 0.1}})
        seldom = session.promise()
        assert seldom.rooms["kitchen"][10].median_ms > often.rooms["kitchen"][10].median_ms


def test_a_member_of_the_family_is_invited_once_by_a_link_that_lets_them_in(session: Session) -> None:
    session.say({"page": {"address": "127.0.0.1"}, "family": [{"name": "tom"}]})
    link = session.invite("tom")
    assert link.startswith("http://127.0.0.1:8443/welcome/")
    family = Family(session.config.parent / "state")
    assert family.invited(link.rpartition("/")[2], Instant(wall_ms())) == "tom"
    assert family.invited(link.rpartition("/")[2], Instant(2**50 * DAY_MS // DAY_MS)) is None
    family.close()
    assert session.setup.invited == ("tom",)
    with pytest.raises(Refused, match="ann: is nobody of the family"):
        session.invite("ann")
    session.say({"consent": {"summary_to_family": False}})
    with pytest.raises(Refused, match="does not want the day to be told"):
        session.invite("tom")


def test_a_board_says_who_it_is_and_which_inputs_it_has(session: Session, tmp_path: Path) -> None:
    with PretendBoard("--still", "--link", str(tmp_path / "board")):
        session.say({"serial": [{"port": str(tmp_path / "board"), "bridge": "bridge-1"}]})
        assert session.meet_boards() == []
    board = session.setup.boards["bridge-1"]
    assert board.firmware == "pretend 0.1"
    assert {"motion0", "door0", "button0", "bed0"} <= set(board.channels)


def test_a_port_without_a_board_is_told_and_so_is_one_that_is_not_there(session: Session, tmp_path: Path) -> None:
    session.say({"serial": [{"port": str(tmp_path / "nothing"), "bridge": "bridge-1"}]})
    (line,) = session.meet_boards()
    assert line == f"bridge-1: {tmp_path / 'nothing'}: nothing is there: is the board plugged in?"


def test_ports_are_offered_by_the_names_that_they_keep(session: Session, tmp_path: Path) -> None:
    (tmp_path / "by-id").mkdir()
    (tmp_path / "by-id" / "usb-board").touch()
    assert session.ports(tmp_path / "by-id") == [str(tmp_path / "by-id" / "usb-board")]
    assert session.ports(tmp_path / "none") == []


def test_a_sensor_is_replaced_and_nothing_else_is_asked(session: Session) -> None:
    session.write()
    session.change(unpaired(session.setup, "hall-motion"))
    assert not session.view()["written"]
    new = "0x00158d0001a2b3ff"
    session.change(paired(session.setup, device(new, "motion")))
    home, _ = session.write()
    assert parse_home(home.read_bytes()).sensors["hall-motion"].address == new


def test_a_care_plan_that_was_changed_by_hand_since_is_not_undone(session: Session) -> None:
    home, _ = session.write()
    session.__exit__(None, None, None)
    home.write_text(home.read_text().replace("bed_exit_minutes = 30", "bed_exit_minutes = 12"))
    with Session(session.config) as later:
        assert later.setup.care.bed_exit_minutes == 12
        assert later.setup.agreed == session.setup.agreed
        assert later.view()["written"]  # it says what it says, in whatever words
        later.say({"care": {**plain(later.setup)["care"], "door_open_minutes": 5}})
        later.write()
    plan = parse_home(home.read_bytes()).care
    assert (plan.bed_exit_minutes, plan.door_open_minutes) == (12, 5)


def test_what_was_said_since_it_was_written_is_not_taken_for_a_change_by_hand(session: Session) -> None:
    session.write()
    session.say({"care": {"bed_exit_minutes": 12}})
    session.__exit__(None, None, None)
    with Session(session.config) as later:
        assert later.setup == session.setup
        assert not later.view()["written"]


def test_a_home_that_only_some_may_read_stays_so_when_it_is_changed(session: Session) -> None:
    home, _ = session.write()
    home.chmod(0o640)
    session.say({"care": {"bed_exit_minutes": 10}})
    session.write()
    assert stat.S_IMODE(home.stat().st_mode) == 0o640


def test_who_is_interrupted_between_the_two_files_loses_nothing_that_was_said(session: Session) -> None:
    session.write()
    hub = session.config.read_bytes()
    session.say({"care": {"bed_exit_minutes": 10}, "hub": {**plain(session.setup)["hub"], "stall_seconds": 60}})
    kept = (session.config.parent / "setup.json").read_bytes()
    session.write()
    session.config.write_bytes(hub)
    (session.config.parent / "setup.json").write_bytes(kept)
    found = load(session.config)
    assert (found.stall_s, found.care.bed_exit_minutes) == (60, 10)


def test_a_failing_disk_loses_neither_what_was_said_nor_what_was_written(session: Session) -> None:
    session.write()
    before = session.config.read_bytes()
    session.change(told(session.setup, device(PIR, "motion")._replace(model="M-2")))
    (session.config.parent / "home.toml.before").mkdir()
    with pytest.raises(Refused, match="cannot be written: Is a directory; both files are as they were"):
        session.write()
    assert session.config.read_bytes() == before
