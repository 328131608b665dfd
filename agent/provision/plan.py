"""The steps of setting up a home, as a table: what each needs, what is missing of it, what is done.

The whole interface for whoever shows it, be it a terminal or a page:

    view(setup, found)       plain data (JSON), version 1: every step with its state and, a line each, what is missing;
                             which is next; notices; the answers said so far, ready to fill a form with
    stands(setup, found)     the same as nouns
    next_step(setup, found)  the first step that wants something, or None: all is done
    ready(setup, found)      what still keeps home.toml and hub.toml from being written, a line each

    answers.read(toml_text.text({"home": {...}}), setup)    what was said, by a form; BadAnswers tells all that is wrong
    joined.unpaired(setup, "hall-motion")                   a sensor is to be replaced by the next device that joins
    joined.paired(setup, device)                            a device joined: the sensor that it was meant for has it
    joined.passed(setup, "family")                          an optional step is passed over

Nothing here asks or waits: each verb takes a ``Setup`` and gives another. What must be done in the world (make keys,
pair, look at boards, write) is agent/setup_io.py's ``Session``, one method a verb, and it keeps setup.json.

Steps may be done in any order that their needs allow, and again: going back is naming a step. ``state`` of a step is
``done``; ``open`` (it can be worked at now); ``waits`` (for the steps in ``waits_for``).
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from agent.civil import utc_minute
from agent.near import is_loopback
from agent.newcomer import Newcomer
from agent.nouns import ACTIVITY, Sensor, link_of
from agent.provision.joined import device_of, things, unfit
from agent.provision.kept import VERSION
from agent.provision.setup import NEXT, Found, Setup, plain

HEARS: Final = ACTIVITY - {"button"}  # kinds of sensors that somebody cannot help but move
LOW_BATTERY_PERCENT: Final = 20  # below it a new battery is asked for now, while somebody is there
AGREED: Final = (
    "who lives here and agreed, when, and who else was there ([consent] agreed_by, agreed_on, in_presence_of)"
)
WEAK_LINK: Final = 40  # of 255; below it a sensor is told to be far from the hub and from every plug between


class Step(NamedTuple):
    """``tables`` are those of an answers file that it fills; ``missing`` says what it still wants, a line each."""

    name: str
    title: str
    why: str
    needs: tuple[str, ...]
    tables: tuple[str, ...]
    missing: Callable[[Setup, Found], list[str]]
    optional: bool = False


class Stand(NamedTuple):
    """How a step stands."""

    step: Step
    state: str
    missing: tuple[str, ...]
    waits_for: tuple[str, ...]


def _identity(setup: Setup, found: Found) -> list[str]:
    missing = [] if setup.hub_id else ["the hub's id, as the centre knows it ([hub] id)"]
    return missing if found.keys or missing else ["the hub's own keys, which are made here and never leave it"]


def _home(setup: Setup, _found: Found) -> list[str]:
    missing = []
    if not setup.home_id:
        missing.append("the home's id, used on this hub only ([home] id)")
    if not setup.timezone:
        missing.append("the home's time zone ([home] timezone)")
    if not setup.residents:
        missing.append("how many people live here ([home] residents)")
    return missing


def _consent(setup: Setup, _found: Found) -> list[str]:
    if setup.agreed is None:
        return [AGREED]
    return []


def _rooms(setup: Setup, _found: Found) -> list[str]:
    return [] if setup.rooms else ["the rooms ([[room]])"]


def _sensors(setup: Setup, _found: Found) -> list[str]:
    if not setup.sensors:
        return ["the sensors ([[sensor]]): without one nothing would be watched"]
    return [line for thing in things(setup) if (line := _unpaired(setup, *thing))]


def _unpaired(setup: Setup, id: str, kind: str, address: str) -> str:
    """Why that sensor or signal is not paired, or nothing."""
    if address == NEXT:
        return f"{id}: no device has joined for it yet"
    device = setup.devices.get(device_of(address))
    if device is None:
        return f"{id}: waits for the device {address} to join"
    if device.interview == "running":
        return f"{id}: {address} is being interviewed"
    if device.interview == "failed":
        return f"{id}: the interview of {address} failed: hold it near the hub, wake it, and try again"
    return unfit(device, id, kind)


def _boards(setup: Setup, _found: Found) -> list[str]:
    ports = {serial.bridge for serial in setup.serial}
    missing = []
    for bridge in ports | {link_of(sensor) for sensor in _wired(setup)}:
        used = [sensor for sensor in _wired(setup) if link_of(sensor) == bridge]
        board = setup.boards.get(bridge)
        if bridge not in ports:
            missing.append(f"{bridge}: no port leads to it, and {used[0].id} is wired to it ([[serial]])")
        elif board is None:
            missing.append(f"{bridge}: the board has not said who it is yet")
        else:
            missing += [
                f"{sensor.id}: {bridge} has no input {channel}; it has {', '.join(board.channels) or 'none'}"
                for sensor in used
                if (channel := sensor.address.partition("/")[2]) not in board.channels
            ]
    return sorted(missing)


def _wired(setup: Setup) -> list[Sensor]:
    return [sensor for sensor in setup.sensors if sensor.link == "serial"]


def _family(setup: Setup, _found: Found) -> list[str]:
    if setup.family and not setup.consent.summary_to_family:
        return ["who lives here does not want the day to be told ([consent] summary_to_family): nobody is invited"]
    return [f"{one.name}: not invited yet" for one in setup.family if one.name not in setup.invited]


def _centre(setup: Setup, found: Found) -> list[str]:
    if not setup.centres:
        return ["the monitoring centre's broker ([[centre]] host): alerts would reach nobody"]
    return [fault for fault in found.centres if fault]


def _nothing(_setup: Setup, _found: Found) -> list[str]:
    return []


def _files(_setup: Setup, found: Found) -> list[str]:
    return [] if found.written else ["home.toml and hub.toml are not written yet, or say less than was said since"]


FILES: Final = "files"
FOUND: Final = Found()  # nothing yet
STEPS: Final = (
    Step("identity", "This hub", "who it is to the centre", (), ("hub", "local"), _identity),
    Step("home", "The home, and who lives there", "whose day it is", (), ("home",), _home),
    Step("consent", "What was agreed", "nobody is watched unasked", ("home",), ("consent",), _consent),
    Step("rooms", "Rooms", "where somebody may be", ("home",), ("room",), _rooms),
    Step("sensors", "Sensors", "what hears them", ("rooms",), ("sensor", "signal"), _sensors),
    Step("boards", "Wired boards", "what is wired to a board on USB", ("rooms",), ("serial",), _boards, optional=True),
    Step("care", "Care plan", "what is told, and how soon", ("rooms",), ("care",), _nothing, optional=True),
    Step("family", "Family", "who may look at the day", ("home",), ("page", "family"), _family, optional=True),
    Step("centre", "Monitoring centre", "who comes", ("identity",), ("centre",), _centre),
    Step(FILES, "Write it down", "what the hub goes by", (), (), _files),
)
NAMES: Final = tuple(step.name for step in STEPS)


def stands(setup: Setup, found: Found) -> tuple[Stand, ...]:
    done: dict[str, bool] = {}
    told: list[Stand] = []
    for step in STEPS:
        missing = tuple(step.missing(setup, found))
        needs = tuple(done) if step.name == FILES else step.needs
        waits = tuple(name for name in needs if not done[name])
        done[step.name] = not missing and (not step.optional or step.name in setup.decided)
        if step.name == FILES:  # the family can be invited, and a plan thought about, once the home is watched
            waits = tuple(name for name in waits if _keeps_from_writing(name, told))
            done[step.name] = not missing and not waits
        told.append(Stand(step, "done" if done[step.name] else "waits" if waits else "open", missing, waits))
    return tuple(told)


def _keeps_from_writing(name: str, told: list[Stand]) -> bool:
    stand = next(one for one in told if one.step.name == name)
    return name != "family" and bool(stand.missing or not stand.step.optional)


def next_step(setup: Setup, found: Found, optional: bool = True) -> Stand | None:
    """The first that is not done and waits for nothing; ``optional`` False: of those that a home cannot be without, and
    of the others those of which something was said."""
    for stand in stands(setup, found):
        if stand.state == "open" and (optional or stand.missing or not stand.step.optional):
            return stand
    return None


def ready(setup: Setup, found: Found) -> list[str]:
    """What keeps home.toml and hub.toml from being written."""
    return [
        line
        for stand in stands(setup, found)
        if stand.step.name not in (FILES, "family")
        for line in (stand.missing or [f"{one}: comes first" for one in stand.waits_for])
    ]


def notices(setup: Setup, found: Found = FOUND) -> list[str]:
    """What does not keep a home from being watched, and is better put right while somebody is there."""
    said = []
    for id, _, address in things(setup):
        device = setup.devices.get(device_of(address))
        if device is None:
            continue
        if device.battery_percent is not None and device.battery_percent < LOW_BATTERY_PERCENT:
            low = f"{id}: its battery is at {device.battery_percent} % (heard {battery_heard(device)})"
            said.append(f"{low}: put a new one in now; that is heard when it next reports")
        if device.link_quality is not None and device.link_quality < WEAK_LINK:
            weak = f"{id}: its radio link is weak ({device.link_quality} of 255)"
            said.append(f"{weak}: put a mains plug that repeats between it and the hub")
        if not device.known:
            said.append(f"{id}: zigbee2mqtt does not know this model, and guesses what it says: try it out")
    heard = {
        sensor.room for sensor in setup.sensors if sensor.kind in ("motion", "presence", "door", "bed", "vibration")
    }
    said += [f"{room.id}: no sensor hears anybody there" for room in setup.rooms if room.id not in heard]
    if not found.clock:
        said.append("this hub's clock is not set: from when to when certificates are good was not looked at")
    if not setup.consent.monitoring:
        said.append("who lives here does not want to be watched: nothing will be, help buttons included")
    if any(is_loopback(centre.host) for centre in setup.centres):
        said.append("a centre on this machine is for demos and tests: nobody comes")
    return said


def battery_heard(device: Newcomer) -> str:
    """When; a device that sleeps may tell of a new battery only hours after it has it."""
    return "earlier" if device.battery_at is None else utc_minute(device.battery_at)


def view(setup: Setup, found: Found) -> dict[str, Any]:
    """All of it as plain data."""
    following = next_step(setup, found)
    return {
        "version": VERSION,
        "steps": [
            {
                "name": stand.step.name,
                "title": stand.step.title,
                "why": stand.step.why,
                "tables": list(stand.step.tables),
                "optional": stand.step.optional,
                "state": stand.state,
                "missing": list(stand.missing),
                "waits_for": list(stand.waits_for),
            }
            for stand in stands(setup, found)
        ],
        "next": following.step.name if following else None,
        "notices": notices(setup, found),
        "answers": plain(setup),
        "devices": [one._asdict() | {"kinds": list(one.kinds)} for one in setup.devices.values()],
        "boards": [one._asdict() | {"channels": list(one.channels)} for one in setup.boards.values()],
        "invited": list(setup.invited),
        "written": found.written,
    }
