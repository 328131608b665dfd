"""The sensors of the simulated home, and its home.toml.

Ten sensors as one finds them in such homes: PIRs of two makes, contacts on the front door and the fridge, a
contact that a pad under the mattress closes, an SOS button, a thermometer. The fridge's sensor and the thermometer
report their temperature every five minutes: a hub that learns rhythms can tell within half an hour that one of them
has died, and the other goes on to show that the home as a whole is heard.
"""

from dataclasses import dataclass, replace
from random import Random
from typing import Final

from agent.nouns import HOUR_MS, MINUTE_MS, SECOND_MS
from agent.simulate.resident import ROOMS

TIMEZONE: Final = "Europe/London"
NIGHT: Final = ("22:30", "06:00")
BRIDGE: Final = "bridge-1"  # the board that wired sensors are on


@dataclass(frozen=True, slots=True)
class Device:
    """One sensor. ``feels`` is what it notices of a person (see ``Act.what``); "" nothing.

    ``blind_ms``: a PIR that has fired sees nothing for so long. ``clear_ms``: after its last firing it stands at
    0 again; if ``own_clear`` it says so itself, else zigbee2mqtt's timer does. ``reports`` are told in turn every
    ``every_ms``, somebody there or not.
    """

    id: str
    name: str
    kind: str
    room: str
    model: str
    feels: str = ""
    role: str | None = None
    blind_ms: int = 0
    clear_ms: int = 0
    own_clear: bool = False
    every_ms: int = HOUR_MS
    reports: tuple[str, ...] = ("battery_percent",)
    wired: str = ""

    def address(self, seed: int) -> str:
        """Its IEEE address, made up from the home's seed; of one that is wired, its board's name and its channel."""
        if self.wired:
            return f"{BRIDGE}/{self.wired}"
        return f"0x00158d{Random(f'{seed}/{self.id}/address').getrandbits(40):010x}"


def _timed(room: str, name: str) -> Device:
    """A PIR that is blind for a minute and never clears: it may report again before zigbee2mqtt's timer ends."""
    return Device(
        f"{room}-motion", name, "motion", room, "RTCGQ11LM", room,
        blind_ms=60 * SECOND_MS, clear_ms=90 * SECOND_MS, reports=("illuminance", "battery_percent"),
    )  # fmt: skip


def _clearing(room: str, name: str) -> Device:
    """A PIR that clears itself after a minute; each firing is a change."""
    return Device(
        f"{room}-motion", name, "motion", room, "SNZB-03", room,
        blind_ms=62 * SECOND_MS, clear_ms=60 * SECOND_MS, own_clear=True,
    )  # fmt: skip


_CLIMATE: Final = ("temperature_mc",) * 11 + ("battery_percent",)
TEN: Final = (
    Device("bed", "Bed", "bed", "bedroom", "SNZB-04", "bed"),
    _timed("bedroom", "Bedroom PIR"),
    _clearing("bathroom", "Bathroom PIR"),
    _clearing("kitchen", "Kitchen PIR"),
    _timed("living", "Living room PIR"),
    _clearing("hall", "Hall PIR"),
    Device("front-door", "Front door", "door", "hall", "MCCGQ11LM", "entrance", role="entrance"),
    Device(
        "fridge-door", "Fridge", "door", "kitchen", "IM6001-MPP01", "fridge", role="fridge",
        every_ms=5 * MINUTE_MS, reports=_CLIMATE,
    ),
    Device("sos-button", "SOS button", "button", "bedroom", "TS0215A_sos", "button"),
    Device(
        "living-climate", "Living room climate", "temperature", "living", "WSDCGQ11LM",
        every_ms=5 * MINUTE_MS, reports=_CLIMATE,
    ),
)  # fmt: skip

# A busy home: PIRs that fire every half minute, check-ins every four and a half: about 5,500 readings a day.
HEAVY: Final = tuple(
    replace(device, blind_ms=32 * SECOND_MS, clear_ms=30 * SECOND_MS, own_clear=True, every_ms=270 * SECOND_MS)
    if device.kind == "motion"
    else replace(device, every_ms=270 * SECOND_MS)
    for device in TEN
)
TWINS: Final = 39  # PIRs a room of a home of 200 sensors: 5 rooms x 39 PIRs, and the five other sensors


def twins(fleet: tuple[Device, ...] = HEAVY, count: int = TWINS) -> tuple[Device, ...]:
    """The fleet with ``count`` PIRs in place of each: a home of 200 sensors."""
    return tuple(
        replace(device, id=twin_id(device.id, nth), name=f"{device.name} {nth}") if device.kind == "motion" else device
        for device in fleet
        for nth in range(count if device.kind == "motion" else 1)
    )


def twin_id(sensor: str, nth: int) -> str:
    return f"{sensor}-{nth}"


def home_text(seed: int, fleet: tuple[Device, ...] = TEN, link: str = "zigbee", timezone: str = TIMEZONE) -> str:
    """The home.toml of the simulated home; ``link`` log for a home whose stream is readings."""
    parts = [f'[home]\nid = "sim-{seed}"\ntimezone = "{timezone}"\nresidents = 1\n']
    parts += [f'[[room]]\nid = "{room}"\nkind = "{room}"\nname = "{_named(room)}"\n' for room in ROOMS]
    parts += [_sensor_text(device, seed, link) for device in fleet]
    parts.append(f'[care]\nnight = ["{NIGHT[0]}", "{NIGHT[1]}"]\nbed_exit_minutes = 30\nnight_exit = true\n')
    return "\n".join(parts)


def _named(room: str) -> str:
    return "Living room" if room == "living" else room.capitalize()


def _sensor_text(device: Device, seed: int, link: str) -> str:
    address = device.address(seed) if link == "zigbee" else device.id
    link = "serial" if device.wired and link == "zigbee" else link
    lines = [f'id = "{device.id}"', f'kind = "{device.kind}"', f'room = "{device.room}"']
    lines += [f'role = "{device.role}"'] if device.role else []
    lines += [f'link = "{link}"', f'address = "{address}"']
    return "[[sensor]]\n" + "\n".join(lines) + "\n"
