"""hub.toml: this hub, where it keeps its state, and whom it talks to. deploy/hub.toml is the example, with comments.

Paths are as written; whoever opens one takes it relative to the folder of hub.toml. Secrets are files named here,
never values. Every mistake is reported at once.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from agent.civil import parse_rfc3339
from agent.near import address_of, is_loopback, is_near
from agent.nouns import Home, Instant, link_of
from agent.toml_mistakes import BadToml, Document, Form, Table, matching, whole

MAX_UPSTREAMS: Final = 4  # more are a mistake, and not read
MAX_SERIAL_PORTS: Final = 8  # likewise
MAX_HOST_CHARS: Final = 253  # of a host name; a longer one exists nowhere
KEEPALIVE_S: Final = 50  # a broker misses a hub after 1.5 of these and up to 6 s: 81 s, where 90 s is promised
STALL_S: Final = 45  # a stage of the agent that has not come round for so long has stalled
MAX_SPEED: Final = 120  # of a simulation; transport timers stay real, so more would prove nothing
MAX_PAGE_NAMES: Final = 4  # likewise
BAUD: Final = 115_200  # firmware-bridge/README.md
PAGE_PORT: Final = 8443
EVERYWHERE: Final = ("0.0.0.0", "::")  # every address of this machine; only near browsers are answered all the same

HUB_ID: Final = matching(r"[a-z0-9-]{1,32}", "1 to 32 of a-z, 0-9 and -")
_LABEL: Final = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")


def _host(value: object) -> str | None:
    """A name whose every label the resolver takes (it throws at an empty one), or an address."""
    if not isinstance(value, str) or len(value) > MAX_HOST_CHARS:
        return None
    if ":" in value:
        return value if address_of(value) and "%" not in value else None
    return value if all(_LABEL.fullmatch(label) for label in value.removesuffix(".").split(".")) else None


HOST: Final = Form("a host name or an IP address, without port or scheme", "", _host)
PORT: Final = whole(1, 65_535)
PATH: Final = matching(r"[^\x00-\x1f\x7f]{1,900}", "the path of a file or folder")
BRIDGE: Final = matching(r"(?!(zigbee|log)$)[a-z0-9-]{1,32}", "1 to 32 of a-z, 0-9 and -, such as bridge-1")
USERNAME: Final = matching(r"[^\x00-\x1f\x7f]{1,64}", "a user name of the broker, at most 64 characters")
TOPIC: Final = matching(r"[^+#/\x00-\x1f\x7f]+(/[^+#/\x00-\x1f\x7f]+){0,7}", "an MQTT topic without + and #")


class BadHub(BadToml):
    """The hub file is wrong."""


@dataclass(frozen=True, slots=True)
class Local:
    """The broker that zigbee2mqtt speaks to. The password is the first line of the file ``credentials``."""

    host: str
    port: int = 1883
    username: str | None = None
    credentials: str | None = None
    base_topic: str = "zigbee2mqtt"


@dataclass(frozen=True, slots=True)
class Upstream:
    """A monitoring centre's broker. All four files, or, on loopback only, no TLS files.

    ``receipt_key`` holds the centre's Ed25519 public key; without it no receipt is believed. The broker misses a hub
    that is dead after 1.5 times ``keepalive_s``.
    """

    host: str
    port: int
    ca: str | None = None
    certificate: str | None = None
    key: str | None = None
    receipt_key: str | None = None
    keepalive_s: int = KEEPALIVE_S


@dataclass(frozen=True, slots=True)
class Serial:
    """A port with a wired board on it, and the name that its sensors have in home.toml before the stroke."""

    port: str
    bridge: str
    baud: int = BAUD


@dataclass(frozen=True, slots=True)
class Page:
    """Where the family's page is served: an address of this hub in the home's own network, or this machine alone.

    ``names``: what browsers may call it besides; any other name is refused. ``language``: of a catalogue of words.
    ``state``: the folder of its accounts and its certificate; None: the hub's."""

    address: str
    port: int = PAGE_PORT
    names: tuple[str, ...] = ()
    language: str = "en"
    state: str | None = None

    @property
    def secure(self) -> bool:
        """Beyond this machine with TLS, always."""
        return not is_loopback(self.address)

    @property
    def hosts(self) -> frozenset[str]:
        """What a browser may ask for in Host."""
        own = [] if self.address in EVERYWHERE else [f"[{self.address}]" if ":" in self.address else self.address]
        own += [] if self.secure else ["localhost"]
        default = 443 if self.secure else 80
        ends = (f":{self.port}", "") if self.port == default else (f":{self.port}",)
        return frozenset(f"{name.lower()}{end}" for name in (*own, *self.names) for end in ends)

    @property
    def url(self) -> str:
        """Without a stroke at its end."""
        host = self.names[0] if self.names else f"[{self.address}]" if ":" in self.address else self.address
        return f"{'https' if self.secure else 'http'}://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Simulation:
    """A clock that starts at ``start`` (None: now) and runs ``speed`` times as fast; transport timers stay real."""

    start: Instant | None
    speed: int


