"""Company: a lower bound on how many people are present, from what one person cannot do.

One person is not heard in two rooms that lie apart within the time it takes to walk, does not get from one to another
past every sensor on the way, and seldom goes back and forth between two all the time (paths.py). One such reading
proves little: a draught, a sunbeam, a cat. So what speaks for two people is summed up, what speaks for one is taken
off, and the sum fades with time: past a bound there are two, until it is used up. Three are there if three places, each
apart from the others, were heard within that time. Somebody in bed, by a bed sensor that is believed, and somebody
heard elsewhere are two as well, if it goes on for longer than a slow mat takes to notice that it is empty.

``people`` says how many are there at least; 1 says nothing of how many are. Two who sit together in one room, or hardly
move, are not told apart from one. ``visiting``: more than live here, at a time of the day at which that is not usual in
this home. Where somebody comes in most mornings, company in the morning is no visit. A visit ends when nothing speaks
for it any more and an entrance has moved since, or, where none moved or none is watched, ``VISIT_MOST_MS`` after
the last word for it.

Visits are labelled, so that others need not learn from them; here too no habit is learnt while there is company. A
sensor that is not believed says nothing, and while one is missing nobody is suspected of having passed it.
"""

from collections.abc import Iterable, Sequence
from typing import Final, cast

from agent.civil import Wall
from agent.detect.paths import BLIND_MS, LIVE_MS, Paths
from agent.detect.sight import SEES_ROOM
from agent.nouns import (
    ACTIVITY,
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    SECOND_MS,
    Finding,
    Home,
    Instant,
    Outcome,
    Reading,
    Snapshot,
    Watch,
)

# In hundredths of a nat
ENOUGH: Final = 200  # two are there: e^2, against how seldom one person makes others believe so
MOST: Final = 400  # more is not kept: what ended long ago must not be believed for ever
SURE: Final = 60  # so much at once is a word for company; less only adds up
BED_SAYS: Final = 150
FADE_A_MINUTE: Final = 4
FADE_AFTER_DOOR: Final = 8  # times as fast once an entrance has moved since the last word for company

BED_SURE_MS: Final = 3 * MINUTE_MS  # a mat that is left may say so late
BED_DOUBT_MS: Final = 3 * HOUR_MS  # and one that says so for longer may be stuck
THIRD_MS: Final = HOUR_MS  # how long a third person is believed in
VISIT_MOST_MS: Final = 2 * HOUR_MS
SLOT_MS: Final = 30 * MINUTE_MS
PART_MINUTES: Final = 4 * 60  # what is usual is known by parts of the day
PARTS: Final = 6
# Of the half hours in which somebody moved, those with company: more in this part of the day, or in all, is no visit.
# Who comes for an hour a day is a visitor; who lives there is found in a quarter of them.
USUAL_PART_PERMILLE: Final = 250
USUAL_PERMILLE: Final = 150
USUAL_SLOTS: Final = 224  # four weeks of a part of the day; then all are halved
UNKNOWN_SLOTS: Final = 6  # so many without company are taken for known at first
LONG_AGO: Final = Instant(-DAY_MS)


