"""The golden days: small homes and logs written by hand, one function a day, and what replay says of each.

A day is a home.toml and the lines of a sensor log. ``told`` is everything that a replay gives: its alerts and its
deadlines, as files. To write them anew: HEARTHWATCH_GOLDEN=write make test; then read the difference.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from agent.engine import Engine
from agent.home import parse
from agent.models_io import shipped
from agent.nouns import Entry, Frame, Instant
from agent.replay import Record, replay
from agent.sensors.log import Line, frame
from agent.sensors.log import parse as parse_line

ROOMS: Final = ("bedroom", "bathroom", "kitchen", "hall")
HEAD: Final = """[home]
id = "golden"
timezone = "{timezone}"
residents = 1
"""
# For days of another subject: lives written by hand are too even and too still for what real homes taught.
PATIENT: Final = "false_alerts_per_30_days = 0.2\n"
CARE: Final = '[care]\nnight = ["22:30", "06:30"]\n'


class Day(NamedTuple):
    """``lines`` are those of a sensor log. ``boots`` are (from, back): between the two the hub was off."""

    home: str
    lines: list[str]
    until: str
    boots: tuple[tuple[str, str], ...] = ()


def home_of(timezone: str = "Europe/London", care: str = "") -> str:
    parts = [HEAD.format(timezone=timezone)]
    parts += [f'[[room]]\nid = "{room}"\nkind = "{room}"\n' for room in ROOMS]
    parts += [_sensor(f"{room}-motion", "motion", room) for room in ROOMS]
    parts.append(_sensor("front-door", "door", "hall", 'role = "entrance"\n'))
    return "\n".join([*parts, CARE + care])


def _sensor(name: str, kind: str, room: str, role: str = "") -> str:
    named = f'id = "{name}"\nkind = "{kind}"\nroom = "{room}"\n'
    return f'[[sensor]]\n{named}{role}link = "log"\naddress = "{name}"\n'


def line(at: str, sensor: str, kind: str = "motion", value: int = 1) -> str:
    """``at``: 2026-03-01T07:00 UTC, to the minute."""
    return f'{{"at":"{at}:00Z","sensor":"{sensor}","kind":"{kind}","value":{value}}}'


def diary(date: str, entries: str) -> list[str]:
    """ "07:00 kitchen, 07:10 door 1": motion in a room, the front door, or a check-in ("07:20 kitchen checkin")."""
    lines = []
    for told in entries.replace("\n", " ").split(","):
        clock, where, *rest = told.split()
        if where == "door":
            lines.append(line(f"{date}T{clock}", "front-door", "door", int(rest[0])))
        else:
            lines.append(line(f"{date}T{clock}", f"{where}-motion", rest[0] if rest else "motion"))
    return lines


ORDINARY: Final = """06:50 bedroom, 06:55 bathroom, 07:05 hall, 07:10 kitchen, 07:35 kitchen,
08:05 bathroom, 08:20 bedroom, 08:50 kitchen, 09:20 hall, 09:21 door 1, 09:22 door 0,
10:40 door 1, 10:41 door 0, 10:43 hall, 10:50 kitchen, 11:25 kitchen, 12:00 kitchen,
12:30 bathroom, 13:00 bedroom, 13:45 bedroom, 14:30 kitchen, 15:10 hall, 15:40 kitchen,
16:20 bathroom, 17:00 kitchen, 17:40 kitchen, 18:20 kitchen, 19:00 bathroom,
19:40 kitchen, 20:20 kitchen, 21:00 hall, 21:30 bathroom, 21:45 bedroom, 22:10 bedroom"""
NIGHT: Final = "02:10 bedroom, 02:13 bathroom, 02:20 bedroom"


def an_ordinary_day() -> Day:
    lines = diary("2026-03-01", f"{NIGHT}, {ORDINARY}")
    return Day(home_of(care='not_up_by = "10:30"\nhome_by = "21:00"\n'), lines, "2026-03-01T23:00")


def a_fall_in_the_bathroom() -> Day:
    morning = ORDINARY.replace("\n", " ").split(", 08:20")[0]
    found = diary("2026-03-01", "14:00 door 1, 14:01 door 0, 14:02 hall, 14:04 bathroom")
    return Day(home_of(), diary("2026-03-01", f"{NIGHT}, {morning}") + found, "2026-03-01T14:30")


def a_night_exit_and_a_return() -> Day:
    out = "02:10 bedroom, 02:14 hall, 02:15 door 1, 02:16 door 0"
    entries = f"{out}, 02:50 door 1, 02:51 door 0, 02:53 kitchen, 03:00 bedroom"
    return Day(home_of(), diary("2026-03-01", entries), "2026-03-01T04:00")


def a_day_with_the_hub_off() -> Day:
    """Off from 08:30 to 15:00; the fall that would have been told at noon is not: nobody looked."""
    morning = ORDINARY.replace("\n", " ").split(", 08:50")[0]
    evening = "15:10" + ORDINARY.replace("\n", " ").split(", 15:10")[1]
    lines = diary("2026-03-01", f"{NIGHT}, {morning}") + diary("2026-03-01", evening)
    return Day(home_of(), lines, "2026-03-01T23:00", (("2026-03-01T08:30", "2026-03-01T15:00"),))


def a_sensor_that_dies() -> Day:
    """All check in on the hour for three days; on the fourth the hall's is silent from 09:00 on."""
    lines = []
    for day in (1, 2, 3, 4):
        checks = [f"{hour:02d}:{5 * n:02d} {room} checkin" for hour in range(24) for n, room in enumerate(ROOMS)]
        told = sorted([*checks, *(entry.strip() for entry in ORDINARY.replace("\n", " ").split(","))])
        alive = [entry for entry in told if day < 4 or "hall" not in entry or entry < "09:00"]
        lines += diary(f"2026-03-0{day}", ", ".join(alive))
    return Day(home_of(care=PATIENT), lines, "2026-03-04T23:59")


