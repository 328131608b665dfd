"""home.toml: lamps and sounders that the hub may switch, and the seconds in which the home is asked first."""

import pytest

from agent.home import parse
from agent.nouns import Signal
from tests.test_home import SMALLEST, only_mistake

SIGNAL = '[[signal]]\nid = "lamp"\nkind = "lamp"\nroom = "hall"\nlink = "zigbee"\naddress = "0x00158d0001a2b3ff"\n'


def test_a_home_with_a_lamp_may_be_asked_first() -> None:
    home = parse(SMALLEST + SIGNAL + "[care]\nask_first_seconds = 60\n")
    assert home.signals == (Signal("lamp", "lamp", "hall", "0x00158d0001a2b3ff"),)
    assert home.care.ask_first_seconds == 60
    assert parse(SMALLEST).care.ask_first_seconds == 0


@pytest.mark.parametrize("seconds", ["9", "241", "-1", "true", "60.0", '"60"'])
def test_seconds_to_answer_in_are_as_long_as_people_need_and_shorter_than_any_wait(seconds: str) -> None:
    said = only_mistake(f"{SMALLEST}{SIGNAL}[care]\nask_first_seconds = {seconds}\n")
    assert "expected 0, or a whole number from 10 to 240" in said


def test_a_home_without_a_signal_cannot_be_asked() -> None:
    said = only_mistake(SMALLEST + "[care]\nask_first_seconds = 60\n")
    assert said.endswith("care.ask_first_seconds: there is no [[signal]] to ask with")


def test_what_is_switched_must_not_be_what_sees() -> None:
    night_light = SIGNAL.replace("0x00158d0001a2b3ff", "0x00158d0001a2b3c4#2")
    assert "the sensor 'front-door' is the same device" in only_mistake(SMALLEST + night_light)


def test_a_button_calls_for_help_unless_it_is_there_to_answer() -> None:
    button = '[[sensor]]\nid = "b"\nkind = "button"\nroom = "hall"\nlink = "log"\naddress = "b"\n'
    assert parse(SMALLEST + button).sensors["b"].role == "help"
    assert parse(f'{SMALLEST}{button}role = "answer"\n').sensors["b"].role == "answer"
    assert "expected one of help, answer" in only_mistake(f'{SMALLEST}{button}role = "entrance"\n')
