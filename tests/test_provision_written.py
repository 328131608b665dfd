"""What an installer said is what the hub goes by: both files read back as it was said, whatever a name is."""

from dataclasses import fields, replace
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.home import MAX_NAME_CHARS, naming
from agent.home import parse as parse_home
from agent.hub import Page, Serial
from agent.hub import parse as parse_hub
from agent.newcomer import Newcomer
from agent.nouns import Care, Consent, Room, Sensor, Signal
from agent.provision.answers import read, read_again
from agent.provision.kept import BadSetup, kept
from agent.provision.setup import Agreed, BoardSeen, Centre, Member, Setup, begun, plain
from agent.provision.toml_text import text, value
from agent.provision.writing import home_text, hub_text, upstream
from tests.setup_maker import DOOR, PIR, said

HOSTILE = (
    'the "big" one', "Mum's", 'name" # not', "]]\\", "[[sensor]]", '"""', "''", "= 1", "a\\u202eb", "\\", "\\\\n",
    "חדר שינה", "غرفة", "👵🏽 Oma 👨‍👩‍👧", "x" * MAX_NAME_CHARS, "é" * 64, "\U0010ffff", "  edges  ", "#", "${HOME}",
    "\ufeffmark", "\u200djoin", "\xa0", "null", "true", "1979-05-27",
)  # fmt: skip
NAMES = st.one_of(
    st.sampled_from(HOSTILE), st.text(max_size=MAX_NAME_CHARS, alphabet=st.characters(codec="utf-8"))
).filter(lambda name: naming("a name").read(name) is not None)
IDS = st.from_regex(r"[a-z0-9-]{1,32}", fullmatch=True)
ADDRESSES = st.integers(0, 2**64 - 1).map(lambda number: f"0x{number:016x}")
CARES = st.builds(
    Care,
    st.floats(0.1, 60),
    st.none() | st.integers(0, 1439),
    st.tuples(st.integers(0, 719), st.integers(720, 1439)),
    st.integers(1, 720),
    st.booleans(),
    st.integers(1, 720),
    st.none() | st.integers(0, 1439),
    st.integers(10, 240),
)


@st.composite
def setups(draw: st.DrawFn) -> Setup:
    rooms = [Room(id, "bedroom", draw(NAMES)) for id in draw(st.lists(IDS, min_size=1, max_size=4, unique=True))]
    places = draw(st.lists(ADDRESSES, min_size=2, max_size=6, unique=True))
    there = [draw(st.sampled_from(rooms)).id for _ in places]
    sensors = [Sensor(f"s-{n}", "door", there[n], "fridge", "zigbee", each) for n, each in enumerate(places[1:])]
    sensors.append(Sensor("felt", "bed", there[0], None, "serial", "bridge-1/bed0", draw(st.booleans())))
    who, maker = draw(NAMES), draw(NAMES)
    return Setup(
        hub_id=draw(IDS),
        home_id=draw(IDS),
        timezone="Asia/Kathmandu",
        residents=draw(st.integers(1, 20)),
        agreed=Agreed(who, "2026-02-28", draw(NAMES)),
        consent=draw(st.builds(Consent, st.booleans(), st.booleans(), st.booleans())),
        rooms=tuple(rooms),
        sensors=tuple(sensors),
        signals=(Signal("lamp", "lamp", there[0], places[0]),),
        serial=(Serial('/dev/serial/by-id/usb "odd" #1', "bridge-1"), Serial("two", "bridge-b", 9_600)),
        care=draw(CARES),
        page=draw(st.none() | st.just(Page("192.168.1.20", 8444, ("hearth.local",)))),
        centres=(Centre("broker.example", None, "a.pem", None, "r.pub", 8), Centre("::1", 1885)),
        devices={places[1]: Newcomer(places[1], who, maker, draw(NAMES))},
        boards={"bridge-1": BoardSeen("bridge-1", "uno 1.0", ("bed0", "door0"))},
        decided=frozenset({"care", "boards"}),
        written=("one", "two"),
    )


@given(setups())
def test_the_home_file_says_what_the_installer_said_whatever_a_room_is_called(setup: Setup) -> None:
    home = parse_home(home_text(setup))
    assert (home.id, home.timezone, home.residents) == (setup.home_id, setup.timezone, setup.residents)
    assert tuple(home.rooms.values()) == setup.rooms
    assert tuple(home.sensors.values()) == setup.sensors
    assert (home.signals, home.care, home.consent) == (setup.signals, setup.care, setup.consent)


@given(setups())
def test_the_hub_file_says_what_the_installer_said(setup: Setup) -> None:
    hub = parse_hub(hub_text(setup))
    assert (hub.id, hub.state, hub.home, hub.local) == (setup.hub_id, "state", "home.toml", setup.local)
    assert (hub.serial, hub.page) == (setup.serial, setup.page)
    assert hub.upstreams == tuple(upstream(centre, nth) for nth, centre in enumerate(setup.centres))
    assert hub.upstreams[0].key == "centre/hub.key"
    assert hub.upstreams[1].ca is None


@given(setups())
def test_what_is_kept_between_two_visits_is_all_of_it(setup: Setup) -> None:
    if setup.page is not None:
        setup = replace(setup, family=(Member("tom"), Member("mary", True)), invited=("tom",))
        setup = replace(setup, decided=setup.decided | {"family"})
    assert read_again(kept(setup)) == setup