@dataclass(frozen=True, slots=True)
class Hub:
    """``id`` is the common name of the client certificate; None where the file leaves it to that. Each stage of the
    agent comes round three times in ``stall_s``; one that does not for so long has stalled, and the centre hears it."""

    id: str | None
    state: str
    home: str
    local: Local
    upstreams: tuple[Upstream, ...]
    serial: tuple[Serial, ...] = ()
    simulation: Simulation | None = None
    stall_s: int = STALL_S
    volatile: str | None = None  # a folder in memory, for alerts that the disk does not take; None: the usual one
    page: Page | None = None  # None: nobody looks at this home from a browser
    outbox: str | None = None  # the folder that watch and uplink share; None: the state directory


def unheard(hub: Hub, home: Home) -> str | None:
    """Which wired sensors of home.toml no port of hub.toml leads to, in one line."""
    ports = {serial.bridge for serial in hub.serial}
    lost = [sensor for sensor in home.sensors.values() if sensor.link == "serial" and link_of(sensor) not in ports]
    if not lost:
        return None
    bridges = ", ".join(sorted({link_of(sensor) for sensor in lost}))
    some = ", ".join(sensor.id for sensor in lost[:3])
    many = "1 sensor" if len(lost) == 1 else f"{len(lost)} sensors"
    return f"nobody hears {many} ({some}): hub.toml has no [[serial]] with bridge = {bridges}"


def parse(text: str | bytes) -> Hub:
    """Raises ``BadHub``, and nothing else, for whatever is not a hub; bytes are UTF-8."""
    document = Document(text, BadHub)
    root = document.root
    table = root.table("hub")
    id = table.get("id", HUB_ID, None)
    state = table.need("state", PATH)
    home = table.need("home", PATH)
    stall_s = table.get("stall_seconds", whole(3, 300), STALL_S)
    volatile = table.get("volatile", PATH, None)
    outbox = table.get("outbox", PATH, None)
    local = local_of(root.table("local"))
    upstreams = _upstreams(root)
    serial = serial_of(root)
    simulation = simulation_of(root, [local.host, *(upstream.host for upstream in upstreams)])
    page = page_of(root)
    document.close()
    return Hub(id, state, home, local, upstreams, serial, simulation, stall_s, volatile, page, outbox)


def local_of(table: Table) -> Local:
    local = Local(
        host=table.need("host", HOST),
        port=table.get("port", PORT, 1883),
        username=table.get("username", USERNAME, None),
        credentials=table.get("credentials", PATH, None),
        base_topic=table.get("base_topic", TOPIC, "zigbee2mqtt"),
    )
    if table.has("username") != table.has("credentials"):
        table.wrong("username and credentials (the file with its password) belong together")
    return local


def _upstreams(root: Table) -> tuple[Upstream, ...]:
    tables = root.table_or_tables("upstream", MAX_UPSTREAMS)
    if not tables:
        root.wrong("a hub needs an [upstream]: alerts would reach nobody")
    lines: dict[tuple[str, int], int] = {}
    upstreams: list[Upstream] = []
    for table in tables:
        upstream = _upstream(table)
        first = lines.setdefault((upstream.host, upstream.port), table.line("host"))
        if upstream.host and first != table.line("host"):
            table.wrong(f"{upstream.host}:{upstream.port} is there twice, first on line {first}", "host")
        upstreams.append(upstream)
    return tuple(upstreams)