class Company:
    name = "company"
    hears = ACTIVITY

    def __init__(self, home: Home) -> None:
        sensors = home.sensors.values()
        self._entrances = frozenset(s.id for s in sensors if s.kind == "door" and s.role == "entrance")
        # An entrance is a place of its own: who opens it from outside was not in its room just before. A button is
        # none: it is carried about.
        self._place = {
            s.id: s.id if s.id in self._entrances else s.room for s in sensors if s.kind in ACTIVITY - {"button"}
        }
        self._room = {sensor.id: sensor.room for sensor in sensors}
        self._eyes = frozenset(sensor.id for sensor in sensors if sensor.kind in SEES_ROOM)
        self._residents = home.residents
        self._wall = Wall(home.timezone)
        kinds = {room.id: room.kind for room in home.rooms.values()}
        self.paths = Paths({**kinds, **dict.fromkeys(self._entrances, "entrance")})
        self.people = 1  # at least so many
        self.since: Instant | None = None  # when more than one were there first
        self.visiting = False
        self._here, self._here_at = "", Instant(0)  # the place that was heard last
        self._before, self._before_at = "", Instant(0)  # the other place before it
        self._last: dict[str, Instant] = {}  # places heard within the last seconds, the last one last
        self._sum, self._sum_at = 0, Instant(0)
        self._third_at = LONG_AGO
        self._said_at = LONG_AGO  # when something last spoke for company
        self._door_at = LONG_AGO
        self._due: Instant | None = None
        self._beds: dict[str, Instant | None] = {}  # occupied; since when somebody is heard elsewhere
        self._slot, self._offset_ms = -1, 0
        self._had = False  # company in the running half hour
        self._usual = [[0, UNKNOWN_SLOTS] for _ in range(PARTS)]  # half hours with company, and all, by part
        self._told = 0  # people, as said last; 0: not yet, for half an hour of it must be known
        self.news: list[Reading] = []  # how many there are at least, when it changed; not taken yet, not memory

    def forget(self) -> None:
        """It failed, or begins anew: nobody else is known to be there."""
        self.people, self.visiting, self.since, self._sum = 1, False, None, 0

    # -- what it is told -----------------------------------------------------------------------------------------

    def observe(self, now: Instant, readings: Sequence[Reading], watch: Watch) -> Iterable[Finding]:
        for reading in readings:
            sensor = reading.sensor
            if reading.quantity not in self.hears:  # it came with something else that everybody is told
                continue
            if reading.value == 0 or sensor in watch.unseen:
                if reading.quantity != "motion":
                    self._end(now, reading, watch)
                continue
            place = self._place.get(sensor)
            if place is None:
                continue
            last = self._last.get(place)
            if last is None or now - last >= BLIND_MS:
                self._hear(now, place, reading, watch)
            if reading.quantity == "bed":
                self._beds.setdefault(sensor, None)
            elif sensor in self._entrances:
                self._move_door(now)
        if self._due is not None and now >= self._due:
            self._turn(now)
        if self.people != max(self._told, 1):
            self._tell(now)
        return ()

    def _tell(self, now: Instant) -> None:
        self._told = self.people
        self.news.append(Reading(now, self.name, "people", self.people))

    def add_to(self, outcome: Outcome) -> Outcome:
        """The outcome of this entry with what is new: a family's day tells it, and no detector hears it."""
        told, self.news = (*outcome.readings, *self.news), []
        return outcome._replace(readings=told)

    def _end(self, now: Instant, reading: Reading, watch: Watch) -> None:
        """Nobody is in that bed any more, or that cannot be said; or a door was shut."""
        self._beds.pop(reading.sensor, None)
        if reading.sensor in self._entrances and reading.sensor not in watch.unseen:
            self._move_door(now)

    def _move_door(self, now: Instant) -> None:
        self._door_at = now
        if self.people > 1 or self.visiting:
            self._turn(now)

    def _hear(self, now: Instant, place: str, reading: Reading, watch: Watch) -> None:
        if now // SLOT_MS != self._slot:
            self._turn_slot(now, watch.clock.offset_ms)
        here, lives = self._here, now - self._here_at < LIVE_MS
        learns = self.people == 1
        says = 0
        if place != here:
            says = self._too_soon(now, place)
            if lives and (not watch.unseen or watch.unseen.isdisjoint(self._eyes)):
                says += self.paths.move(here, place, learns)
        if lives and now - self._before_at < LIVE_MS and (place == here or place == self._before):
            self._add(now, self.paths.turn(here, self._before, place == self._before, learns))
        if says:
            self._add(now, says)
        if place != here:
            self._before, self._before_at = here, self._here_at
        self._here, self._here_at = place, now
        self._last.pop(place, None)
        self._last[place] = now
        if self._beds:
            self._elsewhere(now, self._room[reading.sensor], watch.unseen)

    def _too_soon(self, now: Instant, place: str) -> int:
        """The most that the last seconds elsewhere say for two people."""
        most, quick = 0, []
        for other, at in list(self._last.items()):
            if now - at >= BLIND_MS:
                del self._last[other]
            elif other != place and (says := self.paths.note(place, other, now - at)):
                quick.append((other, at))
                most = max(most, says)
        for nth, (one, at) in enumerate(quick):
            if any(self.paths.says(one, other, abs(at - also)) for other, also in quick[nth + 1 :]):
                self._third_at = now
        return most

    def _elsewhere(self, now: Instant, room: str, unseen: frozenset[str]) -> None:
        """Somebody is heard in ``room`` while a bed is occupied."""
        for bed, since in self._beds.items():
            if self._room[bed] == room or bed in unseen:
                continue
            if since is None:
                self._beds[bed] = now
            elif BED_SURE_MS <= now - since < BED_DOUBT_MS:
                self._add(now, BED_SAYS)

    # -- the sum -------------------------------------------------------------------------------------------------

    def _add(self, now: Instant, says: int) -> None:
        if says > 0 or self._sum > 0:
            self._fade(now)
            self._sum = min(max(self._sum + says, 0), MOST)
            if says >= SURE:
                self._said_at = now
                self._turn(now)

    def _a_minute(self) -> int:
        return FADE_A_MINUTE * FADE_AFTER_DOOR if self._door_at >= self._said_at else FADE_A_MINUTE

    def _fade(self, now: Instant) -> None:
        self._sum = max(0, self._sum - (now - self._sum_at) * self._a_minute() // MINUTE_MS)
        self._sum_at = now

    def _turn(self, now: Instant) -> None:
        """What follows from the sum as it stands now, and when it will have faded."""
        self._fade(now)
        if self._sum == 0:
            self.people = 1
        elif self.people > 1 or self._sum >= ENOUGH:
            self.people = 3 if now - self._third_at < THIRD_MS else 2
            self._had = True
        if self.people > self._residents:
            self.visiting = self.visiting or not self._is_usual()
        elif self.visiting:
            self.visiting = self._door_at < self._said_at and now - self._said_at < VISIT_MOST_MS
        if self.people == 1 and not self.visiting:
            self.since = None
        elif self.since is None:
            self.since = now
        self._due = self._next(now)

    def _next(self, now: Instant) -> Instant | None:
        if self.people > 1:
            return Instant(now + self._sum * MINUTE_MS // self._a_minute() + SECOND_MS)
        return Instant(self._said_at + VISIT_MOST_MS) if self.visiting else None

    # -- what is usual here --------------------------------------------------------------------------------------

    def _part(self) -> int:
        return self._wall.minute_of_day(Instant(self._slot * SLOT_MS + self._offset_ms)) // PART_MINUTES

    def _is_usual(self) -> bool:
        company, all = self._usual[self._part()]
        if company * 1_000 > all * USUAL_PART_PERMILLE:
            return True
        had, known_slots = (sum(known[which] for known in self._usual) for which in (0, 1))
        return had * 1_000 > known_slots * USUAL_PERMILLE

    def _turn_slot(self, now: Instant, offset_ms: int) -> None:
        """Another half hour in which somebody moves; the one before is known."""
        if self._slot >= 0:
            known = self._usual[self._part()]
            known[0] += self._had
            known[1] += 1
            if known[1] > USUAL_SLOTS:
                known[:] = [known[0] // 2, known[1] // 2]
            if not self._told:
                self._tell(now)
        self._slot, self._offset_ms = now // SLOT_MS, offset_ms
        self._had = self.people > 1

    def deadline(self) -> Instant | None:
        return self._due

    # -- snapshot ------------------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        return {
            "paths": self.paths.snapshot(),
            "people": [self.people, self.since, self.visiting],
            "told": self._told,
            "here": [self._here, self._here_at, self._before, self._before_at],
            "last": self._last,
            "sum": [self._sum, self._sum_at, self._third_at],
            "said": [self._said_at, self._door_at, self._due],
            "beds": self._beds,
            "slot": [self._slot, self._offset_ms, self._had],
            "usual": self._usual,
        }

    def restore(self, snapshot: Snapshot) -> None:
        self.paths.restore(cast(Snapshot, snapshot["paths"]))
        self.people, self.since, self.visiting = cast(tuple[int, Instant | None, bool], snapshot["people"])
        self._told = cast(int, snapshot.get("told", 0))
        here = cast(tuple[str, Instant, str, Instant], snapshot["here"])
        self._here, self._here_at, self._before, self._before_at = here
        self._last = dict(cast(dict[str, Instant], snapshot["last"]))
        self._sum, self._sum_at, self._third_at = cast(tuple[int, Instant, Instant], snapshot["sum"])
        self._said_at, self._door_at, self._due = cast(tuple[Instant, Instant, Instant | None], snapshot["said"])
        self._beds = dict(cast(dict[str, Instant | None], snapshot["beds"]))
        self._slot, self._offset_ms, self._had = cast(tuple[int, int, bool], snapshot["slot"])
        self._usual = [list(known) for known in cast(list[list[int]], snapshot["usual"])]
