"""What a hub holds of a home, in the order in which it goes: keys first, for whoever finds the rest can then do nothing
in its name."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

KINDS: Final = (
    "keys",
    "passwords",
    "certificates",
    "family accounts",
    "journal",
    "outbox",
    "copies in memory",
    "home file",
    "set-up records",
    "zigbee2mqtt",
    "the rest",
)
# In the state folder, by how a name begins; what is not named here is "the rest", and goes too.
_IN_STATE: Final = (
    ("hub.key", "keys"),
    ("page.key", "keys"),
    ("page.pem", "certificates"),
    ("page.db", "family accounts"),
    ("journal.db", "journal"),
    ("imported.db", "journal"),
    ("outbox.db", "outbox"),
    ("outbox/", "outbox"),
    ("requests/", "journal"),
    ("walk", "set-up records"),
    ("setup", "set-up records"),
)
BEFORE: Final = ".before"  # after home.toml's name: the home as it was set up before the last time
# Beside hub.toml and home.toml: what setting up, walking and certifying leave there.
BESIDE: Final = ("setup.json", "setup.lock", "walk.json", "answers.toml", "certificate.html", "privacy.html")
# In zigbee2mqtt's folder: the network key, names, who was paired, what they said last.
ZIGBEE2MQTT: Final = (
    "configuration.yaml",
    "secret.yaml",
    "devices.yaml",
    "groups.yaml",
    "database.db",
    "database.db.backup",
    "database.db.tmp",
    "state.json",
    "coordinator_backup.json",
)
ZIGBEE2MQTT_BACKUPS: Final = "configuration_backup_v*.yaml"  # what it was before another release: network key and all
ZIGBEE2MQTT_FOLDERS: Final = ("log", "device_icons")


class Thing(NamedTuple):
    """One file, and what it was when erasing began."""

    kind: str
    path: str
    size: int


def halves_of(name: str) -> tuple[str, ...]:
    """How a file is called, as patterns, that was being written in the place of ``name`` when the power went."""
    return f".{name[:80]}.*", f"{name}.*.half"


def kind_of(name: str) -> str:
    """Of a file in the state folder, by its path from there."""
    return next((kind for start, kind in _IN_STATE if name.startswith(start)), "the rest")


def ordered(things: Iterable[Thing]) -> list[Thing]:
    """Each once, keys first."""
    once = {thing.path: thing for thing in reversed(list(things))}
    return sorted(once.values(), key=lambda thing: (KINDS.index(thing.kind), thing.path))


def proof(
    hub: str, request: str, when: str, things: Sequence[Thing], left: Sequence[str], searched: str, radio: bool
) -> str:
    """For people: what was there, what is gone, and what no program can promise. ``request``: where it lies, or why
    there is none. ``radio``: zigbee2mqtt's folder was to go as well."""
    lines = [f"Hub {hub}: erased {when}.", "", "What was there, and is gone:"]
    for kind in KINDS:
        some = [thing.size for thing in things if thing.kind == kind]
        if some:
            files = "1 file" if len(some) == 1 else f"{len(some)} files"
            lines.append(f"  {kind:<18}{files:>9}{sum(some):>13,} bytes")
    lines += ["", *(f"STILL THERE: {one}" for one in left), *([""] if left else [])]
    return "\n".join([*lines, searched, "", request, "", CARD, *([] if radio else [RADIO])])


CARD: Final = """\
Each file was overwritten with zeros before it was removed. A memory card or an
SSD writes elsewhere than it is told, and may keep old blocks that no program can
reach. What then still lies on it was this home's journal; the keys on it open
nothing once the centre has retired the hub. To be sure: take the card out and
destroy it, or discard all of it (`blkdiscard` on another machine).

Not erased here: hub.toml, which names no person; the local broker's own password
file; backups that somebody made elsewhere; what the centre has received.
"""
RADIO: Final = """\
Not erased either: zigbee2mqtt's folder, with the radio network's key and what
each device is called. Name it with --zigbee2mqtt, where this hub had one.
"""