def _odd(timezone: str, day: str, by: str) -> Day:
    """Three days around the change: in the bedroom until noon, which is no sign of getting up, then in the kitchen."""
    zone, middle = ZoneInfo(timezone), datetime.fromisoformat(day)
    lines = []
    for shift in (-1, 0, 1):
        noon = datetime.combine(middle + timedelta(days=shift), datetime.min.time(), zone).replace(hour=12)
        at = noon.astimezone(UTC)
        for n in range(-21, 19):  # every half hour from half past one at night
            room = "kitchen" if n >= 0 else "bedroom"
            lines.append(line(f"{at + timedelta(minutes=30 * n):%Y-%m-%dT%H:%M}", f"{room}-motion"))
    return Day(home_of(timezone, f'not_up_by = "{by}"\n{PATIENT}'), lines, f"{at + timedelta(hours=9):%Y-%m-%dT%H:%M}")


DAYS: Final[dict[str, Callable[[], Day]]] = {
    "ordinary": an_ordinary_day,
    "fall": a_fall_in_the_bathroom,
    "night-exit": a_night_exit_and_a_return,
    "hub-off": a_day_with_the_hub_off,
    "sensor-dies": a_sensor_that_dies,
    "london-23h": lambda: _odd("Europe/London", "2026-03-29", "01:30"),  # 01:30 does not exist
    "london-25h": lambda: _odd("Europe/London", "2026-10-25", "01:30"),  # 01:30 comes twice
    "new-york-23h": lambda: _odd("America/New_York", "2026-03-08", "02:30"),
    "new-york-25h": lambda: _odd("America/New_York", "2026-11-01", "01:30"),
    "lord-howe-spring": lambda: _odd("Australia/Lord_Howe", "2026-10-04", "02:15"),  # half an hour, 02:00 to 02:30
    "lord-howe-autumn": lambda: _odd("Australia/Lord_Howe", "2026-04-05", "01:45"),
}


def instant(at: str) -> Instant:
    return Instant(int(datetime.fromisoformat(f"{at}:00+00:00").timestamp()) * 1_000)


def told(home_text: str, log: Iterable[str], until: str, boots: Iterable[tuple[str, str]]) -> tuple[str, str]:
    """Alerts and deadlines of a day, as the files that replay writes."""
    home = parse(home_text.encode())
    lines: list[Line] = [parse_line(text.encode(), {name: name for name in home.sensors}.get) for text in log]
    heard = [(one.at, frame(one)) for one in lines]
    for since, back in boots:
        said = f'{{"from_ms":{instant(since)}}}'.encode()
        heard.append((instant(back), Frame("hub", "boot", said)))
    entries = [Entry(seq, at, one) for seq, (at, one) in enumerate(sorted(heard, key=lambda pair: pair[0]), 1)]
    record = replay(
        [*entries, Entry(len(entries), instant(until))], Engine(home, models=shipped()), Record(home.id, deadlines=True)
    )
    assert not record.rejects, record.rejects
    return "".join(f"{one}\n" for one in record.alerts), "".join(f"{one}\n" for one in record.deadlines)
