"""The sentences of a day as a direct count makes them (direct_count.py)."""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise

from tests.direct_count import MINUTE, Alert, DirectCount, together

ALERTS = {
    "possible_fall": "possible fall", "home_not_watched": "home not watched", "not_up": "not up",
    "night_exit": "out at night", "sensor_lost": "a sensor lost", "sensor_mute": "a sensor that no longer sees",
    "sensor_stuck": "a sensor that is stuck", "sensor_chattering": "a sensor that repeats itself",
    "routine_change": "a change of routine", "door_left_open": "door left open", "not_home": "not home",
}  # fmt: skip
ROOM_FIRST = ("up", "quiet")  # times of day; the rest are counts, but for what is in LENGTHS
LENGTHS = ("away",)


class DirectDays(DirectCount):
    """In words; ``alerts`` of kinds that these homes had."""

    @cached_property
    def dates(self) -> list[date]:
        first, last = self.wall(self.all[0].at).date(), self.wall(self.end).date()
        return [first + timedelta(n) for n in range((last - first).days + 1)]

    def compared(self, name: str, day: date) -> str:
        value, whole = self.day(day)[name]
        before = [self.day(day - timedelta(ago))[name] for ago in range(1, 29)]
        known = sorted(each for each, comparable in before if comparable and each is not None)
        if value is None or not whole or len(known) < 14:
            return "."
        low, high = known[len(known) // 10], known[-1 - len(known) // 10]
        near, form = (10, _time) if name in ROOM_FIRST else (10, _length) if name in LENGTHS else (0, str)
        if low - near <= value <= high + near:
            return ", as usual."
        less, more = ("earlier", "later") if name in ROOM_FIRST else ("less", "more")
        less, more = (f"{less} often", f"{more} often") if form is str else (less, more)
        span = form(low) if form(low) == form(high) else f"{form(low)} to {form(high)}"
        return f", {less if value < low else more} than usual ({span})."

    def partly(self, name: str, day: date) -> str:
        """What stands behind what was none."""
        end = self.at(day + timedelta(1), 0)
        a, b = (self.at(day, 0), end)
        if name == "night_moves":
            a, b = self.at(day - timedelta(1), 22, 30), self.at(day, 6, 30)
        until = min(b, end, self.end)
        dark, missing = self.dark_ms(a, until), self.dark_ms(a, until, self.needs(name))
        if missing > dark + 15 * MINUTE:
            return " while the sensors for it could be relied on"
        if missing > 15 * MINUTE:
            return " while the home was observed"
        return " so far" if self.end < b else ""

    def sentences(self, day: date) -> list[str]:
        since, end = self.at(day - timedelta(1), 12), self.at(day + timedelta(1), 0)
        until = min(end, self.end)
        alerts = [one for one in self.alerts if one.state == "raised" and one.kind != "test_call"]
        told = [one for one in alerts if self.at(day, 0) <= one.at < end and one.at <= self.end]
        so_far = " so far" if self.end < end else ""
        lines = list(self._told(told))
        lines = lines or [f"Nothing was asked at home, and nothing was told to the monitoring centre{so_far}."]
        if self.dark_ms(since, until) >= until - since:
            return ["This home was not observed on this day: nothing can be said of it.", *lines]
        return [*self._unseen(day, since, until), *self._of_the_day(day), *lines]

    def _told(self, told: list[Alert]) -> Iterator[str]:
        """More than three of a kind in one line, where the first of them stands."""
        for n, one in enumerate(told):
            like = [each for each in told if each.kind == one.kind]
            if len(like) <= 3:
                yield f"{self.wall(one.at):%H:%M}  The monitoring centre would have been told: {ALERTS[one.kind]}."
            elif one.kind not in [each.kind for each in told[:n]]:
                often = f"{len(like)} times, the last time at {self.wall(like[-1].at):%H:%M}"
                first = f"{self.wall(one.at):%H:%M}  The monitoring centre would have been told"
                yield f"{first} {often}: {ALERTS[one.kind]}."

    def _unseen(self, day: date, since: int, until: int) -> Iterator[str]:
        spans = [(max(a, since), min(b, until)) for a, b in together(self.dark)]
        for a, b in [(a, b) for a, b in spans if b - a >= 5 * MINUTE][:3]:
            if b == self.all[0].at:
                first = self._moment(b, day)
                yield f"This home has been observed since {first}: what happened before is not told here."
                continue
            says = f"{self._moment(a, day)} to {self._moment(b, day)}"
            yield f"From {says} this home was not observed: what happened then is not told here."
        night = self.at(day - timedelta(1), 22, 30), self.at(day, 6, 30)
        edges = (since, self.at(day, 12)), (self.at(day, 0), until), night, (night[1], self.at(day, 22, 30))
        windows = [(min(a, until), min(b, until)) for a, b in edges]
        for room in sorted(set(self.room.values())):
            here = {s for s in self.room if self.room[s] == room and self.kind[s] != "bathroom"}
            if any(
                sum(max(0, min(b, y) - max(a, x)) for a, b in together(self.ill[s])) * 10 > max(1, y - x)
                for s in here
                for x, y in windows
            ):
                yield f"A sensor could not be relied on, so part of what happened here is missing: {room}."

    def _of_the_day(self, day: date) -> Iterator[str]:
        values = {name: value for name, (value, _) in self.day(day).items()}
        times = {name: _time(value) for name, value in values.items() if value is not None and name in ROOM_FIRST}
        plan, apart = "between 22:30 and 06:30", ", the bathroom not counted" * ("bathroom" in self.kind.values())
        night = plan + apart
        part = {name: self.partly(name, day) for name in values}
        came = "".join(self._moment(at, day) for at in self.company(day)[:1])
        says: dict[str, str | None] = {
            "up": f"Up at {times.get('up')}",
            "quiet": f"Before the morning, last seen outside bedroom and bathroom at {times.get('quiet')}",
            "night_moves": _many(
                values["night_moves"], f"No movement was seen {plan}{part['night_moves']}{apart}",
                f"Movement was seen in 1 minute {night}",
                f"Movement was seen in {{}} different minutes {night}",
            ),
            "kitchen": _many(
                values["kitchen"], f"Not seen in the kitchen{part['kitchen']}", "In the kitchen once",
                "In the kitchen {} times",
            ),
            "fridge": _many(
                values["fridge"], f"The fridge was not opened{part['fridge']}", "The fridge was opened once",
                "The fridge was opened {} times",
            ),
            "rooms": self._longest(day),
            "outings": _many(
                values["outings"], f"Nobody was seen to go out{part['outings']}", "Out once", "Out {} times"
            ),
            "away": f"Out of the home for {_length(values['away'])}" if values["away"] else None,
            "company": _many(
                values["company"],
                f"Nothing looked like a second person at home{part['company']}, which does not mean that nobody came",
                f"It looked as if more than one person was at home once, at {came}",
                f"It looked as if more than one person was at home {{}} times, first at {came}",
            ),
        }  # fmt: skip
        for name, said in says.items():
            if said is not None and (name == "rooms" or values[name] is not None):
                yield said + (self.compared(name, day) if name not in ("rooms", "company") else ".")

    def _longest(self, day: date) -> str | None:
        """The room in which somebody was last seen for longest by day: looked up anew for each little stretch."""
        since, until = self.at(day, 6, 30), min(self.at(day, 22, 30), self.end)
        start = self.at(day - timedelta(1), 12)
        out, seen = list(self.outings(day)), self.seen(start, until)
        ats = [one.at for one in seen]
        edges = {edge for span in [*self.dark, *((a, b) for a, b, _ in out)] for edge in span}
        cuts = sorted({since, until, *(at for at in [*ats, *edges] if since < at < until)})
        spent: dict[str, int] = {}
        for a, b in pairwise(cuts):
            if any(x <= a < y for x, y in self.dark) or any(x <= a < y for x, y, _ in out):
                continue
            fresh = max([start, *(y for x, y in self.dark if y <= a), *(y for x, y, _ in out if y <= a)])
            n = bisect_right(ats, a)
            if n and ats[n - 1] >= fresh:
                room = self.room[seen[n - 1].sensor]
                spent[room] = spent.get(room, 0) + b - a
        best = sorted((-(ms // MINUTE), room) for room, ms in spent.items())
        if not best or not best[0][0]:
            return None
        apart = "bathroom" in self.kind.values()
        here = "last seen longest here, the bathroom not told apart" if apart else "longest here"
        return f"Between the nights, {here}: {best[0][1]}, {_length(-best[0][0])}"

    def _moment(self, at: int, day: date) -> str:
        if at == self.at(day + timedelta(1), 0):
            return "midnight"
        return f"{self.wall(at):%H:%M}" + ("" if self.wall(at).date() == day else " the day before")


def _time(minute: int) -> str:
    return f"{minute // 60 % 24:02d}:{minute % 60:02d}"


def _length(minutes: int | None) -> str:
    assert minutes is not None
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"


def _many(value: int | None, none: str, one: str, more: str) -> str:
    return none if value == 0 else one if value == 1 else more.format(value)
