"""home.toml: a good one is read whole, a bad one is told in full."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.home import MAX_ROOMS, MAX_SENSORS, BadHome, parse
from agent.nouns import Care, Consent, Room, Sensor
from agent.toml_mistakes import MAX_LINE_CHARS, MAX_MISTAKES, MAX_TEXT_BYTES, Mistake

SMALLEST = """\
[home]
id = "elm-12"
timezone = "Europe/London"
residents = 1
[[room]]
id = "hall"
kind = "hall"
[[sensor]]
id = "front-door"
kind = "door"
room = "hall"
link = "zigbee"
address = "0x00158d0001a2b3c4"
"""

WHOLE = (
    SMALLEST
    + """\
[[room]]
id = "bedroom"
kind = "bedroom"
name = "Mum's bedroom"
[[sensor]]
id = "bed"
kind = "bed"
room = "bedroom"
link = "serial"
address = "bridge-1/bed0"
inverted = true
[[sensor]]
id = "fridge"
kind = "door"
room = "hall"
role = "fridge"
link = "log"
address = "Fridge (kitchen)"
[care]
false_alerts_per_30_days = 4
not_up_by = "10:30"
night = ["23:00", "06:00"]
bed_exit_minutes = 45
night_exit = false
door_open_minutes = 10
home_by = "21:00"
[consent]
bathroom_detail_to_family = true
summary_to_family = false
"""
)


def mistakes(text: str | bytes) -> list[str]:
    with pytest.raises(BadHome) as bad:
        parse(text)
    return [str(mistake) for mistake in bad.value.mistakes]


def only_mistake(text: str | bytes) -> str:
    (mistake,) = mistakes(text)
    return mistake


def test_the_smallest_home_has_safe_defaults() -> None:
    home = parse(SMALLEST)
    assert (home.id, home.timezone, home.residents) == ("elm-12", "Europe/London", 1)
    assert home.rooms == {"hall": Room("hall", "hall", "hall")}
    door = Sensor("front-door", "door", "hall", "internal", "zigbee", "0x00158d0001a2b3c4")
    assert home.sensors == {"front-door": door}
    assert (home.care, home.consent, home.text) == (Care(), Consent(), SMALLEST)


def test_a_whole_home_is_read_whole() -> None:
    home = parse(WHOLE.encode())
    assert home.rooms["bedroom"].name == "Mum's bedroom"
    assert home.sensors["bed"] == Sensor("bed", "bed", "bedroom", None, "serial", "bridge-1/bed0", inverted=True)
    assert home.sensors["fridge"].role == "fridge"
    assert home.care == Care(4.0, 630, (1380, 360), 45, False, 10, 1260)
    assert home.consent == Consent(bathroom_detail_to_family=True, summary_to_family=False)


def test_all_real_homes_are_read(hearthwatch_data: Path) -> None:
    files = sorted((hearthwatch_data / "tihm").glob("*.home.toml"))
    homes = [parse(file.read_bytes()) for file in files]
    assert len({home.id for home in homes}) == len(files) == 44


def test_every_mistake_is_told_at_once_with_its_line_and_the_nearest_word() -> None:
    text = """\
[home]
id = "Elm 12"
time_zone = "Europe/London"
residents = 0

[[room]]
id = "hall"
kind = "hal"

[[sensor]]
id = "pir"
kind = "motoin"
room = "hell"
role = "entrance"
link = "zigbee"
address = "0x1"
[care]
night = ["22:30",
    "25:00"]
