"""A flat that ``possible_fall`` watches alone: whereabouts, the detector, and the deadlines kept to the millisecond."""

from agent.detect.possible_fall import PossibleFall
from agent.detect.whereabouts import Whereabouts
from agent.nouns import MINUTE_MS, Care, Finding, Instant, Reading, Sensor, Watch
from tests.home_maker import make_home

MORNING = Instant(1_772_359_200_000)  # Sunday 2026-03-01, 10:00 in London, where it is UTC
BED = Sensor("bed", "bed", "bedroom", None, "log", "bed")
RADAR = Sensor("radar", "fall", "bathroom", None, "log", "radar")
UNOBSERVED = Watch(observed=False)


class Flat:
    """The home of make_home with a bed and a fall sensor, and its detector; keeps what was said, and when."""

    def __init__(self, care: Care | None = None) -> None:
        self.home = make_home(BED, RADAR, care=care)
        self.where = Whereabouts(self.home)
        self.fall = PossibleFall(self.home, self.where)
        self.watch = Watch()
        self.now = MORNING
        self.said: list[tuple[Instant, Finding]] = []

    def hear(self, sensor: str, value: int = 1, after_ms: int = 0) -> None:
        """A reading ``after_ms`` later; deadlines before it are told first."""
        self.wait(after_ms, short_of=True)
        kind = self.home.sensors[sensor].kind
        readings = (Reading(self.now, sensor, kind, value),)
        self.where.observe(self.now, readings, self.watch)
        self._take(readings)

    def wait(self, ms: int, short_of: bool = False) -> None:
        """Nothing is heard for so long, its end included unless ``short_of``."""
        end = Instant(self.now + ms)
        while (due := self.fall.deadline()) is not None and (due < end if short_of else due <= end):
            self.now = due
            self._take(())
            assert self.fall.deadline() != due
        self.now = end

    def turn(self, watch: Watch) -> None:
        self.watch = watch
        self._take(())

    def days(self, count: int) -> None:
        """An even life: half an hour in the living room and the kitchen by turns, by day and by night."""
        for _ in range(count * 24):
            self.hear("living-motion", after_ms=30 * MINUTE_MS)
            self.hear("kitchen-motion", after_ms=30 * MINUTE_MS)

    def _take(self, readings: tuple[Reading, ...]) -> None:
        self.said += [(self.now, finding) for finding in self.fall.observe(self.now, readings, self.watch)]

    def states(self) -> list[str]:
        return [finding.state for _, finding in self.said]

    def wait_ms(self) -> int:
        deadline = self.fall.promise().deadline
        assert deadline is not None
        return deadline - self.now