def _upstream(table: Table) -> Upstream:
    host = table.need("host", HOST)
    port = table.get("port", PORT, None)
    ca, certificate, key = (table.get(name, PATH, None) for name in ("ca", "certificate", "key"))
    receipt_key = table.get("receipt_key", PATH, None)
    keepalive_s = table.get("keepalive_seconds", whole(5, 600), KEEPALIVE_S)
    tls = [name for name in ("ca", "certificate", "key") if table.has(name)]
    missing = [name for name in ("ca", "certificate", "key", "receipt_key") if not table.has(name)]
    if host and missing and not is_loopback(host):
        table.wrong(f"{host} is another machine: {', '.join(missing)} must be named", "host")
    elif tls and len(tls) < 3:
        table.wrong("ca, certificate and key belong together", tls[0])
    return Upstream(host, port or (8883 if tls else 1883), ca, certificate, key, receipt_key, keepalive_s)


def serial_of(root: Table) -> tuple[Serial, ...]:
    found: list[Serial] = []
    for number, table in enumerate(root.tables("serial", MAX_SERIAL_PORTS), 1):
        port = table.need("port", PATH)
        bridge = table.get("bridge", BRIDGE, f"bridge-{number}")
        if port and port in [serial.port for serial in found]:
            table.wrong(f"{port!r} is there twice", "port")
        if bridge in [serial.bridge for serial in found]:
            table.wrong(f"{bridge!r} is there twice: which of the two boards is it?", "bridge")
        found.append(Serial(port, bridge, table.get("baud", whole(9_600, 1_000_000), BAUD)))
    return tuple(found)


def _near(value: object) -> str | None:
    return value if isinstance(value, str) and (is_near(value) or value in EVERYWHERE) else None


NEAR: Final = Form("an address of this hub in the home's network, such as 192.168.1.20, or 127.0.0.1", "", _near)


def _names(value: object) -> tuple[str, ...] | None:
    if not isinstance(value, list) or len(value) > MAX_PAGE_NAMES or any(_host(name) is None for name in value):
        return None
    return tuple(name.lower() for name in value)


NAMES: Final[Form[tuple[str, ...]]] = Form(
    f"a list of up to {MAX_PAGE_NAMES} host names, such as ['hearth.local']", (), _names
)


def _language(value: object) -> str | None:
    return value if isinstance(value, str) and len(value) == 2 and value.isascii() and value.islower() else None


LANGUAGE: Final = Form("the two letters of a language, such as en", "", _language)


def page_of(root: Table) -> Page | None:
    if not root.has("page"):
        root.reserve("page")
        return None
    table = root.table("page")
    port, names = table.get("port", PORT, PAGE_PORT), table.get("names", NAMES, ())
    language, state = table.get("language", LANGUAGE, "en"), table.get("state", PATH, None)
    page = Page(table.need("address", NEAR), port, names, language, state)
    if page.address in EVERYWHERE and not page.names:
        table.wrong(f"{page.address} is every address: name in `names` what browsers will call this hub", "address")
    return page


def _instant(value: object) -> Instant | None:
    if not isinstance(value, datetime):
        return None
    try:
        return parse_rfc3339(value.isoformat())
    except (ValueError, OverflowError):
        return None


START: Final = Form("a date and time with an offset, such as 2026-03-01T06:30:00Z", Instant(0), _instant)


def simulation_of(root: Table, hosts: list[str]) -> Simulation | None:
    """A clock that is not the world's must never reach a real centre."""
    if not root.has("simulation"):
        root.reserve("simulation")
        return None
    table = root.table("simulation")
    far = [host for host in hosts if host and not is_loopback(host)]
    if far:
        table.wrong(f"allowed only when every broker is on this machine, and {far[0]} is not")
    return Simulation(table.get("start", START, None), table.get("speed", whole(1, MAX_SPEED), 1))
