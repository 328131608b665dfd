"""A device that joined, and whose question was left before it was a sensor of the home."""

from pathlib import Path

from tests.seat import Seat
from tests.z2m.harness import PIR, world


def test_what_joined_before_and_is_no_sensor_yet_is_offered_when_devices_may_join_again(tmp_path: Path) -> None:
    """Its question was left by Ctrl-C, and it does not join again by itself."""
    config = str(tmp_path / "hub.toml")
    with world(tmp_path) as radio, Seat("provision", "--config", config, "--step", "home") as seat:
        radio.start()
        radio.until(lambda: radio.new() == [("zigbee", "link", 1)], "the bridge")
        seat.says(r"this hub only: $", "elm-12", "Europe/London", "1")
        seat.says(r"> $", "rooms", "hall", "", "", "")
        seat.says(r"> $", "identity", "hub-1", "y", "127.0.0.1", str(radio.port), "", "")
        seat.says(r"> $", "sensors", "p")
        seat.sees("Devices may join")
        radio.tell(do="join", device=PIR)
        radio.tell(do="announce", device=PIR)
        seat.sees(r"It is a \(motion, presence, bed\) \[motion\]: $")
        seat.interrupts()
        seat.says("What now: $", "p")
        seat.sees(r"has joined\s+before, and is no sensor\s+yet")
        seat.says(r"Is it to be one \(y/n\) \[y\]: $", "")
        seat.says(r"It is a \(motion, presence, bed\) \[motion\]: $", "", "", "")
        seat.sees(r"open, 0 waited for")
        seat.interrupts()
        assert "hall-motion          motion      hall" in seat.sees("What now: ")
