"""Who is not up is asked before it is told, by day only; and an answer from bed is as good as being up."""

from agent.nouns import HOUR_MS, MINUTE_MS, SECOND_MS, Instant
from tests.test_ask_first import MORNING, SENSORS, Diary, Said, home, lived, motion, silence


def morning(*said: Said, seconds: int = 60, **care: object) -> Diary:
    """From 02:00; what is not of the morning question is left out."""
    plan = {"not_up_by": 10 * 60 + 30, "false_alerts_per_30_days": 0.1} | care
    start = Instant(MORNING - 6 * HOUR_MS)
    diary = lived(home(seconds, **plan), (0, "bed", b"bed 1"), *said, start=start)
    diary.alerts = [alert for alert in diary.alerts if alert.kind == "not_up"]
    diary.asked = [one for one in diary.asked if one.sensor == "not_up"]
    return diary


def test_who_is_not_up_is_asked_before_half_past_ten_and_told_at_half_past_ten() -> None:
    diary = morning(silence(9 * HOUR_MS))
    assert [alert.at - MORNING for alert in diary.alerts] == [150 * MINUTE_MS]
    assert [(one.at - MORNING, one.quantity) for one in diary.asked] == [
        (149 * MINUTE_MS, "asked"),
        (150 * MINUTE_MS, "answered"),
    ]


def test_an_answer_from_bed_is_as_good_as_being_up() -> None:
    diary = morning((8 * HOUR_MS + 29 * MINUTE_MS + 20 * SECOND_MS, "yes", b"button 1"), silence(5 * HOUR_MS))
    assert not diary.alerts
    assert diary.words() == [("not_up", "asked", 60), ("not_up", "answered", 1)]


def test_who_is_away_and_who_is_up_already_is_not_asked() -> None:
    assert not morning(motion("kitchen", 6 * HOUR_MS), silence(5 * HOUR_MS)).asked
    left = (MINUTE_MS, "bed", b"bed 0"), (MINUTE_MS, "front-door", b"door 1")
    assert not morning(*left, silence(9 * HOUR_MS)).asked


def test_a_morning_question_within_the_night_wakes_nobody() -> None:
    diary = morning(silence(5 * HOUR_MS), not_up_by=6 * 60)
    assert [alert.at - MORNING for alert in diary.alerts] == [-2 * HOUR_MS]
    assert not diary.asked


def test_days_of_answers_from_bed_do_not_make_the_usual_later() -> None:
    """Up at nine on twenty days, then six mornings on which the hub asks and is answered."""
    hour = [(HOUR_MS, "hall-motion", b"checkin 1"), *[(0, f"{room}-motion", b"checkin 1") for room in SENSORS]]
    hours = hour * 23
    known = [motion("kitchen", HOUR_MS), *hours] * 20
    asked_at = next(one.at for one in lived(home(60), *known, *hours).asked if one.sensor == "not_up")
    to_answer = asked_at + SECOND_MS - (MORNING + (20 * 24 + 1) * HOUR_MS)  # from nine
    assert 0 < to_answer < HOUR_MS
    answered = [*hour, (to_answer, "yes", b"button 1"), *hour * 22, (HOUR_MS - to_answer, "hall-motion", b"checkin 1")]
    diary = lived(home(60), *known, *answered * 6)
    asked = [one.at for one in diary.asked if one.sensor == "not_up" and one.quantity == "asked"]
    assert asked == [asked_at + day * 24 * HOUR_MS for day in range(6)]
