"""The hub becomes known to a monitoring centre: what comes back from there is judged, and each fault is one line."""

import json
import stat
from pathlib import Path

import pytest

from agent.nouns import Instant, Refused
from agent.setup_io import Session
from agent.transport.enrol_io import EARLIEST, fault_of, is_requested, request
from agent.transport.keys_io import common_name, signer
from tests.brokers import Authority, Process
from tests.pretend_board import PretendBoard
from tests.wall_clock import WallClock
from tests.whole_hub import RUN

NOW = Instant(int(EARLIEST.timestamp() * 1_000))
DAY = 86_400_000
CENTRE = {"host": "broker.centre.example", "ca": "given/ca.pem", "certificate": "given/hub.pem",
          "receipt_key": "given/receipts.pub"}  # fmt: skip


WIRED = """
[hub]
id = "hub-1"
[home]
id = "elm-12"
timezone = "Europe/London"
residents = 1
[consent]
agreed_by = "Mary"
agreed_on = 2026-11-27
in_presence_of = "Tom"
[[room]]
id = "hall"
kind = "hall"
[[sensor]]
id = "front-door"
kind = "door"
room = "hall"
link = "serial"
address = "bridge-1/door0"
[[serial]]
port = "nothing"
[page]
address = "127.0.0.1"
[[family]]
name = "tom"
[[centre]]
host = "{host}"
ca = "{ca}"
certificate = "{certificate}"
receipt_key = "{receipt_key}"
"""


class Enrolled:
    """A hub in a folder, its request, and a centre that answers it."""

    def __init__(self, folder: Path, days: tuple[int, int] = (-1, 2)) -> None:
        self.folder, self.config = folder, folder / "hub.toml"
        self.given = folder / "given"
        self.given.mkdir()
        self.centre = Authority(folder / "authority", days=days)
        with Session(self.config) as session:
            session.say({"hub": {"id": "hub-1"}, "centre": [CENTRE]})
            self.asked, self.public = session.make_keys()
        signer(str(self.given / "receipts.key"))
        self.hand_over(self.centre.sign(self.asked.read_bytes()))

    def hand_over(self, certificate: bytes, ca: bytes | None = None) -> None:
        (self.given / "hub.pem").write_bytes(certificate)
        (self.given / "ca.pem").write_bytes(ca or self.centre.ca.read_bytes())

    def take_in(self) -> list[str]:
        with Session(self.config) as session:
            return session.take_in()


@pytest.fixture
def hub(tmp_path: Path) -> Enrolled:
    return Enrolled(tmp_path)


def test_the_key_is_made_here_for_its_owner_alone_and_the_request_holds_none_of_it(hub: Enrolled) -> None:
    key = hub.folder / "centre" / "hub.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert b"PRIVATE" not in hub.asked.read_bytes()
    assert (hub.asked.name, hub.public.name) == ("hub.csr", "hub.pub")
    before = key.read_bytes()
    with Session(hub.config) as session:
        assert session.make_keys() == (hub.asked, hub.public)
    assert key.read_bytes() == before


def test_what_the_centre_hands_over_is_taken_in_once_and_never_asked_for_again(hub: Enrolled) -> None:
    assert hub.take_in() == []
    for name in ("ca.pem", "hub.pem", "receipts.pub"):
        (hub.given / name).unlink()  # the stick is pulled out
    with Session(hub.config) as session:
        assert session.found().centres == ("",)
        assert session.take_in() == []
    assert common_name(str(hub.folder / "centre" / "hub.pem")) == "hub-1"


def test_before_the_certificate_has_come_it_is_said_what_to_carry_where(hub: Enrolled) -> None:
    (hub.given / "hub.pem").unlink()
    (line,) = hub.take_in()
    assert line.startswith(f"broker.centre.example: no certificate yet: carry {hub.asked} and {hub.public} to the")
    assert not (hub.folder / "centre" / "ca.pem").exists()


def test_a_certificate_for_another_hub_is_refused(hub: Enrolled) -> None:
    hub.hand_over(hub.centre.sign(hub.asked.read_bytes(), "hub-2"))
    (line,) = hub.take_in()
    assert line.endswith(
        "hub.pem: is for 'hub-2' and not for hub-1; are the files of two hubs mixed up? Else ask the centre"
    )
    assert not (hub.folder / "centre" / "hub.pem").exists()


