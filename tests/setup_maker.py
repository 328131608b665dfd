"""Homes that are being set up, for tests: what an installer of a fleet says, and what comes to it."""

from typing import Final

from agent.newcomer import Newcomer
from agent.provision.answers import read
from agent.provision.setup import Setup

PIR: Final = "0x00158d0001a2b3c4"
DOOR: Final = "0x00124b0022334455"
SOS: Final = "0xa4c1380011223344"

ANSWERS: Final = """
[hub]
id = "hub-0001"

[home]
id = "elm-12"
timezone = "Europe/London"
residents = 1

[consent]
agreed_by = "Mary Smith"
agreed_on = 2026-11-27
in_presence_of = "Tom, her son"

[[room]]
id = "hall"
kind = "hall"

[[room]]
id = "bedroom"
kind = "bedroom"
name = "Mum's bedroom"

[[sensor]]
id = "hall-motion"
kind = "motion"
room = "hall"
link = "zigbee"

[[sensor]]
id = "front-door"
kind = "door"
role = "entrance"
room = "hall"
link = "zigbee"
address = "0x00124b0022334455"

[[sensor]]
id = "pendant"
kind = "button"
room = "bedroom"
link = "zigbee"
address = "next"

[[centre]]
host = "127.0.0.1"
port = 1884
"""


def said(more: str = "", before: Setup | None = None) -> Setup:
    return read(ANSWERS + more, before)


def ready(address: str, *kinds: str) -> Newcomer:
    return Newcomer(address, f"{address} by name", "Maker", "M-1", "ready", True, kinds, 120, 90)