bed_exit_minuts = 30
"""
    rooms = "bedroom, bathroom, kitchen, living, hall, other"
    kinds = "motion, door, bed, button, vibration, presence, smoke, leak, temperature, fall"
    window = 'two different times of day, such as ["22:30", "06:30"]'
    care = "false_alerts_per_30_days, not_up_by, night, bed_exit_minutes, night_exit, door_open_minutes, home_by"
    care += ", ask_first_seconds"
    assert mistakes(text) == [
        'line 1: home.timezone: is missing; expected an IANA time zone such as "Europe/London"',
        "line 2: home.id: expected 1 to 32 of a-z, 0-9 and -, not 'Elm 12'",
        "line 3: home.time_zone: unknown key; known here: id, timezone, residents; did you mean 'timezone'?",
        "line 4: home.residents: expected a whole number from 1 to 20, not 0",
        f"line 8: room[1].kind: expected one of {rooms}, not 'hal'; did you mean 'hall'?",
        f"line 12: sensor[1].kind: expected one of {kinds}, not 'motoin'; did you mean 'motion'?",
        "line 13: sensor[1].room: expected the id of a [[room]]: hall, not 'hell'; did you mean 'hall'?",
        "line 16: sensor[1].address: expected an IEEE address in lower case, such as \"0x00158d0001a2b3c4\", not '0x1'",
        f"line 18: care.night: expected {window}, not ['22:30', '25:00']",
        f"line 20: care.bed_exit_minuts: unknown key; known here: {care}; did you mean 'bed_exit_minutes'?",
    ]


def test_what_is_no_toml_is_one_mistake_with_its_line() -> None:
    assert (
        only_mistake(SMALLEST + "[care\n")
        == "line 14: this is not TOML: Expected ']' at the end of a table declaration"
    )
    assert only_mistake('[home]\nid = "a').startswith("line 2: this is not TOML")
    assert only_mistake(b"[home]\nid = '\xff'") == "line 2: this is not UTF-8 text"
    assert only_mistake("\ud800") == "line 1: this is not UTF-8 text"
    assert "nested too deeply" in only_mistake("x = " + "[\n" * 50_000)


def test_a_file_saved_by_a_windows_editor_is_read() -> None:
    assert parse(b"\xef\xbb\xbf" + SMALLEST.replace("\n", "\r\n").encode()).id == "elm-12"


@pytest.mark.parametrize(
    ("line", "wrong", "said"),
    [
        (2, 'id = ""', "1 to 32 of a-z"),
        (2, f'id = "{"a" * 33}"', "1 to 32 of a-z"),
        (3, 'timezone = "London"', "did you mean 'Europe/London'?"),
        (3, 'timezone = "localtime"', "IANA time zone"),
        (3, 'timezone = "../../etc/passwd"', "IANA time zone"),
        (3, 'timezone = "Europe"', "IANA time zone"),
        (3, "timezone = 1", "not 1"),
        (4, "residents = true", "a whole number from 1 to 20, not true"),
        (4, "residents = 21", "a whole number from 1 to 20, not 21"),
        (9, f'id = "{"a" * 49}"', "1 to 48 of a-z"),
        (12, 'link = "log"\nname = "x"', "sensor[1].name: unknown key"),
        (13, 'address = "0x00158D0001A2B3C4"', "in lower case"),
    ],
)
def test_a_wrong_value_is_told_on_its_line(line: int, wrong: str, said: str) -> None:
    lines = SMALLEST.splitlines()
    lines[line - 1] = wrong
    told = only_mistake("\n".join(lines))
    assert told.startswith(f"line {line + wrong.count(chr(10))}: ")
    assert said in told


@pytest.mark.parametrize(
    ("care", "said"),
    [
        ("false_alerts_per_30_days = 0.05", "a number from 0.1 to 60, not 0.05"),
        ("false_alerts_per_30_days = nan", "a number from 0.1 to 60, not nan"),
        ("bed_exit_minutes = 721", "from 1 to 720"),
        ("door_open_minutes = 0", "from 1 to 720"),
        ('not_up_by = "9:30"', "a time of day"),
        ("home_by = 21:00:00", "a time of day"),
        ('night = ["22:30", "22:30"]', "two different times of day"),
        ("night_exit = 1", "true or false, not 1"),
    ],
)
def test_a_care_plan_outside_its_range_is_refused(care: str, said: str) -> None:
    assert said in only_mistake(SMALLEST + "[care]\n" + care)


@pytest.mark.parametrize("name", ["", "  ", "a" * 65, "a\\u202eb", "a\\u0007b", "a\\u2028b"])
def test_a_name_that_could_disturb_the_page_is_refused(name: str) -> None:
    told = only_mistake(SMALLEST + f'[[room]]\nid = "b"\nkind = "other"\nname = "{name}"\n')
    assert told.startswith("line 17: room[2].name: expected a name for the family")
    assert told.isprintable()


def test_only_a_door_and_a_button_have_a_role() -> None:
    motion = SMALLEST.replace('"door"', '"motion"\nrole = "entrance"')
    assert (
        only_mistake(motion) == "line 11: sensor[1].role: only a door or a button has a role, and this is kind 'motion'"
    )


def test_two_sensors_may_share_neither_id_nor_address() -> None:
    again = SMALLEST[SMALLEST.index("[[sensor]]") :]
    assert mistakes(SMALLEST + again) == [
        "line 15: sensor[2].id: 'front-door' is there twice, first on line 9",
        "line 19: sensor[2].address: 'zigbee 0x00158d0001a2b3c4 door' is there twice, first on line 13",
    ]


def test_one_zigbee_device_may_be_two_sensors_of_different_kinds() -> None:
    motion = SMALLEST.replace('kind = "door"', 'kind = "motion"')
    again = motion[motion.index("[[sensor]]") :]
    warmth = again.replace('"front-door"', '"warmth"').replace('"motion"', '"temperature"')
    assert set(parse(motion + warmth).sensors) == {"front-door", "warmth"}


def test_a_home_without_sensors_would_watch_nothing() -> None:
    assert mistakes('[home]\nid = "a"\ntimezone = "UTC"\nresidents = 1\n') == [
        "line 1: a home needs at least one [[room]]",
        "line 1: a home needs at least one [[sensor]]; nothing would be watched",
    ]


def test_a_palace_is_refused_within_bounds() -> None:
    rooms = "".join(f'[[room]]\nid = "r{i}"\nkind = "other"\n' for i in range(MAX_ROOMS))
    sensors = "".join(
        f'[[sensor]]\nid = "s{i}"\nkind = "motion"\nroom = "hall"\nlink = "log"\naddress = "{i}"\n'
        for i in range(MAX_SENSORS)
    )
    assert mistakes(SMALLEST + rooms + sensors) == [
        "line 5: room: 65 are too many; at most 64 are read",
        "line 8: sensor: 257 are too many; at most 256 are read",
    ]
    assert "at most 262144 are read" in only_mistake("#" * (MAX_TEXT_BYTES + 1))
    assert "at most 1000 are read" in only_mistake("\n" + "a." * MAX_LINE_CHARS)
    told = mistakes("".join(f"k{i} = 1\n" for i in range(1_000)))
    assert len(told) == MAX_MISTAKES + 1
    assert told[-1].endswith("there may be more; mend these first")


@given(st.sampled_from([n for n, line in enumerate(WHOLE.splitlines(), start=1) if "=" in line]), st.integers(0, 3))
def test_whatever_key_is_spoilt_its_own_line_is_told(line: int, shift: int) -> None:
    lines = WHOLE.splitlines()
    key = lines[line - 1].split(" ")[0]
    lines[line - 1] = f"{key} = [[],\n  [ ] # ]\n]"
    with pytest.raises(BadHome) as bad:
        parse("#[\n" * shift + "\n".join(lines))
    assert any(m.line == line + shift and m.key.endswith(key) for m in bad.value.mistakes)


@given(st.binary() | st.text())
def test_any_file_gives_a_home_or_its_mistakes(data: str | bytes) -> None:
    with pytest.raises(BadHome):
        parse(data)


@given(st.integers(0, len(WHOLE)), st.integers(0, 40), st.text("\"'[]{}=.#\n\\abc019-\u202e", max_size=8))
def test_a_damaged_home_gives_a_home_or_its_mistakes(start: int, length: int, put: str) -> None:
    damaged = WHOLE[:start] + put + WHOLE[start + length :]
    for mistake in damage(damaged):
        assert 1 <= mistake.line <= damaged.count("\n") + 1
        assert str(mistake).isprintable()


def damage(text: str) -> tuple[Mistake, ...]:
    try:
        parse(text)
    except BadHome as bad:
        return bad.mistakes
    return ()