def test_a_certificate_for_another_key_is_refused(hub: Enrolled) -> None:
    hub.hand_over(Path(hub.centre.issue("hub-1")[0]).read_bytes())
    (line,) = hub.take_in()
    assert line.endswith("belongs to another key than this hub's; carry this hub's request to the centre again")


def test_the_authority_of_another_centre_is_refused(hub: Enrolled, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other", "another centre")
    hub.hand_over(hub.centre.sign(hub.asked.read_bytes()), other.ca.read_bytes())
    (line,) = hub.take_in()
    assert line.endswith("hub.pem: was not signed by the authority in ca.pem; one of the two is another centre's")


def test_an_authority_of_the_same_name_that_did_not_sign_is_refused(hub: Enrolled, tmp_path: Path) -> None:
    namesake = Authority(tmp_path / "other")
    hub.hand_over(hub.centre.sign(hub.asked.read_bytes()), namesake.ca.read_bytes())
    (line,) = hub.take_in()
    assert "was not signed by the authority" in line


@pytest.mark.parametrize(
    ("days", "words"),
    [((-9, -2), "ended on 20"), ((2, 9), "is this hub's clock right?")],
)
def test_a_certificate_that_has_ended_or_not_begun_is_refused(
    tmp_path: Path, days: tuple[int, int], words: str
) -> None:
    (line,) = Enrolled(tmp_path, days).take_in()
    assert words in line


def test_the_files_of_the_centre_mixed_up_are_told_apart(hub: Enrolled) -> None:
    ca, own = hub.centre.ca.read_bytes(), hub.centre.sign(hub.asked.read_bytes())
    hub.hand_over(ca, ca)
    assert "is an authority's certificate and not a hub's" in hub.take_in()[0]
    hub.hand_over(own, own)
    assert "ca.pem: is no authority's certificate" in hub.take_in()[0]
    hub.hand_over(b"-----BEGIN", ca)
    assert "hub.pem: is no PEM certificate" in hub.take_in()[0]
    hub.hand_over(own)
    (hub.given / "receipts.pub").write_text("nothing\n")
    assert "receipts.pub: not a key" in hub.take_in()[0]


def test_a_hub_that_does_not_know_the_time_judges_all_but_the_dates(hub: Enrolled, tmp_path: Path) -> None:
    """Its clock stands in 1970: no certificate has begun by it, and none has ended."""
    certificate, ca, key = hub.given / "hub.pem", hub.given / "ca.pem", hub.folder / "centre" / "hub.key"
    assert fault_of(certificate, ca, key, "hub-1", None) == ""
    assert "is this hub's clock right?" in fault_of(certificate, ca, key, "hub-1", Instant(0))
    assert "is for 'hub-1'" in fault_of(certificate, ca, key, "hub-2", None)
    other = Authority(tmp_path / "other", "another centre")
    assert "not signed" in fault_of(certificate, other.ca, key, "hub-1", None)


def test_what_ended_before_anybody_ran_this_agent_is_over_whatever_the_clock_says(tmp_path: Path) -> None:
    hub = Enrolled(tmp_path, (-4_000, -3_000))
    certificate, ca, key = hub.given / "hub.pem", hub.given / "ca.pem", hub.folder / "centre" / "hub.key"
    assert "ended on 20" in fault_of(certificate, ca, key, "hub-1", None)


def test_a_request_is_made_anew_when_the_hub_is_called_otherwise(hub: Enrolled) -> None:
    key = hub.folder / "centre" / "hub.key"
    assert is_requested(key, hub.asked, "hub-1")
    with Session(hub.config) as session:
        session.say({"hub": {"id": "hub-7"}})
        assert not session.found().keys
        session.make_keys()
        assert session.found().keys
    assert not is_requested(key, hub.asked, "hub-1")


def test_a_key_that_is_none_is_not_written_over(tmp_path: Path) -> None:
    key = tmp_path / "hub.key"
    key.write_text("mine, do not touch")
    with pytest.raises(Refused, match="is no key of this hub's; move it away"):
        request(key, tmp_path / "hub.csr", "hub-1")
    assert key.read_text() == "mine, do not touch"


def test_without_a_name_the_hub_has_nothing_to_ask_for(tmp_path: Path) -> None:
    with Session(tmp_path / "hub.toml") as session, pytest.raises(Refused, match="this hub has no id yet"):
        session.make_keys()


def test_a_hub_in_1970_is_provisioned_all_the_same_and_says_what_it_could_not_judge(hub: Enrolled) -> None:
    clock = WallClock(hub.folder)
    answers = hub.folder / "answers.toml"
    answers.write_text(WIRED.format(**CENTRE))
    words = ("provision", "--config", str(hub.config), "--answers", str(answers), "--json")
    with Process(RUN, *words, env=clock.env) as process:
        assert process.ended() == 1  # no board is there
        told = json.loads(process.lines[-1])
    by_name = {step["name"]: step for step in told["steps"]}
    assert by_name["centre"]["state"] == "done"
    assert by_name["boards"]["missing"] == ["bridge-1: the board has not said who it is yet"]
    assert by_name["family"]["missing"] == ["tom: not invited yet"]
    assert "this hub's clock is not set: from when to when certificates are good was not looked at" in told["notices"]
    said = [json.loads(line).get("words") for line in process.lines]
    assert "tom is not invited yet: this hub's clock is not set, and the link would end too soon" in said


def test_each_of_two_centres_has_its_own_files_and_one_that_is_wrong_keeps_out_only_its_own(
    hub: Enrolled, tmp_path: Path
) -> None:
    other = Authority(tmp_path / "other", "another centre")
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "hub.pem").write_bytes(other.sign(hub.asked.read_bytes(), "hub-2"))
    second = {"host": "second.example", "ca": str(other.ca), "certificate": "two/hub.pem",
              "receipt_key": CENTRE["receipt_key"]}  # fmt: skip
    with Session(hub.config) as session:
        session.say({"centre": [CENTRE, second]})
        (line,) = session.take_in()
        assert "two/hub.pem: is for 'hub-2'" in line
        assert (tmp_path / "centre" / "hub.pem").exists()
        assert not (tmp_path / "centre-2").exists()
        (tmp_path / "two" / "hub.pem").write_bytes(other.sign(hub.asked.read_bytes()))
        assert session.take_in() == []
        assert session.found().centres == ("", "")
    assert (tmp_path / "centre-2" / "ca.pem").read_bytes() == other.ca.read_bytes()


