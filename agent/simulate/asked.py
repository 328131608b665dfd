"""A home that is asked first: a lamp, a button to answer with, and what she makes of the light.

The hub's commands come as zigbee2mqtt hears them, below the address of the device; what the home says to them are
messages like all others. The lamp says its new state, and she, if she can, presses the button.
"""

import json
from collections.abc import Iterator
from typing import Final

from agent.civil import rfc3339
from agent.nouns import SECOND_MS, Frame, Instant
from agent.simulate.dialects import Heard
from agent.simulate.fleet import Device

# At the demo's speed a second for all its processes together, on whatever else this machine does meanwhile.
ASK_S: Final = 120
ANSWER_MS: Final = 20 * SECOND_MS  # from the light to the press
LAMP: Final = Device("bathroom-lamp", "Bathroom lamp", "lamp", "bathroom", "LED1836G9")
ANSWER: Final = Device("answer", "Answer button", "button", "bathroom", "SNZB-01", role="answer")


def asks_first(home_text: str, seed: int) -> str:
    """``home_text``, which ends with its care plan, of a home that is asked before its alert is raised."""
    signal = (
        f'id = "{LAMP.id}"\nkind = "lamp"\nroom = "{LAMP.room}"\nlink = "zigbee"\naddress = "{LAMP.address(seed)}"\n'
    )
    return f"{home_text}ask_first_seconds = {ASK_S}\n\n[[signal]]\n{signal}"


def reaction(at: Instant, address: str, payload: bytes, seed: int, answers: bool) -> Iterator[Heard]:
    """What the home says to the command ``payload`` for the device at ``address``, which it hears at ``at``."""
    if address != LAMP.address(seed):
        return
    state = json.loads(payload)["state"]
    yield _heard(at, LAMP.name, {"state": state, "brightness": 254})
    if state == "ON" and answers:
        yield _heard(Instant(at + ANSWER_MS), ANSWER.name, {"action": "single", "battery": 100})


def _heard(at: Instant, name: str, said: dict[str, object]) -> Heard:
    message = said | {"last_seen": rfc3339(at), "linkquality": 120}
    return Heard(at, Frame("zigbee", name, json.dumps(message, sort_keys=True, separators=(",", ":")).encode()))
