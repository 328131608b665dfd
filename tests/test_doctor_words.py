"""What a doctor says: reasons and deeds for all that is wrong, the worst first, on a phone too; and docs/doctor.md."""

import re

import pytest

from agent.doctor.check import Check, lines, plain, worst_first
from agent.doctor.words import CHECKS
from tests.conftest import ROOT
from tests.house import CLINICAL

ALL = [(name, code) for name, codes in CHECKS.items() for code in codes]
DOC = (ROOT / "docs" / "doctor.md").read_text()
GOOD, NEWS = Check("home", "read", "5 rooms"), Check("outbox", "waits", "1 message waits")
OPEN, SILENT = Check("joining", "open", "devices may join now"), Check("local broker", "silent", "refused")


@pytest.mark.parametrize(("name", "code"), ALL)
def test_whatever_is_wrong_has_a_reason_and_something_to_do_and_each_fits_a_line(name: str, code: str) -> None:
    told = CHECKS[name][code]
    assert told.good is not False or (told.why and told.do)
    assert all(len(f"    why: {text}") <= 80 for text in (told.why, told.do))
    assert not CLINICAL.search(f"{told.why} {told.do}")


def test_the_documentation_holds_every_name_and_code_and_no_other() -> None:
    said = {"null": None, "true": True, "false": False}
    rows = re.findall(r"^\| `([a-z0-9 ]+)` \| `(\w+)` \| (\w+) \| (.*?) \| (.*?) \|$", DOC, re.MULTILINE)
    written = {(name, code): (said[good], why, do) for name, code, good, why, do in rows}
    assert written == {(name, code): tuple(CHECKS[name][code]) for name, code in ALL}


def test_the_worst_is_told_in_the_last_line() -> None:
    told = lines([OPEN, GOOD, SILENT, NEWS])
    assert told[-1] == "2 things are wrong; the first: local broker: refused"
    assert [check.name for check in worst_first([OPEN, GOOD, SILENT])] == ["local broker", "joining"]
    marks = [line[:4].strip() for line in told[:-1] if not line.startswith("    ")]
    assert marks == ["ok", "?", "BAD", "BAD"]


def test_a_hub_with_nothing_wrong_is_told_so() -> None:
    assert lines([GOOD, NEWS])[-1] == "Nothing is wrong."
    assert lines([GOOD, SILENT])[-1] == "1 thing is wrong: local broker: refused"


def test_on_a_phone_no_line_is_wider_than_the_phone() -> None:
    long = Check("centre", "unreached", "No route to host " * 9, "a-centre.with-a-long-name.example:8883")
    for width in (36, 80, 200):
        assert max(map(len, lines([long, GOOD, OPEN], width))) <= min(width, 80)


def test_colours_never_stand_alone() -> None:
    coloured, bare = lines([GOOD, NEWS, OPEN], colours=True), lines([GOOD, NEWS, OPEN])
    assert [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in coloured] == bare
    assert any("\x1b[" in line for line in coloured)


def test_what_a_device_is_called_cannot_steer_the_terminal() -> None:
    rogue = Check("zigbee2mqtt", "settings", "advanced.output is \x1b[2J\u202egnp.exe")
    assert not any(letter in line for line in lines([rogue]) for letter in "\x1b\u202e")


def test_several_of_one_finding_share_its_reason() -> None:
    told = lines([Check("radio", "unknown", "not known", name) for name in ("bed", "hall")])
    assert [line[:8].strip() for line in told[:-1]] == ["?   radi", "?   radi", "why:", "do:"]


def test_a_program_finds_the_same_keys_in_each_check() -> None:
    for one in plain([GOOD, SILENT]):
        assert list(one) == ["name", "about", "good", "code", "found", "why", "do", "figures"]
