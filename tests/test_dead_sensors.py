"""A sensor that dies where nothing checks in: only what its neighbours see can tell."""

from collections.abc import Iterator, Sequence

from agent.detect.supervision import ProofOfWatch
from agent.engine import Engine
from agent.nouns import DAY_MS, HOUR_MS, MINUTE_MS, Alert, Instant, Reading
from agent.replay import Record, of_lines, replay
from tests.home_maker import make_home
from tests.test_supervision import T0, kinds, walk

OUTINGS = (9, 12, 15, 18)  # hours of the day at which she goes to the door


def life(days: int, start: Instant = T0, dead: str = "", at_home: Sequence[int] = ()) -> Iterator[Reading]:
    """She goes through her rooms every ten minutes by day, to the fridge every two hours, out four times a day."""
    for minute in range(days * 24 * 60):
        at = Instant(start + minute * MINUTE_MS)
        day, hour = minute // (24 * 60), minute // 60 % 24
        if not 8 <= hour < 22:
            continue
        heard = [room for index, room in enumerate(("bedroom", "kitchen", "living", "hall")) if minute % 10 == index]
        sensors = [(f"{room}-motion", "motion") for room in heard]
        if minute % 120 == 5:
            sensors.append(("fridge", "door"))
        if minute % 60 == 30 and hour in OUTINGS and day not in at_home:
            sensors.append(("front-door", "door"))
        for index, (sensor, quantity) in enumerate(sensors):
            if sensor != dead:
                yield Reading(Instant(at + index), sensor, quantity, 1)


def lost(said: list[Alert]) -> list[tuple[str, str]]:
    return [(alert.state, alert.text) for alert in said if alert.kind == "sensor_lost"]


def test_a_dead_entrance_contact_is_told_within_two_days_and_not_believed() -> None:
    proof = ProofOfWatch(make_home())
    walk(proof, life(8))
    assert "front-door" not in proof.watch.unseen
    died = Instant(T0 + 8 * DAY_MS)
    said = kinds(walk(proof, life(3, died, dead="front-door")), "sensor_lost")
    assert [(state, subject) for _, state, subject in said] == [("raised", "front-door")]
    assert said[0][0] - died <= 48 * HOUR_MS
    assert "front-door" in proof.watch.unseen


def test_the_centre_reads_which_contact_is_dead() -> None:
    home = make_home()
    readings = [reading for reading in life(8) if reading.sensor != "bathroom-motion"]
    readings += life(3, Instant(T0 + 8 * DAY_MS), dead="front-door")
    lines = ((at, sensor, f"{quantity} {value}".encode()) for at, sensor, quantity, value in readings)
    said = lost(replay(of_lines(lines), Engine(home), Record(home.id)).said)
    assert any("front-door" in text for _, text in said)


def test_a_contact_that_speaks_again_is_believed_again() -> None:
    proof = ProofOfWatch(make_home())
    walk(proof, life(8))
    walk(proof, life(3, Instant(T0 + 8 * DAY_MS), dead="front-door"))
    said = walk(proof, life(1, Instant(T0 + 11 * DAY_MS)))
    assert "front-door" not in proof.watch.unseen
    assert kinds(said, "sensor_lost")[0][1] in ("updated", "cleared")


def test_one_day_at_home_in_the_week_does_not_make_a_dead_contact_wait_twice_as_long() -> None:
    proof = ProofOfWatch(make_home())
    walk(proof, life(8, at_home=(5,)))
    died = Instant(T0 + 8 * DAY_MS)
    said = kinds(walk(proof, life(3, died, dead="front-door")), "sensor_lost")
    assert said[0][0] - died <= 48 * HOUR_MS


def test_who_stays_in_now_and_then_has_no_dead_contact() -> None:
    proof = ProofOfWatch(make_home())
    said = walk(proof, life(17, at_home=(3, 6, 9, 13)))
    assert "front-door" not in " ".join(subject for _, _, subject in kinds(said, "sensor_lost"))


def test_after_days_away_no_sensor_is_taken_for_dead_before_the_home_has_lived_a_day() -> None:
    proof = ProofOfWatch(make_home())
    walk(proof, life(8))
    home_again = Instant(T0 + 13 * DAY_MS)
    said = walk(proof, life(1, home_again, dead="fridge"))
    assert not [subject for _, _, subject in kinds(said, "sensor_lost") if subject == "fridge"]
