"""docs/installer.md: what it prints can be typed, its pictures are there, and it tells every step of provisioning."""

import re
import shlex
import struct

import pytest

from agent.__main__ import READERS, parser
from agent.provision.plan import STEPS
from tests.conftest import ROOT

DOC = (ROOT / "docs" / "installer.md").read_text()
COMMANDS = sorted({found.strip() for found in re.findall(r"hearthwatch [a-z][^`\n#…]*", DOC) if "--" in found})
PICTURES = re.findall(r'<img src="([^"]+)" width="\d+" alt="([^"]*)"', DOC)
MOST_PICTURE_BYTES = 60_000
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_for_installers_runs_as_it_is_printed(command: str) -> None:
    words = shlex.split(command)[1:]
    assert parser(words).parse_args(words).run


def test_the_commands_of_a_visit_are_there_in_the_order_of_the_visit() -> None:
    verbs = [shlex.split(line)[1] for line in DOC.splitlines() if line.startswith("hearthwatch ")]
    assert list(dict.fromkeys(verbs)) == ["provision", "walk-test", "certificate", "doctor", "erase"]
    assert set(verbs) <= {verb for reader in READERS.values() for verb in reader}


@pytest.mark.parametrize("title", [step.title for step in STEPS])
def test_every_step_of_the_page_is_told(title: str) -> None:
    assert f"\n| {title} |" in DOC


@pytest.mark.parametrize(("picture", "words"), PICTURES)
def test_a_picture_is_small_has_a_phones_width_and_says_what_it_shows(picture: str, words: str) -> None:
    data = (ROOT / "docs" / picture).read_bytes()
    assert data.startswith(PNG)
    assert len(data) <= MOST_PICTURE_BYTES
    assert struct.unpack(">I", data[16:20])[0] == 360
    assert len(words) > 20
    assert 3 <= len(PICTURES) <= 5
