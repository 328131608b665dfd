"""What zigbee2mqtt tells of the simulated devices in ``bridge/devices``: nine makes as they are sold.

Shapes as published by zigbee2mqtt 2; what a definition exposes follows its public device catalogue, settings left
out.
"""

import json
from collections.abc import Mapping, Sequence
from random import Random
from typing import Final

from agent.simulate.fleet import Device

Expose = dict[str, object]


def _binary(name: str, on: bool = True, category: str | None = None) -> Expose:
    expose: Expose = {"access": 1, "name": name, "property": name, "type": "binary"}
    expose |= {"label": name.replace("_", " ").capitalize(), "value_on": on, "value_off": not on}
    return expose | ({"category": category} if category else {})


def _numeric(name: str, unit: str, category: str | None = None) -> Expose:
    expose: Expose = {"access": 1, "name": name, "property": name, "type": "numeric", "unit": unit}
    expose |= {"label": name.replace("_", " ").capitalize()}
    return expose | ({"category": category} if category else {})


_BATTERY: Final = _numeric("battery", "%", "diagnostic") | {"value_min": 0, "value_max": 100}
_CONTACT: Final = _binary("contact", on=False)  # the catalogue's word: on is false, and false is open


def _action(*values: str) -> Expose:
    expose: Expose = {"access": 1, "category": "diagnostic", "label": "Action", "name": "action"}
    return expose | {"property": "action", "type": "enum", "values": list(values)}


_ACTION: Final = _action("emergency")
_ON_OFF: Final[Expose] = {
    "access": 7,
    "label": "State",
    "name": "state",
    "property": "state",
    "type": "binary",
    "value_off": "OFF",
    "value_on": "ON",
    "value_toggle": "TOGGLE",
}
_BRIGHTNESS: Final[Expose] = {
    "access": 7,
    "label": "Brightness",
    "name": "brightness",
    "property": "brightness",
    "type": "numeric",
    "value_max": 254,
    "value_min": 0,
}

# model -> vendor, model id on air, description, exposes (linkquality is added to all)
MODELS: Final[Mapping[str, tuple[str, str, str, tuple[Expose, ...]]]] = {
    "RTCGQ11LM": (
        "Aqara",
        "lumi.sensor_motion.aq2",
        "Motion sensor",
        (_BATTERY, _binary("occupancy"), _numeric("illuminance", "lx")),
    ),
    "SNZB-03": (
        "SONOFF",
        "MS01",
        "Motion sensor",
        (_BATTERY, _binary("occupancy"), _binary("battery_low", category="diagnostic")),
    ),
    "MCCGQ11LM": ("Aqara", "lumi.sensor_magnet.aq2", "Door and window sensor", (_BATTERY, _CONTACT)),
    "IM6001-MPP01": (
        "SmartThings",
        "multiv4",
        "Multipurpose sensor (2018 model)",
        (_numeric("temperature", "°C"), _CONTACT, _binary("tamper"), _BATTERY),
    ),
    "SNZB-04": (
        "SONOFF",
        "DS01",
        "Contact sensor",
        (_BATTERY, _CONTACT, _binary("battery_low", category="diagnostic")),
    ),
    "TS0215A_sos": ("Tuya", "TS0215A", "SOS button", (_BATTERY, _ACTION)),
    "WSDCGQ11LM": (
        "Aqara",
        "lumi.weather",
        "Temperature and humidity sensor",
        (_BATTERY, _numeric("temperature", "°C")),
    ),
    "SNZB-01": ("SONOFF", "WB01", "Wireless button", (_BATTERY, _action("single", "double", "long"))),
    "LED1836G9": (
        "IKEA",
        "TRADFRI bulb E27 WW 806lm",
        "TRADFRI bulb E26/E27, warm white, globe, opal, 806 lm",
        ({"type": "light", "features": [_ON_OFF, _BRIGHTNESS]},),
    ),
}


def bridge_devices(fleet: Sequence[Device], seed: int) -> bytes:
    """The retained payload of ``bridge/devices``: the coordinator, then every device of the fleet."""
    entries = [_coordinator(seed)] + [_entry(device, nth, seed) for nth, device in enumerate(fleet)]
    return json.dumps(entries, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _coordinator(seed: int) -> dict[str, object]:
    return {
        "disabled": False,
        "endpoints": {"1": {"bindings": [], "clusters": {"input": [], "output": []}, "configured_reportings": []}},
        "friendly_name": "Coordinator",
        "ieee_address": f"0x00124b{Random(f'{seed}/coordinator').getrandbits(40):010x}",
        "interview_completed": True,
        "interview_state": "SUCCESSFUL",
        "interviewing": False,
        "network_address": 0,
        "supported": True,
        "type": "Coordinator",
    }


def _entry(device: Device, nth: int, seed: int) -> dict[str, object]:
    vendor, model_id, description, exposes = MODELS[device.model]
    linkquality = _numeric("linkquality", "lqi", "diagnostic") | {"value_min": 0, "value_max": 255}
    clusters = {"input": ["genBasic", "genPowerCfg"], "output": ["genOta"]}
    mains = device.kind == "lamp"
    return {
        "definition": {
            "description": description,
            "exposes": [*exposes, linkquality],
            "model": device.model,
            "options": [],
            "source": "native",
            "supports_ota": False,
            "vendor": vendor,
        },
        "disabled": False,
        "endpoints": {"1": {"bindings": [], "clusters": clusters, "configured_reportings": [], "scenes": []}},
        "friendly_name": device.name,
        "ieee_address": device.address(seed),
        "interview_completed": True,
        "interview_state": "SUCCESSFUL",
        "interviewing": False,
        "manufacturer": vendor,
        "model_id": model_id,
        "network_address": 1_000 + 37 * nth,
        "power_source": "Mains (single phase)" if mains else "Battery",
        "supported": True,
        "type": "Router" if mains else "EndDevice",
    }
