"""How a hub starts: what is not there is said, and what cannot be used ends it plainly."""

from pathlib import Path
from typing import Final

import pytest

from agent.__main__ import main
from agent.simulate.fleet import home_text
from tests.brokers import Process, until

HUB: Final = """
[hub]
id = "hub-1"
state = "state"
home = "home.toml"
[local]
host = "127.0.0.1"
port = 1
[[upstream]]
host = "127.0.0.1"
port = 2
"""
SECOND: Final = '[[upstream]]\nhost = "127.0.0.1"\nport = 3\n[[serial]]\nport = "/dev/none-such"\n'
BED: Final = '[[sensor]]\nid = "mat"\nkind = "bed"\nroom = "bedroom"\nlink = "serial"\naddress = "bridge-1/bed0"\n'
AGENT: Final = "import sys; from agent.__main__ import main; sys.exit(main(sys.argv[1:]))"


def written(folder: Path, hub: str, home: str = "") -> str:
    (folder / "state").mkdir()
    (folder / "home.toml").write_text(home_text(3) + home)
    (folder / "hub.toml").write_text(hub)
    return str(folder / "hub.toml")


def test_a_board_that_is_not_plugged_in_is_said_at_the_start(tmp_path: Path) -> None:
    config = written(tmp_path, HUB + SECOND, BED)
    with Process(AGENT, "watch", "--config", config) as started:
        words = ("cannot connect", "nothing is there: is the board plugged in?")
        until(lambda: all(word in "".join(started.errors) for word in words), "it to be at work")
        assert started.lines == [], "nothing but results is printed on standard output"


def test_a_wired_sensor_that_no_port_leads_to_is_said_at_the_start(tmp_path: Path) -> None:
    config = written(tmp_path, HUB + SECOND, BED.replace("bridge-1", "bridge-9"))
    with Process(AGENT, "watch", "--config", config) as started:
        until(lambda: "nobody hears" in "".join(started.errors), "it to be said")
        (line,) = [line for line in started.errors if "nobody hears" in line]
        assert line.endswith("hub.toml has no [[serial]] with bridge = bridge-9")


def test_every_centre_that_is_named_is_called(tmp_path: Path) -> None:
    config = written(tmp_path, HUB + SECOND)
    with Process(AGENT, "uplink", "--config", config) as started:
        until(lambda: len(started.errors) == 2, "both lines to be tried")
        assert [line.startswith("uplink: line 2: ") for line in sorted(started.errors)] == [True, False]
        assert all("cannot connect" in line for line in started.errors)
        assert started.lines == [], "nothing but results is printed on standard output"


def test_a_hub_with_one_centre_and_no_serial_port_is_told_nothing(tmp_path: Path) -> None:
    config = written(tmp_path, HUB)
    for process in ("uplink", "watch"):
        with Process(AGENT, process, "--config", config) as started:
            until(lambda: "cannot connect" in "".join(started.errors), "it to be at work")
            assert not any("yet" in line for line in started.errors)


@pytest.mark.parametrize(
    ("hub", "why"),
    [
        (HUB.replace('id = "hub-1"', "") + 'ca = "x"\ncertificate = "hub.toml"\nkey = "x"\n', "not a PEM certificate"),
        (HUB.replace('id = "hub-1"', "") + 'ca = "x"\ncertificate = "x.pem"\nkey = "x"\n', "No such file"),
        (HUB.replace('"state"', f'"{"s" * 120}"'), "not there yet; start watch first"),
    ],
)
def test_an_uplink_that_cannot_start_ends_with_one_line(
    tmp_path: Path, hub: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["uplink", "--config", written(tmp_path, hub)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert why in line
