"""hub.toml: what the smallest one needs, and what would be unsafe."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.home import parse as parse_home
from agent.hub import BadHub, Hub, Local, Page, Serial, Simulation, Upstream, parse, unheard
from agent.nouns import Home, Instant, Sensor
from tests.conftest import ROOT

SMALLEST = """\
[hub]
state = "state"
home = "home.toml"
[local]
host = "localhost"
[upstream]
host = "127.0.0.1"
"""
TLS = 'ca = "ca.pem"\ncertificate = "hub.pem"\nkey = "hub.key"\nreceipt_key = "receipts.pub"\n'


def mistakes(text: str) -> list[str]:
    with pytest.raises(BadHub) as bad:
        parse(text)
    return [str(mistake) for mistake in bad.value.mistakes]


def test_the_smallest_hub_names_a_state_a_home_and_two_brokers() -> None:
    assert parse(SMALLEST) == Hub(
        id=None,
        state="state",
        home="home.toml",
        local=Local("localhost", 1883, None, None, "zigbee2mqtt"),
        upstreams=(Upstream("127.0.0.1", 1883),),
    )
    lines = SMALLEST.splitlines()
    for needed in (2, 3, 5, 7):
        assert "is missing" in mistakes("\n".join(lines[: needed - 1] + lines[needed:]))[0]
    assert mistakes("\n".join(lines[:5])) == ["line 1: a hub needs an [upstream]: alerts would reach nobody"]


def test_the_example_for_installers_is_read() -> None:
    hub = parse((ROOT / "deploy" / "hub.toml").read_bytes())
    assert (hub.id, hub.state, hub.home) == ("hub-0001", "/var/lib/hearthwatch", "home.toml")
    assert (hub.outbox, hub.volatile) == ("/var/lib/hearthwatch/outbox", "/run/hearthwatch")
    assert hub.local == Local("127.0.0.1", 1883, "hearthwatch", "watch/local-password", "zigbee2mqtt")
    assert [(upstream.port, upstream.receipt_key) for upstream in hub.upstreams] == [(8883, "centre/receipts.pub")]
    assert hub.serial == ()  # until there is a board


def test_what_the_example_has_in_comments_is_right_too() -> None:
    text = (ROOT / "deploy" / "hub.toml").read_text()
    begins = text.index("# [page]")
    page = text[begins : text.index("\n\n", begins)].replace("# [", "[").replace("\n# ", "\n")
    assert parse(SMALLEST + page).page == Page(
        "192.168.1.20", 8443, ("hearth.local",), "en", "/var/lib/hearthwatch-page"
    )
    simulation = text[text.index("# [simulation]") :].replace("# [", "[").replace("# s", "s")
    assert parse(SMALLEST + simulation).simulation == Simulation(Instant(1_772_346_600_000), 60)
    begins = text.index("# [[serial]]")
    board = text[begins : text.index("\n\n", begins)].replace("# [", "[").replace("\n# ", "\n")
    by_id = "/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0"
    assert parse(SMALLEST + board).serial == (Serial(by_id, "bridge-1"),)
    begins = text.index('# [[upstream]]\n# host = "second')
    second = text[begins : text.index("\n\n", begins)].replace("# ", "")
    both = parse(SMALLEST.replace("[upstream]", "[[upstream]]") + second).upstreams
    assert both[1].receipt_key == "second/receipts.pub"


def test_alerts_never_cross_a_network_in_the_clear() -> None:
    far = SMALLEST.replace("127.0.0.1", "broker.example")
    message = "broker.example is another machine: ca, certificate, key, receipt_key must be named"
    assert mistakes(far) == [f"line 7: upstream.host: {message}"]
    (upstream,) = parse(far + TLS).upstreams
    assert upstream == Upstream("broker.example", 8883, "ca.pem", "hub.pem", "hub.key", "receipts.pub")
    for host in ("10.0.0.1", "0.0.0.0", "localhost.example", "127.0.0.1.example"):
        assert "another machine" in mistakes(SMALLEST.replace("127.0.0.1", host))[0]
    for host in ("127.8.8.8", "::1", "localhost"):
        assert parse(SMALLEST.replace("127.0.0.1", host)).upstreams[0].host == host


def test_how_soon_a_dead_or_stalled_hub_is_missed_can_be_chosen_within_bounds() -> None:
    default = parse(SMALLEST)
    assert (default.stall_s, default.upstreams[0].keepalive_s) == (45, 50)
    wired = parse(SMALLEST.replace("[local]", "stall_seconds = 20\n[local]") + "keepalive_seconds = 8\n")
    assert (wired.stall_s, wired.upstreams[0].keepalive_s) == (20, 8)
    assert mistakes(SMALLEST + "keepalive_seconds = 4\n") == [
        "line 8: upstream.keepalive_seconds: expected a whole number from 5 to 600, not 4"
    ]
    assert mistakes(SMALLEST.replace("[local]", "stall_seconds = 1.5\n[local]")) == [
        "line 4: hub.stall_seconds: expected a whole number from 3 to 300, not 1.5"
    ]


def test_half_of_the_tls_files_is_a_mistake_even_on_this_machine() -> None:
    assert mistakes(SMALLEST + 'ca = "ca.pem"\n') == ["line 8: upstream.ca: ca, certificate and key belong together"]


def test_a_second_path_upstream_is_another_broker() -> None:
    two = SMALLEST.replace("[upstream]", "[[upstream]]") + '[[upstream]]\nhost = "127.0.0.1"\n'
    assert [upstream.port for upstream in parse(two + "port = 1884\n").upstreams] == [1883, 1884]
    assert mistakes(two) == ["line 9: upstream[2].host: 127.0.0.1:1883 is there twice, first on line 7"]
    five = SMALLEST.replace("[upstream]", "[[upstream]]") + "".join(
        f'[[upstream]]\nhost = "::1"\nport = {i}\n' for i in range(1, 5)
    )
    assert mistakes(five) == ["line 6: upstream: 5 are too many; at most 4 are read"]


def test_a_scaled_clock_never_reaches_a_real_centre() -> None:
    simulation = "[simulation]\nstart = 2026-03-01T06:30:00+01:00\nspeed = 120\n"
    assert parse(SMALLEST + simulation).simulation == Simulation(Instant(1_772_343_000_000), 120)
    assert parse(SMALLEST + "[simulation]\n").simulation == Simulation(None, 1)
    refused = "simulation: allowed only when every broker is on this machine, and broker.example is not"
    assert mistakes(SMALLEST.replace("127.0.0.1", "broker.example") + TLS + simulation) == [f"line 12: {refused}"]
    assert mistakes(SMALLEST.replace("localhost", "broker.example") + simulation) == [f"line 8: {refused}"]
    start = "a date and time with an offset, such as 2026-03-01T06:30:00Z"
    assert mistakes(SMALLEST + "[simulation]\nspeed = 121\nstart = 2026-03-01\n") == [
        "line 9: simulation.speed: expected a whole number from 1 to 120, not 121",
        f"line 10: simulation.start: expected {start}, not 2026-03-01",
    ]


@pytest.mark.parametrize(
    ("local", "said"),
    [
        ("port = 0", "a whole number from 1 to 65535, not 0"),
        ('base_topic = "z2m/#"', "an MQTT topic without + and #"),
        ('base_topic = "/z2m"', "an MQTT topic without + and #"),
        ('username = "u"', "belong together"),
        ('password = "secret"', "unknown key"),
    ],
)
def test_a_wrong_local_broker_is_told(local: str, said: str) -> None:
    (told,) = mistakes(SMALLEST.replace("[upstream]", f"{local}\n[upstream]"))
    assert said in told
    assert "secret" not in told


def test_serial_ports_are_listed_once() -> None:
    ports = '[[serial]]\nport = "/dev/ttyUSB0"\n[[serial]]\nport = "/dev/ttyUSB1"\n'
    first, second = parse(SMALLEST + ports).serial
    assert (first, second) == (Serial("/dev/ttyUSB0", "bridge-1"), Serial("/dev/ttyUSB1", "bridge-2"))
    assert mistakes(SMALLEST + ports.replace("USB1", "USB0")) == [
        "line 11: serial[2].port: '/dev/ttyUSB0' is there twice"
    ]


@pytest.mark.parametrize("address", ["203.0.113.7", "2001:db8::1", "hearth.local", "8.8.8.8", "", "::ffff:8.8.8.8", 7])
def test_a_page_is_served_at_home_and_nowhere_else(address: str | int) -> None:
    (mistake,) = mistakes(f"{SMALLEST}[page]\naddress = {address!r}\n")
    assert "in the home's network" in mistake


def test_a_page_beyond_this_machine_has_tls_and_answers_to_its_own_names_alone() -> None:
    here = parse(f'{SMALLEST}[page]\naddress = "127.0.0.1"\nport = 8080\n').page
    assert here is not None
    assert (here.secure, here.url) == (False, "http://127.0.0.1:8080")
    assert here.hosts == {"127.0.0.1:8080", "localhost:8080"}
    there = parse(f'{SMALLEST}[page]\naddress = "fd00::20"\nport = 443\nnames = ["Hearth.local"]\n').page
    assert there is not None
    assert (there.secure, there.url) == (True, "https://hearth.local:443")
    assert there.hosts == {"[fd00::20]", "[fd00::20]:443", "hearth.local", "hearth.local:443"}
    assert mistakes(f'{SMALLEST}[page]\naddress = "0.0.0.0"\n') == [
        "line 9: page.address: 0.0.0.0 is every address: name in `names` what browsers will call this hub"
    ]
    assert "up to 4 host names" in mistakes(f'{SMALLEST}[page]\naddress = "10.0.0.2"\nnames = ["a b"]\n')[0]


def test_two_boards_of_one_name_are_a_mistake_and_a_sensor_behind_no_port_is_named() -> None:
    twice = '[[serial]]\nport = "/dev/ttyUSB0"\n[[serial]]\nport = "/dev/ttyUSB1"\nbridge = "bridge-1"\n'
    assert mistakes(SMALLEST + twice) == [
        "line 12: serial[2].bridge: 'bridge-1' is there twice: which of the two boards is it?"
    ]
    attic = Sensor("attic-door", "door", "hall", None, "serial", "bridge-9/door0")
    home = Home("elm-12", "Europe/London", 1, {}, {attic.id: attic})
    assert unheard(parse(SMALLEST), home) == (
        "nobody hears 1 sensor (attic-door): hub.toml has no [[serial]] with bridge = bridge-9"
    )
    named = '[[serial]]\nport = "/dev/ttyUSB0"\nbridge = "bridge-9"\n'
    assert unheard(parse(SMALLEST + named), home) is None


@pytest.mark.parametrize("host", ["mqtt..local", ".local", "a" * 64 + ".local", "-mqtt", "mqtt-.local", "1::2::3", "."])
def test_a_host_that_no_resolver_takes_is_a_mistake_and_not_a_crash_later(host: str) -> None:
    (told,) = mistakes(SMALLEST.replace("localhost", host))
    assert told.startswith("line 5: local.host: expected a host name or an IP address, without port or scheme, not ")


@pytest.mark.parametrize(
    "host", ["mqtt", "mqtt.local", "mqtt.local.", "core_mosquitto", "a" * 63, "10.0.0.7", "fe80::1"]
)
def test_hosts_as_homes_have_them_are_taken(host: str) -> None:
    assert parse(SMALLEST.replace("localhost", host)).local.host == host


@given(st.binary() | st.text())
def test_any_file_gives_a_hub_or_its_mistakes(data: str | bytes) -> None:
    with pytest.raises(BadHub):
        parse(data)


def test_the_example_of_a_home_is_read_too() -> None:
    home = parse_home((ROOT / "deploy" / "home.toml").read_bytes())
    assert {sensor.link for sensor in home.sensors.values()} == {"zigbee"}
