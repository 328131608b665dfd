"""Supervision of single sensors: lost, mute, stuck, chattering, battery, tamper.

A live sensor checks in. How often is learnt from the sensor itself, so that a silence of the radio is noticed within
its own usual rhythm. A PIR can check in for months and never see again (field note 5): that shows only in what its
neighbours see. Where a log holds no check-ins, only neighbours can tell that a sensor is gone.

Costs: an event touches one record; all records are looked at once an hour, and when the earliest window runs out.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, cast

from agent.detect.losses import Losses
from agent.detect.record import AT_REST, LATELY_MS, NEVER, WINDOW_MARGIN_MS, Record
from agent.detect.window import resumed
from agent.nouns import ACTIVITY, HOUR_MS, MINUTE_MS, Finding, Home, Instant, Reading, Sensor, Snapshot, is_activity

CHATTER_SENSORS: Final = 4  # a share of all events says nothing in a home with fewer sensors than this
MEASURED_HERE: Final = frozenset({"battery_percent", "battery_low", "tamper"})
NOT_BELIEVED: Final = ("sensor_mute", "sensor_stuck", "sensor_chattering")
NEVER_HEARD_MS: Final = 25 * HOUR_MS
NEVER_SEEN_MS: Final = 7 * 24 * HOUR_MS  # without check-ins: a door may well stay shut for days
BATTERY_LOW_PERCENT: Final = 10
BATTERY_GOOD_PERCENT: Final = 20


class SensorHealth:
    """Memory of every sensor's radio and eyes. ``unseen`` are those that cannot be believed just now."""

    def __init__(self, home: Home) -> None:
        self._sensors: dict[str, Sensor] = dict(home.sensors)
        self._records = {sensor: Record() for sensor in home.sensors}
        self._activities = 0
        self._open: dict[str, set[str]] = {}  # kind of finding -> sensors for which it stands
        self._losses = Losses(self._last_heard)
        self._lost_due: Instant | None = None  # never later than the earliest window's end
        self._review_at: Instant | None = None
        self._unjudged = False  # an hour has passed since sensors were judged by what their neighbours see
        self._lost: frozenset[str] = frozenset()
        self.late: frozenset[str] = frozenset()  # silent for longer than ever in a week: one means little
        self.unseen: frozenset[str] = frozenset()

    # -- one event ---------------------------------------------------------------------------------------------

    def hear(self, now: Instant, reading: Reading, dark: frozenset[str]) -> Iterable[Finding]:
        """Take in one fresh reading of a sensor."""
        record = self._records[reading.sensor]
        gap = now - record.awaited
        if record.heard < 0:
            self._begin(now)
        elif gap > WINDOW_MARGIN_MS:
            record.gaps.note(now, min(gap, record.window_ms()))  # an outage widens the window, but slowly
        else:
            record.gaps.note(now, gap)
        record.heard = record.awaited = now
        if reading.quantity in ACTIVITY:
            self._see(now, record, reading)
            if self._unjudged and is_activity(reading):
                return [*self._spoke(now, record, reading), *self._judge(now, dark)]
            return self._spoke(now, record, reading) if record.lost or self._open else ()
        record.checks_in = record.checks_in or reading.quantity != "fall"
        return self._spoke(now, record, reading) if record.lost or reading.quantity in MEASURED_HERE else ()

    def _begin(self, now: Instant) -> None:
        """A sensor is heard for the first time."""
        if self._review_at is None:
            self._lost_due, self._review_at = Instant(now + WINDOW_MARGIN_MS), Instant(now - now % HOUR_MS + HOUR_MS)

    def _spoke(self, now: Instant, record: Record, reading: Reading) -> Iterator[Finding]:
        if record.lost:
            yield from self._found(now, reading.sensor)
        if reading.quantity in ACTIVITY:
            yield from self._close("sensor_mute" if reading.value else "sensor_stuck", reading.sensor, now)
        else:
            yield from self._measure(reading)

    def _see(self, now: Instant, record: Record, reading: Reading) -> None:
        record.fired += 1
        if reading.value:
            # Counts mean nothing: a sensor that repeats itself, or chatters, would make all others look mute.
            chatters = reading.sensor in self._open.get("sensor_chattering", ())
            self._activities += not chatters and now // MINUTE_MS != record.seen // MINUTE_MS
            if record.seen >= 0:
                record.others_gaps.note(now, self._activities - record.others)
            record.seen, record.others = now, self._activities
            if record.level_since == AT_REST:
                record.level_since = now
        else:
            record.level_since = AT_REST  # it says 0: from now on a 1 that stays is known to stay

    def _measure(self, reading: Reading) -> Iterator[Finding]:
        quantity, value, sensor, now = reading.quantity, reading.value, reading.sensor, reading.at
        if quantity == "battery_percent":
            if value <= BATTERY_LOW_PERCENT:
                yield from self._raise("battery_low", sensor, now, (reading,))
            elif value >= BATTERY_GOOD_PERCENT:
                yield from self._close("battery_low", sensor, now)
        elif quantity == "battery_low" or quantity == "tamper":
            if value:
                yield from self._raise(quantity, sensor, now, (reading,))
            else:
                yield from self._close(quantity, sensor, now)

    def unreachable(self, now: Instant, sensor: str) -> Iterator[Finding]:
        """The link itself says that this sensor no longer answers."""
        if not self._records[sensor].lost:
            yield from self._lose(now, sensor)

    # -- time passing ------------------------------------------------------------------------------------------

    def deadline(self) -> Instant | None:
        return None if self._lost_due is None or self._review_at is None else min(self._lost_due, self._review_at)

    def wake(self, now: Instant, hears: bool, dark: frozenset[str]) -> Iterator[Finding]:
        """Look for windows that ran out; once an hour, for sensors that no longer see or that never rest.

        ``dark`` are sensors whose link is down: nothing is concluded from their silence.
        """
        self.late = frozenset(sensor for sensor, record in self._records.items() if record.is_late(now))
        if self._lost_due is not None and now >= self._lost_due:
            yield from self._overdue(now, hears, dark)
        if self.late and self._lost_due is not None:  # one is late: with how many more, is looked at as it happens
            lates = [at for record in self._records.values() if (at := record.late_at()) is not None]
            self._lost_due = min((at for at in lates if now < at < self._lost_due), default=self._lost_due)
        if self._review_at is not None and now >= self._review_at:
            self._review()
            self._review_at = Instant(now - now % HOUR_MS + HOUR_MS)

    def resume(self, since: Instant, now: Instant, sensors: Iterable[str] | None) -> None:
        """None of these (None: of all) could be heard from ``since`` to ``now``: that time makes nobody overdue."""
        excused = self._records.keys() if sensors is None else sensors
        self.late = self.late.difference(excused)
        for sensor in excused:
            record = self._records[sensor]
            if record.awaited < 0 or record.lost:
                continue
            if record.heard >= 0:
                record.awaited = resumed(record.awaited, since, now)
                if record.level_since >= 0 and record.awaited == now:
                    record.level_since = NEVER  # that it said 0 may have been missed
            else:  # one that was never heard is not excused by a hub that is restarted every day
                record.awaited = Instant(record.awaited + now - max(since, record.awaited))
        if self._lost_due is not None:
            self._lost_due = Instant(now + MINUTE_MS)

    def _overdue(self, now: Instant, hears: bool, dark: frozenset[str]) -> Iterator[Finding]:
        earliest: int | None = None
        for sensor, record in self._records.items():
            if record.lost or record.heard < 0 or not record.checks_in or sensor in dark:
                continue
            due = record.awaited + record.window_ms()
            if due <= now and hears:
                yield from self._lose(now, sensor)
            elif due > now and (earliest is None or due < earliest):
                earliest = due
        self._lost_due = Instant(earliest if earliest is not None else now + HOUR_MS)

    def _review(self) -> None:
        """An hour has passed; sensors are judged at the next sign of life."""
        for record in self._records.values():
            if record.fired or record.day:
                record.turn_hour()
        self._unjudged = True

    def _judge(self, now: Instant, dark: frozenset[str]) -> Iterator[Finding]:
        """Judged at the first sign of life after each hour: a promise must not move while nothing more is heard."""
        self._unjudged = False
        total = sum(record.day + record.fired for record in self._records.values())
        for sensor, record in self._records.items():
            if record.hours:
                yield from self._chatter(now, sensor, total)
            if sensor in dark:
                continue
            if record.level_since >= 0:
                yield from self._stuck(now, sensor, record)
            if now - record.seen >= LATELY_MS:  # most saw somebody today
                yield from self._mute(now, sensor, record)

    def _chatter(self, now: Instant, sensor: str, total: int) -> Iterator[Finding]:
        count, span = self._records[sensor].chatter(total if len(self._records) >= CHATTER_SENSORS else None)
        if span:
            words = (("count", str(count)), ("span", span))
            yield from self._raise("sensor_chattering", sensor, now, (), words)
        elif self._records[sensor].calm():
            yield from self._close("sensor_chattering", sensor, now)

    def _stuck(self, now: Instant, sensor: str, record: Record) -> Iterator[Finding]:
        if record.is_stuck(now, self._sensors[sensor].kind):
            yield from self._raise("sensor_stuck", sensor, record.level_since, ())

    def _mute(self, now: Instant, sensor: str, record: Record) -> Iterator[Finding]:
        if record.heard < 0 and not record.lost:
            if record.awaited < 0:
                record.awaited = now
            elif now - record.awaited >= self._never_ms():
                yield from self._lose(now, sensor)
        if not record.lost and record.is_mute(now, self._activities, self._sensors[sensor].kind):
            if record.checks_in:
                yield from self._raise("sensor_mute", sensor, record.seen, ())
            else:
                yield from self._lose(now, sensor)

    def _never_ms(self) -> int:
        """How long a sensor of home.toml may stay unheard since it was first waited for."""
        return NEVER_HEARD_MS if any(record.checks_in for record in self._records.values()) else NEVER_SEEN_MS

    # -- findings ----------------------------------------------------------------------------------------------

    def _raise(
        self,
        kind: str,
        sensor: str,
        since: Instant,
        evidence: tuple[Reading, ...],
        words: tuple[tuple[str, str], ...] = (),
    ) -> Iterator[Finding]:
        standing = self._open.setdefault(kind, set())
        if sensor not in standing:
            standing.add(sensor)
            self._refresh()
            yield self._finding(kind, "raised", since, sensor, sensor, evidence, words)

    def _close(self, kind: str, sensor: str, now: Instant) -> Iterator[Finding]:
        standing = self._open.get(kind)
        if standing and sensor in standing:
            standing.discard(sensor)
            if not standing:
                del self._open[kind]
            self._refresh()
            yield self._finding(kind, "cleared", now, sensor, sensor)

    def _lose(self, now: Instant, sensor: str) -> Iterator[Finding]:
        record = self._records[sensor]
        record.lost = True
        if record.awaited < 0:
            record.awaited = now
        self._refresh()
        first = self._losses.lose(sensor)
        if first is not None:
            state = "raised" if first == sensor else "updated"
            names = ", ".join(self._losses.groups[first])
            yield self._finding("sensor_lost", state, self._last_heard(first), first, names)

    def _last_heard(self, sensor: str) -> Instant:
        """If never, since when it is waited for."""
        record = self._records[sensor]
        return record.heard if record.heard >= 0 else record.awaited

    def _found(self, now: Instant, sensor: str) -> Iterator[Finding]:
        self._records[sensor].lost = False
        self._refresh()
        if (found := self._losses.find(sensor, self._lost)) is not None:
            first, group = found
            yield self._finding("sensor_lost", "cleared", now, first, ", ".join(group))

    def _finding(
        self,
        kind: str,
        state: str,
        since: Instant,
        subject: str,
        named: str,
        evidence: Sequence[Reading] = (),
        words: tuple[tuple[str, str], ...] = (),
    ) -> Finding:
        sensor = self._sensors[subject]
        said = (("sensor", named), ("what", sensor.kind), *words)
        return Finding(kind, state, since, subject, sensor.room, 1_000, tuple(evidence), said)

    def _refresh(self) -> None:
        self._lost = frozenset(sensor for sensor, record in self._records.items() if record.lost)
        self.unseen = self._lost.union(*(self._open.get(kind, ()) for kind in NOT_BELIEVED))

    # -- snapshot ----------------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        return {
            "records": {sensor: record.plain() for sensor, record in self._records.items()},
            "activities": self._activities,
            "open": {kind: sorted(sensors) for kind, sensors in self._open.items()},
            "groups": self._losses.groups,
            "late": sorted(self.late),
            "lost_due": self._lost_due,
            "review_at": self._review_at,
            "unjudged": self._unjudged,
        }

    def restore(self, snapshot: Snapshot) -> None:
        for sensor, plain in cast(dict[str, list[object]], snapshot["records"]).items():
            if sensor in self._records:
                self._records[sensor].take(plain)
        self._activities = cast(int, snapshot["activities"])
        self._open = {kind: set(names) for kind, names in cast(dict[str, list[str]], snapshot["open"]).items()}
        self.late = frozenset(cast(list[str], snapshot["late"]))
        groups = cast(dict[str, list[str]], snapshot["groups"])
        self._losses.groups = {first: list(names) for first, names in groups.items()}
        self._lost_due = cast(Instant | None, snapshot["lost_due"])
        self._review_at = cast(Instant | None, snapshot["review_at"])
        self._unjudged = bool(snapshot["unjudged"])
        self._refresh()
