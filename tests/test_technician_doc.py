"""docs/technician.md: what it prints can be typed, and what can be typed about a board is in it."""

import re
import shlex
from xml.etree import ElementTree

import pytest

from agent.__main__ import parser
from tests.conftest import ROOT

DOC = (ROOT / "docs" / "technician.md").read_text()
COMMANDS = sorted({found.strip() for found in re.findall(r"hearthwatch (?:bridge|doctor|watch|run) [^`\n#]*", DOC)})


@pytest.mark.parametrize("command", [one for one in COMMANDS if "--config" in one or "--port" in one])
def test_a_command_for_boards_runs_as_it_is_printed(command: str) -> None:
    words = shlex.split(command)[1:]
    assert parser(words).parse_args(words).run


def test_the_commands_that_an_installer_types_are_there() -> None:
    assert "hearthwatch bridge monitor --config hub.toml --selftest" in COMMANDS
    assert "hearthwatch run --config hub.toml" in COMMANDS
    assert "hearthwatch watch --config hub.toml --follow" in COMMANDS


@pytest.mark.parametrize("verb", ["monitor", "simulate"])
def test_every_option_of_a_bridge_command_is_in_the_table(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser(["bridge"]).parse_args(["bridge", verb, "--help"])
    options = set(re.findall(r"--[a-z]+", capsys.readouterr().out)) - {"--help"}
    assert options
    assert {option for option in options if f"| `{option}" not in DOC} == set()


@pytest.mark.parametrize("picture", re.findall(r"!\[.*?\]\((.*?\.svg)\)", DOC))
def test_a_picture_is_whole_says_what_it_shows_and_fits_a_telephone(picture: str) -> None:
    drawn = ElementTree.parse(ROOT / "docs" / picture).getroot()
    assert drawn.find("{*}title") is not None
    assert drawn.find("{*}desc") is not None
    width = float(drawn.attrib["viewBox"].split()[2])
    smallest = min(float(size) for size in re.findall(r"font-size[:=] ?\"?(\d+)", ElementTree.tostring(drawn).decode()))
    assert smallest * 390 / width >= 11  # px, on a telephone held upright
