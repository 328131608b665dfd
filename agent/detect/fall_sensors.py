"""Sensors that say themselves that somebody fell (radar, camera-free ceilings: zigbee2mqtt's ``fall_*``).

A 1 is raised at once, whatever is paused or unobserved. A 0 alone ends nothing: such sensors fall back to 0 by a
timer with the person still on the floor. The condition ends when the sensor has said 0 and somebody moved after that.
"""

from typing import Final, cast

from agent.nouns import Finding, Home, Instant, Reading, Snapshot

UPDATES_MOST: Final = 3  # "reports a fall again", per incident; later ones are not said


class FallSensors:
    def __init__(self, home: Home) -> None:
        self._room = {sensor.id: sensor.room for sensor in home.sensors.values()}
        self.open: dict[str, list[int]] = {}  # sensor -> [since, says 1 now, updates said]

    def hear(self, reading: Reading) -> list[Finding]:
        """A reading of the quantity ``fall``."""
        fallen = self.open.get(reading.sensor)
        if fallen is None:
            if not reading.value:
                return []
            self.open[reading.sensor] = [reading.at, 1, 0]
            return [self._finding("raised", reading.at, reading)]
        again = reading.value != 0 and not fallen[1]
        fallen[1] = 1 if reading.value else 0
        if not again or fallen[2] == UPDATES_MOST:
            return []
        fallen[2] += 1
        return [self._finding("updated", fallen[0], reading)]

    def judged(self, since: Instant) -> None:
        """A person has closed this fall: what the sensor says next is another one."""
        self.open = {sensor: fallen for sensor, fallen in self.open.items() if fallen[0] != since}

    def move(self, reading: Reading) -> list[Finding]:
        """Somebody moved: what its sensor no longer reports is over."""
        over = sorted(sensor for sensor, fallen in self.open.items() if not fallen[1])
        return [self._finding("cleared", self.open.pop(sensor)[0], reading, sensor) for sensor in over]

    def _finding(self, state: str, since: int, reading: Reading, sensor: str | None = None) -> Finding:
        subject = sensor or reading.sensor
        return Finding("possible_fall", state, Instant(since), subject, self._room.get(subject), evidence=(reading,))

    def snapshot(self) -> Snapshot:
        return {sensor: list(fallen) for sensor, fallen in self.open.items()}

    def restore(self, snapshot: Snapshot) -> None:
        self.open = {sensor: list(cast(list[int], fallen)) for sensor, fallen in snapshot.items()}
