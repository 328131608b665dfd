"""What a home is heard by: sensors, their radio, boards, and the daily proof that all of it reaches the centre."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from agent.civil import utc_minute
from agent.detect.health import BATTERY_LOW_PERCENT
from agent.detect.record import Record
from agent.doctor.check import Check
from agent.nouns import HOUR_MS, MINUTE_MS, Clock, Home, Instant, Sensor

# A rule of thumb of those who run zigbee2mqtt, on its scale of 0 to 255: below it messages get lost.
WEAK: Final = 50
GOOD_MV: Final = range(4_500, 5_501)  # the supply of a board, from USB
RESTARTS: Final = 2  # of a board in two days: its plug was pulled once; twice is a fault
CALL_MS: Final = 26 * HOUR_MS  # a proof of life is due each day; a centre waits as long
ANSWER_MS: Final = 15 * MINUTE_MS
CLOCK_OFF_MS: Final = 2_000
# As supervision calls it, worst first.
STANDING: Final = (
    ("sensor_mute", "mute"),
    ("sensor_stuck", "stuck"),
    ("sensor_chattering", "chattering"),
    ("tamper", "tamper"),
    ("battery_low", "battery_low"),
)


def sensors(
    home: Home,
    records: Mapping[str, Record],
    standing: Mapping[str, frozenset[str]],
    battery: Mapping[str, int],
    now: Instant,
    fresh: bool,
) -> Iterator[Check]:
    """Each sensor that a running hub hears, as supervision holds it. ``fresh``: the hub runs."""
    for sensor in home.sensors.values():
        if sensor.link == "log":
            continue
        record = records.get(sensor.id, Record())
        level = battery.get(sensor.id)
        code = _code(sensor, record, standing, level)
        code = "old" if code in ("well", "unheard") and not fresh else code
        yield Check("sensor", code, _words(home, sensor, record, level, now), sensor.id)


def _code(sensor: Sensor, record: Record, standing: Mapping[str, frozenset[str]], battery: int | None) -> str:
    if record.heard < 0:
        return "unheard"
    if record.lost:
        return "lost"
    for kind, code in STANDING:
        if sensor.id in standing.get(kind, frozenset()):
            return code
    return "battery_low" if battery is not None and battery <= BATTERY_LOW_PERCENT else "well"


def _words(home: Home, sensor: Sensor, record: Record, battery: int | None, now: Instant) -> str:
    said = [f"{sensor.kind} in {sensor.room}"]
    said.append("never heard" if record.heard < 0 else f"last heard {ago(now - record.heard)}")
    if battery is not None:
        said.append(f"battery {battery}%")
    if record.checks_in and record.gaps.days():
        said.append(f"missed after {spell(record.window_ms())}")
    return ", ".join(said)


def radio(home: Home, names: Mapping[str, str], quality: Mapping[str, int]) -> Iterator[Check]:
    """How well the coordinator hears each device. ``names``: at zigbee2mqtt, by address; ``quality``: by name."""
    for sensor in home.sensors.values():
        if sensor.link != "zigbee":
            continue
        address = sensor.address.partition("#")[0]
        heard = quality.get(names.get(address, address))
        where = f"{sensor.kind} in {sensor.room}"
        if heard is None:
            yield Check("radio", "unknown", f"{where}: not known", sensor.id)
        else:
            code = "weak" if heard < WEAK else "strong"
            yield Check("radio", code, f"{where}: link quality {heard} of 255", sensor.id, figures={"lqi": heard})


def board(name: str, firmware: str | None, supply_mv: int | None, boots: int, lost: int, heard: bool) -> Check:
    """What a wired board said of itself in two days."""
    if not heard:
        return Check("board", "unheard", "has not spoken in two days", name)
    said = [f"firmware {firmware}"] if firmware else []
    if supply_mv:
        said.append(f"supply {supply_mv / 1_000:.2f} V")
    said += [f"{boots} starts in two days"] if boots > 1 else []
    said += [f"{lost} readings lost in two days"] if lost else []
    figures = {"supply_mv": supply_mv or 0, "starts": boots, "lost": lost}
    code = "well"
    if supply_mv and supply_mv not in GOOD_MV:
        code = "supply"
    elif boots > RESTARTS:
        code = "restarts"
    elif lost:
        code = "lost"
    return Check("board", code, ", ".join(said) or "heard", name, figures=figures)


def proof_of_life(called: Instant | None, receipted: Instant | None, now: Instant, clock: Clock) -> Check:
    if called is None:
        return Check("proof of life", "none", "none yet")
    at = utc_minute(Instant(called + clock.offset_ms))
    if now - called > CALL_MS:
        return Check("proof of life", "overdue", f"the last one was at {at}, {ago(now - called)}")
    if receipted is None:
        late = now - called > ANSWER_MS
        return Check("proof of life", "unanswered" if late else "none", f"said at {at}, and not signed for")
    took = f"{(receipted - called) / 1_000:.1f} s"
    return Check("proof of life", "receipted", f"said at {at}, signed for after {took}")


def clock(synced: bool, believable: bool, off_ms: int | None, battery: bool, quality: str | None) -> Iterator[Check]:
    """``off_ms``: the most by which the kernel says it may be wrong. ``quality``: as the journal has it."""
    known = f"; the hub takes it for {quality}" if quality else ""
    if synced and off_ms is not None and off_ms > CLOCK_OFF_MS:
        yield Check("clock", "drifted", f"set by a time server, and may be {off_ms} ms wrong{known}")
    elif synced:
        right = f", right within {off_ms} ms" if off_ms is not None else ""
        yield Check("clock", "synced", f"set by a time server{right}{known}")
    elif believable:
        yield Check("clock", "not_synced", f"not set by a time server{known}")
    else:
        yield Check("clock", "past", f"stands in the past{known}")
    fitted = "has a clock of its own that runs on" if battery else "has no clock of its own that runs on"
    yield Check("clock battery", "fitted" if battery else "none", f"{fitted} without power")


def parts(found: Sequence[tuple[str, int | None, str]], systemd: Mapping[str, Mapping[str, str]]) -> Iterator[Check]:
    """The three processes. ``found``: which run, as which user (number and name); ``systemd``: what it says of each
    unit that it knows."""
    users = {part: user for part, _, user in found}
    for part, uid, user in found:
        unit = systemd.get(part, {})
        if unit.get("ActiveState") == "failed" or (unit and unit.get("SubState") == "auto-restart"):
            yield Check("unit", "failed", f"systemd gave it up: {unit.get('Result', 'no reason given')}", part)
        elif uid is None:
            yield Check("unit", "stopped", "does not run", part, f"systemctl start hearthwatch-{part}" if unit else "")
        elif uid == 0:
            yield Check("unit", "as_root", "runs as root", part)
        elif part == "uplink" and users.get("watch") == user:
            yield Check("unit", "one_user", f"runs as {user}, as watch does", part)
        else:
            again = unit.get("NRestarts", "0")
            yield Check(
                "unit", "running", f"runs as {user}" + (f", started anew {again} times" if again != "0" else ""), part
            )


def ago(ms: int) -> str:
    return "just now" if ms < MINUTE_MS else f"{spell(ms)} ago"


def spell(ms: int) -> str:
    minutes = ms // MINUTE_MS
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 2_880 else f"{minutes // 1_440} days"
