"""``sos``: somebody pressed for help. At once, whatever else is known; nothing that a sensor says takes it back.

A button whose role is to answer calls nobody: it is a sign of life like any other. In a walk test a press is told to
nobody else, as ``call``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, cast

from agent.detect.whereabouts import Whereabouts
from agent.nouns import MINUTE_MS, Finding, Home, Instant, Reading, Snapshot, Watch

EPISODE_MS: Final = (
    10 * MINUTE_MS
)  # a press this soon after the first is the same call for help; a later one is new (chosen)
UPDATES_MOST: Final = 3  # further presses of one episode are not said


@dataclass(slots=True)
class _Episode:
    number: int
    first: Reading
    updates: int = 0


class Sos:
    """One episode for each button. The number in the subject keeps a later call apart from one still open."""

    name = "sos"
    hears = frozenset({"button", "call"})

    def __init__(self, home: Home, whereabouts: Whereabouts) -> None:
        self._room = {sensor.id: sensor.room for sensor in home.sensors.values()}
        self._answers = frozenset(sensor.id for sensor in home.sensors.values() if sensor.role == "answer")
        self._count = 0
        self._episodes: dict[str, _Episode] = {}

    def observe(self, now: Instant, readings: Sequence[Reading], watch: Watch) -> Iterable[Finding]:
        found: list[Finding] = []
        for reading in readings:
            if reading.quantity in self.hears and reading.value and reading.sensor not in self._answers:
                self._press(reading._replace(quantity="button"), found)
        return found

    def _press(self, reading: Reading, found: list[Finding]) -> None:
        episode = self._episodes.get(reading.sensor)
        if episode is None or reading.at - episode.first.at > EPISODE_MS:
            self._count += 1
            episode = self._episodes[reading.sensor] = _Episode(self._count, reading)
            found.append(self._finding("raised", episode, (reading,)))
            return
        if episode.updates < UPDATES_MOST:
            episode.updates += 1
            found.append(self._finding("updated", episode, (episode.first, reading)))

    def _finding(self, state: str, episode: _Episode, evidence: tuple[Reading, ...]) -> Finding:
        sensor = episode.first.sensor
        subject = f"{sensor}@{episode.number}"
        return Finding("sos", state, episode.first.at, subject, self._room.get(sensor), evidence=evidence)

    def judged(self, since: Instant, verdict: str | None) -> None:
        """A person has closed this call: the next press is another one, however soon it comes."""
        self._episodes = {sensor: one for sensor, one in self._episodes.items() if one.first.at != since}

    def deadline(self) -> Instant | None:
        return None

    def snapshot(self) -> Snapshot:
        return {
            "count": self._count,
            "episodes": {
                sensor: [episode.number, list(episode.first), episode.updates]
                for sensor, episode in self._episodes.items()
            },
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._count = cast(int, snapshot["count"])
        plain = cast(dict[str, tuple[int, tuple[Instant, str, str, int], int]], snapshot["episodes"])
        self._episodes = {
            sensor: _Episode(number, Reading(*first), updates) for sensor, (number, first, updates) in plain.items()
        }