def test_a_fleets_installer_is_told_what_is_wrong_with_the_files_and_later_needs_them_no_more(hub: Enrolled) -> None:
    answers = hub.folder / "answers.toml"
    answers.write_text(WIRED.format(**CENTRE))
    words = ("provision", "--config", str(hub.config), "--answers", str(answers))
    given = hub.given / "hub.pem"
    good = given.read_bytes()

    def told() -> tuple[bool, bool]:
        """Whether the wrong certificate is told, and whether the centre still wants one."""
        with Process(RUN, *words) as process:
            assert process.ended() == 1  # no board is there
        shown = " ".join(" ".join(process.lines).split())
        return "is for 'hub-2' and not for hub-1" in shown, "no certificate yet" in shown

    given.write_bytes(hub.centre.sign(hub.asked.read_bytes(), "hub-2"))
    assert told() == (True, False)
    given.unlink()
    assert told() == (False, True)
    given.write_bytes(good)
    assert told() == (False, False)
    given.unlink()  # the stick is pulled out
    assert told() == (False, False)


def test_a_home_is_watched_before_its_family_can_be_invited(hub: Enrolled) -> None:
    clock = WallClock(hub.folder)
    answers = hub.folder / "answers.toml"
    with PretendBoard("--still", "--link", str(hub.folder / "nothing")):
        answers.write_text(WIRED.format(**CENTRE))
        words = ("provision", "--config", str(hub.config), "--answers", str(answers))
        with Process(RUN, *words, env=clock.env) as process:
            assert process.ended() == 1
    assert f"written: {hub.config}" in process.errors
    assert any("tom: not invited yet" in line for line in process.lines)
