"""A home's promise in words: one sentence, the table, and the same as plain data for a program."""

from typing import Final

from agent.civil import Wall, rfc3339
from agent.kinds import ROOMS
from agent.nouns import HOUR_MS, MINUTE_MS, Home, Instant
from agent.promise.waits import DAYS, HOURS, LEAST_DAYS, LEAST_SIGNS, NO_DEADLINE, Cell, Promised

ABREAST: Final = 5  # rooms beside each other, so that a table is 80 columns wide at most
TOLD_PERMILLE: Final = 100  # a share of signs of life without a deadline that is worth a sentence
STATES: Final = {"away": "away", "not_watched": "not watched", "paused": "paused"}
SCALE: Final = (
    "Minutes from the last sign of life until a possible fall is reported: in half of the cases / in nine of ten."
)
STARRED: Final = (
    f"* fewer than {LEAST_SIGNS} signs of life, or on fewer than {LEAST_DAYS} days, in the last {DAYS} days: what the"
    " rule without a model would wait."
)
YOUNG: Final = "There is less than a day of this home yet: all of it is what the rule without a model would wait."


def name_of(home: Home, room: str) -> str:
    """What the family calls it, without letters that are none: they end a picture, or steer a terminal."""
    return "".join(letter for letter in home.rooms[room].name if letter.isprintable()).strip() or room


def minutes(wait_ms: int) -> int:
    return -(-wait_ms // MINUTE_MS)


def hhmm(minute: int) -> str:
    return f"{minute // 60 % 24:02d}:{minute % 60:02d}"


def place(home: Home, room: str) -> str:
    """ "the kitchen"; where there are two of a kind, the name that the family gave it."""
    kind = home.rooms[room].kind
    if kind == "other" or sum(each.kind == kind for each in home.rooms.values()) > 1:
        return f"“{name_of(home, room)}”"
    return f"the {ROOMS.get(kind, kind)}"


def sentence(promised: Promised, room: str, minute: int) -> str:
    """What would happen, were somebody last heard in this room at that minute of the day."""
    cell = promised.rooms[room][minute // 60]
    words = f"A fall in {place(promised.home, room)} at {hhmm(minute)} would be reported by about "
    words += _by(minute, cell.median_ms)
    if not cell.own:
        heard = _count(cell.signs + cell.without, "sign") + " of life there at that hour"
        return f"{words}. That is what the rule without a model would wait; this home has given {heard} so far."
    later = cell.nine_in_ten_ms > cell.median_ms
    words += f" (by {_by(minute, cell.nine_in_ten_ms)} in nine of ten cases)." if later else " (in nine of ten cases)."
    share = cell.without * 1_000 // (cell.signs + cell.without)
    if share >= TOLD_PERMILLE:
        words += f" After {_percent(share)} of the signs of life there the person was taken to be out, or the home was"
        words += " not watched: then silence alone is not reported."
    return words


def _by(minute: int, wait_ms: int) -> str:
    end = minute + minutes(wait_ms)
    return hhmm(end) + (" the next day" if end >= 24 * 60 else "")


def _percent(permille: int) -> str:
    return f"{permille / 10:.1f} %"


def next_hour(promised: Promised) -> str:
    """The sentence of the hour that comes, in the room in which this home is most often heard then."""
    if not promised.rooms:
        return "No sensor of this home hears anybody."
    hour = Wall(promised.home.timezone).minute_of_day(Instant(promised.until + HOUR_MS)) // 60
    room = max(promised.rooms, key=lambda room: promised.rooms[room][hour].signs)
    return sentence(promised, room, hour * 60)


def expectation(promised: Promised) -> str:
    expected = promised.expected
    rate = expected.false_alerts_permille_per_30_days / 1_000
    words = (
        f"Expected false alerts: {rate:.1f} a month (30 days), from {_count(expected.own_days, 'day')} of this home, in"
    )
    words += f" which {_count(expected.silences_over, 'silence')} ran longer than is now waited, and"
    return f"{words} {expected.prior_days} days' worth of other homes."


def _count(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def without_deadline(promised: Promised) -> str:
    shares = {words: promised.without_permille(state) for state, words in STATES.items()}
    parts = ", ".join(f"{words} {_percent(share)}" for words, share in shares.items())
    return f"No deadline in {_percent(sum(shares.values()))} of the time: {parts}."


def unheard(promised: Promised) -> list[str]:
    """A line where there are rooms without a sensor: who falls there was last heard in another."""
    names = ", ".join(name_of(promised.home, room) for room in promised.unheard)
    return [f"No sensor hears anybody in: {names}. Who falls there was last heard in another room."] if names else []


def basis(promised: Promised) -> str:
    if promised.young:
        return YOUNG
    days = (promised.until - promised.since) / (24 * HOUR_MS)
    return f"From what was promised in this home over {days:.0f} days until {rfc3339(promised.until)[:10]}."


def table(promised: Promised) -> list[str]:
    """The whole promise, for a terminal."""
    lines = [SCALE, basis(promised)]
    rooms = list(promised.rooms)
    for first in range(0, len(rooms), ABREAST):
        lines += ["", *_block(promised, rooms[first : first + ABREAST])]
    lines += ["", *([STARRED] if _starred(promised) else []), *unheard(promised)]
    return [*lines, without_deadline(promised), expectation(promised), next_hour(promised)]


def _starred(promised: Promised) -> bool:
    return any(not cell.own for cells in promised.rooms.values() for cell in cells)


def _block(promised: Promised, rooms: list[str]) -> list[str]:
    lines = [f"{'':8}" + "".join(f"{room[:12]:>13}" for room in rooms)]
    for hour in range(HOURS):
        cells = "".join(f"{_cell(promised.rooms[room][hour]):>13}" for room in rooms)
        lines.append(f"{hhmm(hour * 60):8}{cells}".rstrip())
    return lines


def _cell(cell: Cell) -> str:
    half = minutes(cell.median_ms)
    return f"{half} /{minutes(cell.nine_in_ten_ms):>4} " if cell.own else f"{half}*      "


def plain(promised: Promised) -> dict[str, object]:
    """The same for a program. ``minutes`` is what a fall is reported within in half of the cases."""
    rooms = promised.rooms.items()
    return {
        "home": promised.home.id,
        "since": rfc3339(promised.since),
        "until": rfc3339(promised.until),
        "minutes": {room: [minutes(cell.median_ms) for cell in cells] for room, cells in rooms},
        "rooms": {room: [cell_of(hour, cell) for hour, cell in enumerate(cells)] for room, cells in rooms},
        "without_deadline_permille": {
            state: {
                "all": promised.without_permille(state),
                "hours": [promised.without_permille(state, hour) for hour in range(HOURS)],
            }
            for state in NO_DEADLINE
        },
        "expected": promised.expected._asdict(),
        "next_hour": next_hour(promised),
        "unheard": list(promised.unheard),
    }


def cell_of(hour: int, cell: Cell) -> dict[str, object]:
    return {
        "hour": hour,
        "median_minutes": minutes(cell.median_ms),
        "nine_in_ten_minutes": minutes(cell.nine_in_ten_ms),
        "signs_of_life": cell.signs,
        "without_deadline": cell.without,
        "from": "this home" if cell.own else "rule without a model",
    }
