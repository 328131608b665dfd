"""What whoever walks sees: on a phone over ssh, as lines, and what they may type."""

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

from agent.nouns import Home, Instant, Reading, Room, Sensor
from agent.provision.walk import Mark, Walk
from agent.provision.walk_words import next_line
from agent.walk_views_io import picture
from tests.brokers import ROOT, until
from tests.living_hub import LivingHub
from tests.walk_maker import FLAT, Walker
from tests.walked_hub import Radio, home_text
from tests.whole_hub import RUN

PHONE: Final = 40  # columns
STEERS: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[LivingHub]:
    with LivingHub(tmp_path, home_text()) as hub:
        yield hub


class Phone:
    """A terminal of so many columns, on which ``walk-test`` runs."""

    def __init__(self, hub: LivingHub, columns: int = PHONE) -> None:
        self._main, other = pty.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        os.set_blocking(self._main, False)
        words = ["walk-test", "--config", str(hub.folder / "hub.toml"), "--stay", "0", "--wait", "1"]
        env = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")} | {
            "TERM": "xterm"
        }
        self.process = subprocess.Popen(
            [sys.executable, "-c", RUN, *words], cwd=ROOT, stdin=other, stdout=other, stderr=other, env=env
        )
        os.close(other)
        self._seen = b""

    def shows(self, words: str) -> str:
        """Everything that it has shown, once the words are among it, however its lines were broken."""

        def look() -> str:
            with suppress(OSError):  # nothing new, or it has ended
                self._seen += os.read(self._main, 65_536)
            plain = STEERS.sub("", self._seen.decode(errors="replace"))
            return plain if words in " ".join(plain.split()) else ""

        return until(look, f"{words!r} on the phone")

    def type(self, line: str = "") -> None:
        os.write(self._main, f"{line}\n".encode())

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._main)


def test_an_installer_with_a_phone_sees_rooms_ticks_and_what_to_do_next(hub: LivingHub) -> None:
    radio, phone = Radio(hub), Phone(hub)
    try:
        phone.shows("Go to hall, and press Enter there")
        phone.type("2")
        phone.shows("Walk about in kitchen")
        radio.stand("kitchen")
        phone.shows("[x] 2 kitchen")
        phone.type("?")
        phone.shows("a number says")
        phone.type("q")
        shown = phone.shows("the walk was ended before all was tried")
        assert max(len(line.strip()) for line in shown.replace("\r", "\n").split("\n")) <= PHONE
        assert until(lambda: phone.process.poll() is not None, "it to end")
        assert phone.process.returncode == 1
    finally:
        phone.close()
        radio.close()


def test_hostile_names_do_not_steer_the_screen() -> None:
    rooms = {"a": Room("a", "other", "\u009b2Jroom\u2067 " + "W" * 60)}
    home = Home("h", "UTC", 1, rooms, {"eye": Sensor("eye", "motion", "a", None, "log", "eye")})
    for line in picture(Walk(home), PHONE):
        assert line.isprintable()


def test_the_sensor_that_was_heard_last_stands_on_the_screen() -> None:
    walker = Walker()
    walker.walk.hear([Reading(Instant(1), "kitchen-motion", "motion", 1)])
    assert "heard: kitchen-motion (motion)" in picture(walker.walk, PHONE)
    assert all(len(line) <= PHONE for line in picture(walker.walk, PHONE)[:-1])


def test_an_eye_that_is_heard_for_the_first_time_is_said_to_have_only_told_how_it_stands() -> None:
    walk = Walk(FLAT)
    walk.mark(Mark(Instant(1), "room", "kitchen"))
    walk.hear([Reading(Instant(2), "kitchen-motion", "checkin", 1)])
    assert next_line(walk) == (
        "Walk about in kitchen: kitchen-motion is heard, but its first word only tells how it stands. "
        "Once more in 2 minutes, or Enter and come back by its number"
    )
    walk.hear([Reading(Instant(3), "kitchen-motion", "motion", 0)])
    assert next_line(walk) == "Walk about in kitchen: waiting for kitchen-motion (Enter goes on)"


def test_a_door_whose_first_word_was_its_opening_is_asked_for_once_more() -> None:
    walk = Walk(FLAT)
    walk.mark(Mark(Instant(1), "open", "front-door"))
    walk.hear([Reading(Instant(2), "front-door", "checkin", 1)])
    assert next_line(walk).endswith("its first word only tells how it stands. Once more now")
    walk.hear([Reading(Instant(3), "front-door", "door", 0)])
    assert walk.is_over(Instant(4))


def test_who_presses_a_help_button_unasked_is_told_that_the_centre_hears_it(hub: LivingHub) -> None:
    radio, phone = Radio(hub), Phone(hub, 80)
    try:
        phone.shows("Go to hall, and press Enter there")
        radio.tell("pendant", action="single", battery=90)
        phone.shows("pendant was pressed unasked, and calls for help: tell the centre that it was you")
    finally:
        phone.close()
        radio.close()


def test_who_leaves_a_walk_by_ctrl_c_is_told_that_the_home_is_watched_again(hub: LivingHub) -> None:
    radio, phone = Radio(hub), Phone(hub, 120)
    try:
        phone.shows("Go to hall, and press Enter there")
        phone.process.send_signal(signal.SIGINT)
        phone.shows("the walk test was left and is over, nothing is written down: the home is watched again")
    finally:
        phone.close()
        radio.close()
