"""What a family must read of a day, counted straight from the lines of a log: plainly, slowly, and knowing nothing of
how the product counts. Times are milliseconds; only English, only homes without a bed, as the real ones are."""

import gzip
import json
import tomllib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

MINUTE = 60_000


class Event(NamedTuple):
    at: int
    sensor: str
    value: int


class Alert(NamedTuple):
    at: int
    id: str
    kind: str
    state: str
    since: int
    text: str


class DirectCount:
    """``people``: when the hub said how many are there at least, and how many; that is not in the log."""

    def __init__(self, home: Path, log: Path, alerts: Sequence[Alert], people: Sequence[tuple[int, int]]) -> None:
        told = tomllib.loads(home.read_text())
        self.zone = ZoneInfo(told["home"]["timezone"])
        kinds = {room["id"]: room["kind"] for room in told["room"]}
        self.room = {s["id"]: s["room"] for s in told["sensor"]}
        self.kind = {s["id"]: kinds[s["room"]] for s in told["sensor"]}
        self.entrances = {s["id"] for s in told["sensor"] if s.get("role") == "entrance"}
        self.fridges = {s["id"] for s in told["sensor"] if s.get("role") == "fridge"}
        self.motions = {s["id"] for s in told["sensor"] if s["kind"] == "motion"}
        self.alerts, self.people = alerts, people
        with gzip.open(log, "rt") as file:
            lines = [json.loads(line) for line in file]
        self.all = [Event(_ms(one), one["sensor"], int(one["value"])) for one in lines]
        self.end = self.all[-1].at
        self.dark = [*self._spans("home_not_watched", ""), (0, self.all[0].at)]
        self.ill = {sensor: self._ill(sensor) for sensor in self.room}
        events = [one for one in self.all if not any(a <= one.at < b for a, b in self.ill[one.sensor])]
        self.events = [one for one in events if one.value or one.sensor in self.entrances | self.fridges]
        self.ats = [one.at for one in self.events]
        self._days: dict[date, dict[str, tuple[int | None, bool]]] = {}

    def _ill(self, sensor: str) -> list[tuple[int, int]]:
        kinds = ("sensor_lost", "sensor_mute", "sensor_stuck", "sensor_chattering")
        return [span for kind in kinds for span in self._spans(kind, sensor)]

    def _spans(self, kind: str, sensor: str) -> list[tuple[int, int]]:
        """When such an alert stood, from what it says it began with."""
        found = []
        for one in self.alerts:
            if one.kind == kind and one.state != "cleared" and (not sensor or sensor in _names(one.text)):
                ends = [each.at for each in self.alerts if each.id == one.id and each.state == "cleared"]
                found.append((one.since, ends[0] if ends else self.end))
        return found

    # -- time ------------------------------------------------------------------------------------------------------

    def at(self, day: date, hour: int, minute: int = 0) -> int:
        return round(datetime.combine(day, time(hour, minute), self.zone).timestamp()) * 1_000

    def wall(self, at: int) -> datetime:
        return datetime.fromtimestamp(at / 1_000, self.zone)

    def dark_ms(self, since: int, until: int, sensors: Iterable[str] = ()) -> int:
        """For how long the home was not observed, or one of the sensors was not to be believed."""
        spans = [*self.dark, *(span for sensor in sensors for span in self.ill[sensor])]
        cuts = sorted({since, until, *(edge for span in spans for edge in span if since < edge < until)})
        return sum(b - a for a, b in pairwise(cuts) if any(x <= a and b <= y for x, y in spans))

    # -- what happened ---------------------------------------------------------------------------------------------

    def between(self, since: int, until: int) -> list[Event]:
        return self.events[bisect_left(self.ats, since) : bisect_left(self.ats, until)]

    def seen(self, since: int, until: int, *kinds: str) -> list[Event]:
        """Inside, and not in the bathroom, which the family is not told of."""
        return [
            one
            for one in self.between(since, until)
            if one.sensor not in self.entrances
            and self.kind[one.sensor] != "bathroom"
            and (not kinds or self.kind[one.sensor] in kinds)
        ]

    def outings(self, day: date) -> Iterator[tuple[int, int, bool]]:
        """From when to when nobody was at home, and whether they were seen to come back."""
        start, end = self.at(day - timedelta(1), 12), min(self.at(day + timedelta(1), 0), self.end)
        events = self.between(start, end)
        inside = [n for n, one in enumerate(events) if one.sensor not in self.entrances]
        for n, after in zip(inside, [*inside[1:], None], strict=False):
            back = end if after is None else events[after].at
            opened = next((one for one in events[n + 1 : after] if one.value and one.sensor in self.entrances), None)
            if opened is None:
                continue
            left = opened.at - events[n].at <= 10 * MINUTE and back - opened.at >= 10 * MINUTE
            if left and not self.dark_ms(opened.at, back):
                yield opened.at, back, after is not None

    def company(self, day: date) -> list[int]:
        """When the hub found more than one, having found one before."""
        turns = [(at, many) for (_, before), (at, many) in pairwise([(0, 1), *self.people]) if many > 1 >= before]
        within = [at for at, _ in turns if self.at(day, 0) <= at < min(self.at(day + timedelta(1), 0), self.end)]
        return [at for at in within if not any(a <= at < b for a, b in self.dark)]

    def day(self, day: date) -> dict[str, tuple[int | None, bool]]:
        """Each figure of a day; and whether it may be held against other days."""
        if day not in self._days:
            self._days[day] = dict(self._figures(day))
        return self._days[day]

    def _figures(self, day: date) -> Iterator[tuple[str, tuple[int | None, bool]]]:
        yesterday = day - timedelta(1)
        noon, until = self.at(day, 12), min(self.at(day + timedelta(1), 0), self.end)
        since, midnight, four = self.at(yesterday, 12), self.at(day, 0), self.at(day, 4)
        night = self.at(yesterday, 22, 30), self.at(day, 6, 30)
        awake = self.seen(since, until, "kitchen", "living", "hall", "other")
        needs = self.needs("up")
        ups = [one.at for one in awake if four <= one.at < noon and self.dark_ms(four, one.at, needs) <= 15 * MINUTE]
        downs = [one.at for one in awake if one.at < four]
        kitchen, here, last = 0, "", -(10**15)
        for one in self.seen(since, until):
            if self.kind[one.sensor] == "kitchen":
                kitchen += one.at >= midnight and self.room[one.sensor] != here and one.at - last > 5 * MINUTE
                last = one.at
            here = self.room[one.sensor]
        fridge = [one.at for one in self.between(since, until) if one.sensor in self.fridges and one.value]
        opened = sum(at >= midnight and (n == 0 or at - fridge[n - 1] > 5 * MINUTE) for n, at in enumerate(fridge))
        out = [(max(a, midnight), b) for a, b, _ in self.outings(day) if b > midnight]
        minutes = {self.wall(one.at).strftime("%d %H:%M %z") for one in self.seen(*night) if one.at < until}
        known = bool(downs) and until > four and self.dark_ms(downs[-1], four, needs) <= 15 * MINUTE
        for name, value in (
            ("up", self._minute(ups[0], day) if ups else None),
            ("quiet", self._minute(downs[-1], day) if known else None),
            ("night_moves", len(minutes)),
            ("kitchen", kitchen),
            ("fridge", opened),
            ("outings", len(out)),
            ("away", sum(b - a for a, b in out) // MINUTE),
            ("company", len(self.company(day)) if self.people and self.people[0][0] < until else None),
        ):
            window = (since, noon) if name in ("up", "quiet") else night if name == "night_moves" else (midnight, until)
            whole = self.at(day + timedelta(1), 0) if window[0] == midnight else window[1]
            yield name, self._judged(value, self.needs(name), window, whole)

    def needs(self, name: str) -> set[str]:
        """The sensors on which a figure rests."""
        walks = {s for s in self.motions if self.kind[s] != "bathroom"}
        return {
            "up": {s for s in walks if self.kind[s] != "bedroom"},
            "quiet": {s for s in walks if self.kind[s] != "bedroom"},
            "night_moves": walks,
            "kitchen": {s for s in walks if self.kind[s] == "kitchen"},
            "fridge": self.fridges,
            "outings": self.entrances,
            "away": self.entrances,
            "company": self.motions,
        }[name]

    def _judged(
        self, value: int | None, needs: set[str], window: tuple[int, int], whole: int
    ) -> tuple[int | None, bool]:
        since, until = window[0], min(window[1], self.end)
        length = max(1, until - since)
        ill = any(
            sum(max(0, min(b, until) - max(a, since)) for a, b in together(self.ill[sensor])) * 10 > length
            for sensor in needs
        )
        dark = self.dark_ms(since, until) if until > since else length
        if not needs or ill or dark * 1_000 // length > 500 or until <= since:
            return None, False
        return value, dark * 1_000 // length <= 100 and self.end >= whole

    def _minute(self, at: int, day: date) -> int:
        """Minutes on the wall since the midnight of the day before."""
        wall = self.wall(at)
        return (wall.date() - day + timedelta(1)).days * 1_440 + wall.hour * 60 + wall.minute


def _ms(line: dict[str, Any]) -> int:
    return round(datetime.fromisoformat(line["at"]).timestamp() * 1_000)


def _names(text: str) -> set[str]:
    return {word.strip(".,:") for word in text.split()}


def together(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Without counting twice what two spans share."""
    found: list[tuple[int, int]] = []
    for a, b in sorted(spans):
        if found and a <= found[-1][1]:
            found[-1] = found[-1][0], max(b, found[-1][1])
        else:
            found.append((a, b))
    return found