@given(st.dictionaries(st.text(min_size=1, max_size=8, alphabet=st.characters(codec="utf-8")),
                       st.text(alphabet=st.characters(codec="utf-8"), max_size=30)))  # fmt: skip
def test_whatever_a_form_holds_reads_back_from_toml(table: dict[str, str]) -> None:
    import tomllib

    assert tomllib.loads(text({"t": table, "l": [table, {}], "none": []})) == {"t": table, "l": [table, {}], "none": []}


def test_half_a_character_is_refused_and_not_written() -> None:
    with pytest.raises(ValueError, match="half a character"):
        value("\ud800")


def test_a_remark_in_the_file_cannot_become_a_line_of_it() -> None:
    device = Newcomer(PIR, "", "Maker\n[care]\nnight_exit = false #", "\u202e\x85\u2028", "ready", kinds=("motion",))
    setup = replace(said(), devices={PIR: device})
    setup = replace(setup, sensors=(replace(setup.sensors[0], address=PIR), setup.sensors[1]))
    assert "\\n[care]\\nnight_exit" in home_text(setup)
    assert parse_home(home_text(setup)).care.night_exit


NOTHING: Final = b'{"devices": [], "boards": [], "invited": [], "decided": [], "written": []}'
ODD: Final = b'{"version": 1, "said": {"home": {"id": 7}}, "found": ' + NOTHING + b"}"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is no progress"),
        (b"{}", "is no progress"),
        (b"[" * 100_000, "is no progress"),
        (b'{"version": 2, "said": {}, "found": {}}', "is of version 2, and this agent knows 1"),
        (b'{"version": 1, "said": [], "found": {}}', "is no progress"),
        (ODD, "holds what cannot be: line 2: home.id"),
        (b'{"version": 1, "said": {}, "found": {"devices": [{}]}}', "does not tell what was found"),
        (b" " * (1 << 21), "bytes long"),
    ],
)  # fmt: skip
def test_progress_that_is_damaged_is_refused_in_one_line(data: bytes, why: str) -> None:
    with pytest.raises(BadSetup, match=why) as refused:
        read_again(data)
    assert "\n" not in str(refused.value)


def test_a_change_to_one_table_leaves_all_others() -> None:
    before = said()
    after = read(text({"care": {"bed_exit_minutes": 15}}), before)
    assert after.care.bed_exit_minutes == 15
    assert replace(after, care=before.care, decided=before.decided) == before
    assert plain(after)["sensor"][1]["address"] == DOOR


WHOLE: Final = """
[hub]
id = "hub-1"
state = "lived"
home = "elsewhere.toml"
stall_seconds = 60
volatile = "memory"
outbox = "shared"
[local]
host = "127.0.0.2"
port = 1884
username = "watch"
credentials = "password"
base_topic = "z2m"
[[upstream]]
host = "localhost"
port = 8884
ca = "centre/ca.pem"
certificate = "centre/hub.pem"
key = "tls/hub.key"
receipt_key = "centre/receipts.pub"
keepalive_seconds = 8
[[serial]]
port = "/dev/board"
bridge = "bridge-b"
baud = 9600
[page]
address = "127.0.0.3"
port = 8444
names = ["hearth.local"]
language = "de"
state = "family"
[simulation]
start = 2026-03-01T06:30:00Z
speed = 60
"""


def is_said_in_full(noun: Any) -> bool:
    """Whether no field is as it would be were it not said: so a field that is new is not forgotten here."""
    return all(getattr(noun, each.name) != each.default for each in fields(noun))


def test_a_hub_that_was_set_up_by_hand_loses_nothing_of_what_its_file_says() -> None:
    hub = parse_hub(WHOLE)
    for noun in (hub, hub.local, hub.upstreams[0], hub.serial[0], hub.page, hub.simulation):
        assert is_said_in_full(noun), noun
    assert parse_hub(hub_text(begun(None, hub))) == hub


WHOLE_HOME: Final = """
[home]
id = "elm-12"
timezone = "Europe/London"
residents = 2
[[room]]
id = "hall"
kind = "hall"
name = "Diele"
[[sensor]]
id = "front-door"
kind = "door"
role = "entrance"
room = "hall"
link = "zigbee"
address = "0x00124b0022334455#1"
inverted = true
[[signal]]
id = "lamp"
kind = "lamp"
room = "hall"
link = "zigbee"
address = "0x00124b0099887766"
[care]
false_alerts_per_30_days = 1.5
not_up_by = "10:30"
night = ["22:00", "07:00"]
bed_exit_minutes = 15
night_exit = false
door_open_minutes = 5
home_by = "21:00"
ask_first_seconds = 60
[consent]
monitoring = false
bathroom_detail_to_family = true
summary_to_family = false
"""


def test_a_home_that_was_written_by_hand_loses_nothing_of_what_its_file_says() -> None:
    home = parse_home(WHOLE_HOME)
    for noun in (home, home.care, home.consent, home.sensors["front-door"], home.rooms["hall"], home.signals[0]):
        assert is_said_in_full(noun), noun
    again = parse_home(home_text(begun(home, None)))
    assert replace(again, text="") == replace(home, text="")
