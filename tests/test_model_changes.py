"""Another model, or one that breaks, between two runs of a hub: nothing is said twice, lost or swallowed by that."""

import json
import shutil
from pathlib import Path
from typing import Final

from agent.detect.detector import Models
from agent.engine import Engine
from agent.incidents import Incidents
from agent.journal_io import Journal
from agent.loop import fill, run
from agent.models_io import FOLDER, shipped
from agent.nouns import DAY_MS, HOUR_MS, Alert, Entry, Finding, Frame, Instant, Outcome, Watch
from agent.recover import resume
from agent.replay import of_lines
from agent.simulate.days import days, fall
from agent.simulate.dialects import as_readings
from tests.home_maker import make_home
from tests.test_recover import HOME, MONDAY

FELL: Final = Instant(MONDAY + 3 * DAY_MS + 10 * HOUR_MS)


class Kept:
    """The journal as a sink, and what was said."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.said: list[Alert] = []

    def put(self, entry: Entry, outcome: Outcome) -> None:
        self._journal.put(entry, outcome)
        self.said += outcome.alerts


def lived(path: Path, models: Models, until: int) -> list[Entry]:
    """Four days; on the last one a fall, and the hub stops at ``until``."""
    told = as_readings(days(3, MONDAY, 4, instead=[fall(FELL, "bathroom", Instant(FELL + 12 * HOUR_MS))]))
    lines = ((one.at, one.sensor, f"{one.quantity} {one.value}".encode()) for one in told if one.at < until)
    entries = list(of_lines(lines))
    journal, engine = Journal(path, HOME.id), Engine(HOME, models=models)
    journal.begin(engine, entries[0].at, 1, "test")
    run(fill(entries, engine), engine, Kept(journal))
    journal.close()
    return entries


def goes_on(path: Path, models: Models, last: Entry, *told: tuple[int, Frame]) -> list[Alert]:
    """What a hub says that starts from this journal with these models, a minute after it stopped."""
    journal = Journal(path, HOME.id)
    engine = resume(journal, HOME, models)
    start = Instant(last.at + 60_000)
    boot = {"boot": "b", "zero_ms": 1, "at_ms": start, "from_ms": last.at, "models": models.state()}
    frames = [(start, Frame("hub", "boot", json.dumps(boot).encode())), *told]
    entries = [Entry(last.seq + nth, Instant(at), frame) for nth, (at, frame) in enumerate(frames, 1)]
    journal.begin(engine, start, entries[0].seq, "test")
    kept = Kept(journal)
    run(fill(entries, engine), engine, kept)
    journal.close()
    return kept.said


def pressed(last: Entry) -> tuple[int, Frame]:
    return last.at + 120_000, Frame("log", "sos-button", b"button 1")


def test_under_another_model_no_number_is_used_twice_and_the_next_call_for_help_is_told(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    for models, after in ((Models(), shipped()), (shipped(), Models())):
        path.unlink(missing_ok=True)
        last = lived(path, models, FELL + 11 * HOUR_MS)[-1]
        assert any("possible_fall" in line for _, _, line in Journal(path).alerts())
        said = goes_on(path, after, last, pressed(last))
        assert ("sos", "raised") in [(alert.kind, alert.state) for alert in said]
        numbers = [(epoch, seq) for epoch, seq, _ in Journal(path).alerts()]
        for epoch in {epoch for epoch, _ in numbers}:
            mine = [seq for each, seq in numbers if each == epoch]
            assert mine == list(range(1, len(mine) + 1))


def test_a_model_that_breaks_between_two_starts_is_told_once_and_aloud(tmp_path: Path) -> None:
    last = lived(tmp_path / "journal.db", shipped(), FELL)[-1]
    folder = tmp_path / "models"
    shutil.copytree(FOLDER, folder)
    (folder / "fall.onnx").unlink()
    said = goes_on(tmp_path / "journal.db", shipped(folder), last, pressed(last))
    assert [(alert.kind, alert.state) for alert in said][:1] == [("model_fault", "raised")]
    assert [alert.kind for alert in said].count("model_fault") == 1


def test_a_fall_whose_end_was_never_said_does_not_swallow_the_next_one() -> None:
    incidents, watch = Incidents(make_home()), Watch()
    first, second = (Finding("possible_fall", "raised", Instant(at)) for at in (1_000, 5_000))
    told = [
        incidents.take(Instant(at), [one], watch, 1_000)
        for at, one in ((2_000, first), (3_000, first), (9_000, second))
    ]
    assert [len(alerts) for alerts in told] == [1, 0, 1]
    assert told[0][0].id != told[2][0].id
