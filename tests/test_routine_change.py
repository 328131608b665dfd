"""A day, or days on end, unlike what is usual for this person: said in counts, at noon, at most about once a month."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from agent.detect import routine_words
from agent.detect.day_features import FEATURES
from agent.detect.detector import NO_MODELS, ModelFault, Models
from agent.detect.onnx_io import OnnxModel
from agent.detect.own_days import MOST
from agent.detect.surprise import BIT, OwnPast, free_bits, prior_ppm
from agent.engine import Engine
from agent.loop import fill, run
from agent.measures import DAYS_LEAST
from agent.models_io import FOLDER, NAMES, shipped
from agent.nouns import DAY_MS, HOUR_MS, Entry, Frame, Instant
from agent.replay import Record
from tests.conftest import ROOT
from tests.detector_contract import keeps_the_contract
from tests.driver import Drive, a_home
from tests.house import CLINICAL
from tests.routine_maker import NOON, a_day, a_life, detector, live, routine, whys

GOLDEN = ROOT / "tests" / "fixtures" / "anomaly.golden.json"


class Broken:
    """A model that answers with what is no number, from its ``after``th answer on."""

    digest = "broken"

    def __init__(self, after: int = 0) -> None:
        self.left = after

    def run(self, features: Sequence[int]) -> list[int]:
        self.left -= 1
        if self.left < 0:
            raise ModelFault("its answer is not a number")
        return [BIT]


@pytest.fixture(params=["with the model", "without"])
def models(request: pytest.FixtureRequest) -> Models:
    if request.param == "without":
        return NO_MODELS
    return Models({"anomaly": OnnxModel((FOLDER / "anomaly.onnx").read_bytes())})


def test_routine_change_keeps_the_contract_of_detectors() -> None:
    keeps_the_contract(detector(), examples=40)


def test_two_months_of_ordinary_days_are_nothing_to_tell(models: Models) -> None:
    home = a_life(models)
    live(home, 60)
    assert home.diary() == []


def test_five_more_visits_to_the_bathroom_each_night_are_told_in_counts_and_cleared(models: Models) -> None:
    home = a_life(models)
    live(home, 30)
    live(home, 4, night_visits=5)
    live(home, 14)
    assert home.diary() == ["12:00 routine_change raised", "12:00 routine_change cleared"]
    said, finding = home.said[0]
    assert NOON + 30 * DAY_MS < said <= NOON + 34 * DAY_MS
    assert finding.since >= NOON + 29 * DAY_MS
    assert "out of bed and back in the night, usually 1–2" in whys(home)[0]
    assert len(finding.evidence) == 1


def test_somebody_who_gets_up_three_hours_later_is_told_by_the_clock_on_the_wall(models: Models) -> None:
    home = a_life(models)
    live(home, 30)
    live(home, 2, up=180)
    assert len(whys(home)) == 1
    assert "p at 10:" in whys(home)[0] or "p at 09:" in whys(home)[0]
    assert "usually 06:" in whys(home)[0]


def test_a_week_with_less_than_half_of_the_movement_is_told_once(models: Models) -> None:
    home = a_life(models)
    live(home, 30)
    live(home, 7, sparse=True)
    assert home.diary().count("12:00 routine_change raised") == 1
    assert home.diary().count("12:00 routine_change cleared") == 0


def test_what_lasts_becomes_the_usual(models: Models) -> None:
    home = a_life(models)
    live(home, 30)
    live(home, 45, up=180)
    assert home.diary()[0] == "12:00 routine_change raised"
    assert home.diary()[-1] == "12:00 routine_change cleared"
    assert home.diary().count("12:00 routine_change raised") <= 2


def test_nothing_is_said_before_two_weeks_are_known() -> None:
    home = a_life()
    live(home, DAYS_LEAST - 1)
    live(home, 1, night_visits=5, up=200, sparse=True)
    assert home.said == []
    assert routine(home).days_known() == DAYS_LEAST


def test_a_day_that_was_not_seen_enough_is_told_apart_neither_scored_nor_learnt() -> None:
    home = a_life()
    live(home, 30)
    known = routine(home)._days.plain()
    home.hear(Instant(home.now + HOUR_MS), "hall-motion")
    home.off(Instant(home.now + HOUR_MS), Instant(home.now + 5 * HOUR_MS))
    home.until(Instant(NOON + 31 * DAY_MS))
    assert home.said == []
    assert routine(home)._days.plain() == known
    assert [coverage for _, coverage in routine(home).told_apart()] == [833]
    live(home, 3, night_visits=4, up=180)
    assert whys(home)[0].endswith(" 1 of the last 7 days could not be seen well enough to be counted.")


def test_a_day_spent_elsewhere_is_no_day_at_home() -> None:
    home = a_life()
    live(home, 30)
    home.hear("13:00", "hall-motion")
    home.hear("13:05", "front", 1)
    home.until(Instant(NOON + 31 * DAY_MS))
    assert home.said == []
    assert routine(home).days_known() == 30
    assert len(routine(home).told_apart()) == 1


def test_nothing_is_said_while_a_person_asked_for_rest() -> None:
    home = a_life()
    live(home, 30)
    live(home, 1)
    home.rest(Instant(home.now + 22 * HOUR_MS), hours=3)
    home.until(Instant(NOON + 32 * DAY_MS))
    assert home.said == []


def test_a_restart_at_any_noon_changes_nothing_that_is_said(models: Models) -> None:
    whole, cut = a_life(models), a_life(models)
    for days, more in ((28, 0), (4, 5), (8, 0)):
        live(whole, days, night_visits=more)
        for _ in range(days):
            said = cut.said
            cut = cut.reborn()
            cut.said = said
            live(cut, 1, night_visits=more)
    assert whole.said == cut.said
    assert whole.said


def test_a_restart_in_the_night_changes_nothing_either() -> None:
    whole, cut = a_life(), a_life()
    for home in (whole, cut):
        live(home, 30)
    for at, sensor, value in (("23:00", "bed", 1), ("02:00", "bed", 0), ("02:02", "bathroom-motion", 1)):
        whole.hear(at, sensor, value)
        cut.hear(at, sensor, value)
        cut = cut.reborn()
    whole.days(2)
    cut.days(2)
    assert json.dumps(routine(whole).snapshot()) == json.dumps(routine(cut).snapshot())
    assert whole.said == cut.said


def test_when_the_model_fails_the_rule_without_it_goes_on() -> None:
    failing, plain = a_life(Models({"anomaly": Broken(after=40)})), a_life()
    for home in (failing, plain):
        live(home, 40)
        live(home, 4, night_visits=5)
    assert routine(failing)._trust.model("anomaly") is None
    assert routine(failing)._trust.news
    assert whys(failing) == whys(plain) != []


def test_a_memory_of_another_version_is_learnt_anew() -> None:
    home = a_life()
    live(home, 20)
    other = routine(Drive(home.home, detector()))
    other.restore({**routine(home).snapshot(), "version": 0})
    assert other.days_known() == 0


def test_the_memory_of_two_months_is_a_few_kilobytes(models: Models) -> None:
    home = a_life(models)
    live(home, 60)
    assert len(json.dumps(routine(home).snapshot())) < 9_000


def test_the_engine_makes_of_it_an_alert_of_low_severity() -> None:
    lines = [line for day in range(34) for line in a_day(day, night_visits=5 if day >= 30 else 0)]
    engine, record = Engine(a_home()), Record("elm-12")
    entries = [Entry(n, at, Frame("log", sensor, what)) for n, (at, sensor, what) in enumerate(lines, 1)]
    run(fill(entries, engine), engine, record)
    said = [alert for alert in record.said if alert.kind == "routine_change"]
    assert [(alert.state, alert.severity) for alert in said[:1]] == [("raised", "low")]
    assert "usually" in said[0].text


# -- the model -------------------------------------------------------------------------------------------------------


def test_the_model_that_is_shipped_is_the_one_of_the_manifest() -> None:
    models = shipped()
    assert "anomaly" in NAMES
    assert models.faults.get("anomaly") is None
    assert (FOLDER / "anomaly.onnx").stat().st_size <= 50_000


def test_the_model_answers_what_it_answered_when_it_was_made() -> None:
    golden = json.loads(GOLDEN.read_text())
    model = OnnxModel((FOLDER / "anomaly.onnx").read_bytes())
    assert (golden["digest"], golden["names"]) == (model.digest, list(FEATURES))
    for row in golden["rows"]:
        assert abs(model.run(row["features"])[0] - row["bits"]) <= 1  # a tie of rounding on another machine


def test_the_fold_models_are_small_and_different(tmp_path: Path) -> None:
    folds = sorted((ROOT / "training" / "folds").glob("anomaly_*.onnx"))
    assert len({file.read_bytes() for file in folds}) == 5
    assert sum(file.stat().st_size for file in folds) < 150_000


# -- scores ----------------------------------------------------------------------------------------------------------


def test_a_p_value_is_the_populations_at_first_and_the_persons_own_later() -> None:
    past = OwnPast()
    assert past.p_ppm(5 * BIT) == prior_ppm(5 * BIT) == 31_250
    for _ in range(28):
        past.keep(6 * BIT)  # a person whose days differ more than others'
    assert past.p_ppm(5 * BIT) == (1_000_000 + 31_250) // 2


def test_further_from_the_usual_is_never_less_surprising() -> None:
    for drift in (False, True):
        bits = [free_bits([far, 0, None, far], drift) for far in range(MOST + 1)]
        assert bits == sorted(bits)
        assert bits[0] == 0


# -- words -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("index", range(len(FEATURES)), ids=FEATURES)
def test_every_number_reads_as_what_was_seen_against_what_is_usual(index: int) -> None:
    for value in (0, 1, 4):
        said = routine_words.one(index, value, [60, 70, 80, 90, 100], days=1)
        assert "usually" in said.said
        assert said.outside
        assert not CLINICAL.search(said.said)
    assert not routine_words.one(index, 80, [60, 70, 80, 90, 100], days=1).outside


def test_one_visit_is_not_one_visits() -> None:
    night = FEATURES.index("bathroom_night")
    assert routine_words.one(night, 1, [3, 3, 3, 4, 4], 1).said == "1 bathroom visit in the night, usually 3–4"
    assert routine_words.one(night, 4, [1, 1, 1, 1, 1], 1).said == "4 bathroom visits in the night, usually 1"
    up = FEATURES.index("up")
    assert routine_words.one(up, 24 * 60 + 640, [1_850] * 5, 1).said == "up at 10:40, usually 06:50"
