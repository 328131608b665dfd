"""kill -9 at every step of setting up a home: it goes on from there, and there is never half a home."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.brokers import until
from tests.fleet_maker import SLOW_S, Fleet
from tests.provision_steps import STEPS
from tests.z2m.harness import World, world

FAMILY = '\n[page]\naddress = "127.0.0.1"\n[[family]]\nname = "tom"\n'
KILLED = -9


@pytest.fixture(scope="module")
def radio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("z2m")) as made:
        made.start()
        made.until(lambda: made.new() == [("zigbee", "link", 1)], "the bridge")
        yield made


@pytest.mark.parametrize("step", STEPS)
def test_an_installer_who_is_killed_at_this_step_goes_on_from_there(radio: World, tmp_path: Path, step: str) -> None:
    fleet = Fleet(tmp_path, radio, FAMILY)
    with fleet.start(killed_at=step) as killed:
        fleet.join(killed)
        until(killed.over, f"the kill; {killed.errors}", SLOW_S)
        assert killed.ended() == KILLED
    fleet.home()  # whole or not there
    assert [path.name for path in tmp_path.glob("*.toml")] in (["answers.toml"],) or (tmp_path / "home.toml").exists()
    keys = [
        path.read_bytes() for path in (tmp_path / "centre" / "hub.key", tmp_path / "state" / "hub.key") if path.exists()
    ]
    fleet.through()
    home = fleet.home()
    assert home is not None
    assert all(sensor.address.startswith("0x") for sensor in home.sensors.values())
    made = [(tmp_path / place / "hub.key").read_bytes() for place in ("centre", "state")]
    assert keys == made[: len(keys)] or keys == made[1:]  # what was made is not made anew
    assert fleet.progress()["found"]["invited"] == ["tom"]
    left_over = {path.name for path in tmp_path.iterdir()} - {
        "answers.toml", "hub.toml", "home.toml", "setup.json", "setup.lock", "centre", "state", "home.toml.before",
        "hub.toml.before",
    }  # fmt: skip
    assert all(name.startswith((".home.toml.", ".hub.toml.")) for name in left_over)
