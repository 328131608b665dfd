"""Small homes for tests."""

from agent.nouns import Care, Home, Room, Sensor

ROOMS = ("bedroom", "bathroom", "kitchen", "living", "hall")


def make_home(*extra: Sensor, link: str = "log", care: Care | None = None, timezone: str = "Europe/London") -> Home:
    """A flat with a PIR in each of five rooms, a front door and a fridge, and what is given besides."""
    rooms = {room: Room(room, room, room) for room in ROOMS}
    sensors = [Sensor(f"{room}-motion", "motion", room, None, link, f"{room}-motion") for room in ROOMS]
    sensors.append(Sensor("front-door", "door", "hall", "entrance", link, "front-door"))
    sensors.append(Sensor("fridge", "door", "kitchen", "fridge", link, "fridge"))
    sensors += extra
    return Home("test", timezone, 1, rooms, {sensor.id: sensor for sensor in sensors}, care or Care(), text="")
