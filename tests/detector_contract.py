"""What holds for every detector, whatever it looks for: ``keeps_the_contract(build)`` in the tests of each.

Random lives of a home are lived through: readings of every kind, doors and beds that chatter, hubs that are off,
sensors that cannot be believed, pauses, clocks that are set.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.nouns import HOUR_MS, MINUTE_MS, SECOND_MS, Care, Clock, Finding, Home, Instant
from tests.driver import SENSORS, Build, Drive, a_home

EVIDENCE_MOST: Final = 3
QUIET_IN_A_PAUSE: Final = frozenset({"bed_exit", "night_exit", "not_up", "not_home", "door_left_open"})
FROM_SILENCE: Final = QUIET_IN_A_PAUSE | {"low_temperature"}

GAPS_MS: Final = st.one_of(
    st.sampled_from([0, 1, 30 * SECOND_MS, MINUTE_MS, MINUTE_MS + 1, 5 * MINUTE_MS, 30 * MINUTE_MS, HOUR_MS]),
    st.integers(0, 20 * MINUTE_MS),
    st.integers(0, 9 * HOUR_MS),
)
OFTEN: Final = ("bed", "bed", "front", "front", "kitchen-motion", "hall-motion", "pendant", "thermometer")
LEVELS: Final = {"thermometer": ("temperature_mc", (9_000, 11_000, 13_000, 15_000))}
HEARD: Final = st.tuples(st.sampled_from([*OFTEN, *SENSORS]), st.integers(0, 3))
SEEING: Final = st.one_of(
    st.booleans().map(lambda seen: ("see", "observed", seen)),
    st.sets(st.sampled_from(sorted(SENSORS)), max_size=2).map(lambda ids: ("see", "unseen", frozenset(ids))),
    st.tuples(st.integers(-HOUR_MS, HOUR_MS), st.sampled_from(["synced", "rtc", "unknown"])).map(
        lambda pair: ("see", "clock", Clock(*pair))
    ),
    st.sampled_from([None, 5 * MINUTE_MS, HOUR_MS]).map(lambda ms: ("pause", ms)),
    st.integers(SECOND_MS, 20 * HOUR_MS).map(lambda ms: ("off", ms)),
)
STEPS: Final = st.integers(0, 9).flatmap(lambda dice: SEEING if dice == 9 else HEARD.map(lambda pair: _heard(*pair)))
LIFE: Final = st.lists(st.tuples(GAPS_MS, STEPS), min_size=10, max_size=60)
Step = tuple[int, tuple[object, ...]]


def keeps_the_contract(build: Build, examples: int = 100) -> None:
    """Runs every law over ``examples`` random lives; AssertionError with the shortest life that breaks one."""

    @settings(max_examples=examples, deadline=None)
    @given(hour=st.sampled_from([0, 7, 20, 22]), life=LIFE, cut=st.integers(0, 60), plan=st.sampled_from(PLANS))
    def laws(hour: int, life: list[Step], cut: int, plan: Care) -> None:
        home = replace(a_home(), care=plan)
        whole = _live(home, build, hour, life)
        assert whole.said == _live(home, build, hour, life).said, "the same life was told in two ways"
        assert whole.said == _live(home, build, hour, life, restart_at=cut).said, "a restart changed what was said"
        _well_formed(whole)
        _ends_only_what_it_began(whole)

    laws()


PLANS: Final = (
    Care(),
    Care(not_up_by=10 * 60 + 30, home_by=21 * 60),
    Care(not_up_by=90, home_by=90, bed_exit_minutes=1, door_open_minutes=1),
)


class _Watched(Drive):
    """A drive that holds each finding, as it is said, against what could be seen at that moment."""

    def _step(self, now: Instant, readings: object) -> None:
        before = len(self.said)
        super()._step(now, readings)  # type: ignore[arg-type]
        for _, finding in self.said[before:]:
            self._may_say(now, finding, heard=bool(readings))

    def _may_say(self, now: Instant, finding: Finding, heard: bool) -> None:
        watch = self.watch
        if not watch.observed and finding.state == "raised":
            assert finding.kind not in FROM_SILENCE, "silence was believed while nobody listened"
        if not watch.observed and finding.state == "cleared":
            assert heard, "what could not be seen ended an incident"
        if watch.pause_until is not None and now < watch.pause_until and finding.state == "raised":
            assert finding.kind not in QUIET_IN_A_PAUSE, "a rule of routine spoke while it was asked to rest"


def _live(home: Home, build: Build, hour: int, life: list[Step], restart_at: int = -1) -> Drive:
    drive: Drive = _Watched(home, build)
    drive.now = Instant(drive.now + hour * HOUR_MS)
    drive.see(drive.now, observed=True)
    for number, (gap_ms, step) in enumerate(life):
        if number == restart_at:
            said = drive.said
            drive = drive.reborn()
            drive.said = said
        _do(drive, Instant(drive.now + gap_ms), step)
    drive.until(Instant(drive.now + 30 * HOUR_MS))
    return drive


def lived(home: Home, builds: Sequence[Build], life: list[Step]) -> Drive:
    """A home that has just lived through ``life``, from midnight on."""
    drive = Drive(home, *builds)
    drive.see(drive.now, observed=True)
    for gap_ms, step in life:
        _do(drive, Instant(drive.now + gap_ms), step)
    return drive


def _heard(sensor: str, dice: int) -> tuple[object, ...]:
    quantity, levels = LEVELS.get(sensor, (SENSORS[sensor][0], (0, 1, 0, 1)))
    return ("hear", sensor, quantity, levels[dice])


def _do(drive: Drive, at: Instant, step: tuple[object, ...]) -> None:
    match step:
        case ("hear", str(sensor), str(quantity), int(value)):
            drive.hear(at, sensor, value, quantity)
        case ("see", str(what), value):
            drive.see(at, **{what: value})
        case ("pause", ms):
            drive.see(at, pause_until=at + ms if isinstance(ms, int) else None)
        case ("off", int(ms)):
            drive.off(at, Instant(at + ms))


def _well_formed(drive: Drive) -> None:
    for at, finding in drive.said:
        assert finding.state in ("raised", "updated", "cleared")
        assert finding.since <= at
        assert len(finding.evidence) <= EVIDENCE_MOST
        assert all(reading.at <= at for reading in finding.evidence)
        assert finding.state == "raised" or finding.evidence, "what changed an incident must be shown"
        assert finding.room is None or finding.room in drive.home.rooms
        assert 0 <= finding.score_permille <= 1_000


def _ends_only_what_it_began(drive: Drive) -> None:
    open: dict[tuple[str, str], Instant] = {}
    for _, finding in drive.said:
        key = (finding.kind, finding.subject)
        if finding.state == "raised":
            assert key not in open, f"{key} was raised twice"
            open[key] = finding.since
            continue
        assert open.get(key) == finding.since, f"{key} was {finding.state} but not raised"
        if finding.state == "cleared":
            assert finding.kind != "sos", "a sensor took back a call for help"
            del open[key]
