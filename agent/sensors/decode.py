"""Frames in, readings out: by the link that a frame came over.

Only what changed, or what is fresh, becomes a reading. A line of a sensor log is fresh by definition.
"""

from collections.abc import Mapping
from typing import Final, cast

from agent.nouns import BINARY, MEASURED, BadFrame, Frame, Home, Instant, Reading, Snapshot
from agent.sensors.payload import parse, shown
from agent.sensors.wire import LINK as SERIAL
from agent.sensors.wired import Wired
from agent.sensors.zigbee import LINK, Zigbee

LOG: Final = "log"
MAX_KNOWN_LINES: Final = 4_096  # different (sensor, quantity, value) of a log kept understood; then they start anew
QUALITY_MOST: Final = 255  # of zigbee2mqtt's linkquality; more is none
MAX_LINE_BYTES: Final = 40  # "battery_percent 100" has 19; a longer line is refused
_QUANTITIES: Final = (BINARY | MEASURED) - {"link"}


def of_the_link(frame: Frame) -> bool:
    """Whether a frame says only how the link is, and nothing of the home: that is heard without consent too."""
    if frame.link == SERIAL:
        return "/" not in frame.address
    return frame.address.startswith("bridge/")


class Decoder:
    """All links' memory. Frames of the links hub, care and centre are the engine's own and must not come here."""

    def __init__(self, home: Home) -> None:
        sensors = home.sensors.values()
        self._zigbee = Zigbee(sensor for sensor in sensors if sensor.link == LINK)
        self.wired = Wired(sensor for sensor in sensors if sensor.link == SERIAL)
        # A log may be of a home whose sensors are live ones otherwise: it names them by their ids.
        self._logged = {sensor.address: sensor.id for sensor in sensors if sensor.link == LOG}
        self._logged.update((sensor.id, sensor.id) for sensor in sensors)
        self._lines: dict[tuple[str, bytes], tuple[str, str, int]] = {}

    def decode(self, at: Instant, frame: Frame) -> tuple[Reading, ...]:
        """BadFrame, in one line with whose fault it is, for what cannot be understood."""
        link, address, payload, _ = frame
        if link == LOG:
            sensor, quantity, value = self._lines.get((address, payload)) or self._line(address, payload)
            return (Reading(at, sensor, quantity, value),)
        if link == LINK:
            return self._zigbee.decode(at, frame)
        if link == SERIAL:
            return self.wired.decode(at, frame)
        raise BadFrame(f"{shown(address)}: nothing is known of a link {shown(link)}")

    def _line(self, address: str, payload: bytes) -> tuple[str, str, int]:
        """``motion 1``: a quantity, a space, an integer."""
        sensor = self._logged.get(address)
        if sensor is None:
            raise BadFrame(f"{shown(address)}: no sensor of home.toml has this id or log address")
        if len(payload) > MAX_LINE_BYTES:
            raise BadFrame(f"{shown(address)}: {len(payload)} bytes, more than {MAX_LINE_BYTES}")
        quantity, _, number = payload.decode(errors="replace").partition(" ")
        if quantity not in _QUANTITIES:
            raise BadFrame(f"{shown(address)}: nothing is known of the quantity {shown(quantity)}")
        try:
            value = int(number)
        except ValueError:
            raise BadFrame(f"{shown(address)}: {quantity} is {shown(number)}, not an integer") from None
        if quantity in BINARY and value not in (0, 1):
            raise BadFrame(f"{shown(address)}: {quantity} is {value}, neither 0 nor 1")
        if len(self._lines) >= MAX_KNOWN_LINES:
            self._lines.clear()
        self._lines[address, payload] = sensor, quantity, value
        return sensor, quantity, value

    def quality(self, frame: Frame) -> tuple[tuple[str, ...], int | None]:
        """Of a Zigbee device's message: its sensors, and the quality of the radio that brought it, 0 to 255. None: it
        says nothing of that."""
        sensors = self._zigbee.sensors_of(frame.address) if frame.link == LINK else ()
        try:
            message = parse(frame.address, frame.payload) if sensors and frame.payload else None
        except BadFrame:
            return (), None
        said = message.get("linkquality") if isinstance(message, dict) else None
        return sensors, said if type(said) is int and 0 <= said <= QUALITY_MOST else None

    def missed(self) -> None:
        """What was said until now may not have been heard: the next message of a device only tells what is."""
        self._zigbee.miss()
        self.wired.miss()

    def snapshot(self) -> Snapshot:
        return {"zigbee": self._zigbee.snapshot(), "wired": self.wired.snapshot()}

    def restore(self, snapshot: Snapshot) -> None:
        self._zigbee.restore(cast(Mapping[str, object], snapshot["zigbee"]))
        self.wired.restore(cast(Snapshot, snapshot.get("wired", {})))  # the release before knew of none
