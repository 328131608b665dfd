"""Start is recovery: after a restart the hub knows what it knew, and says nothing twice."""

from pathlib import Path
from typing import Final

import pytest

from agent.clock_io import boot_id
from agent.engine import Engine
from agent.home import parse
from agent.journal_io import Journal
from agent.loop import fill, run
from agent.nouns import DAY_MS, HOUR_MS, Alert, Entry, Frame, Home, Instant, Outcome
from agent.recover import clock_of, resume
from agent.replay import of_lines
from agent.simulate.days import days
from agent.simulate.dialects import as_readings
from agent.simulate.fleet import home_text

MONDAY: Final = Instant(1_772_409_600_000)  # 2026-03-02
TEXT: Final = home_text(3, link="log")
HOME: Final = parse(TEXT)
PRESS: Final = Frame("log", "sos-button", b"button 1")
# So many lines before a restart, and after it: a press, and batteries that are flat.
BEFORE: Final = {6: PRESS, 5: Frame("log", "kitchen-motion", b"battery_percent 5")}
LOW: Final = ("battery_low", "raised")
AFTER: Final = {
    2: Frame("log", "kitchen-motion", b"battery_percent 4"),
    4: Frame("log", "hall-motion", b"battery_percent 5"),
}
ADDED: Final = (
    '[[sensor]]\nid = "back-door"\nkind = "door"\nrole = "entrance"\nroom = "kitchen"\nlink = "log"\naddress = "b"\n'
)


class Kept:
    """Writes to the journal and keeps what was said; begins a new segment every so many entries, as a hub does."""

    def __init__(self, journal: Journal, engine: Engine, every: int = 10**9) -> None:
        self.said: list[Alert] = []
        self._journal, self._engine, self._every, self._left = journal, engine, every, every

    def put(self, entry: Entry, outcome: Outcome) -> None:
        self._journal.put(entry, outcome)
        self.said += outcome.alerts
        self._left -= 1
        if not self._left:
            self._journal.begin(self._engine, entry.at, entry.seq + 1, "test")
            self._left = self._every


class Muted:
    def put(self, entry: Entry, outcome: Outcome) -> None:
        pass


def four_days() -> list[Entry]:
    lines = ((at, sensor, f"{what} {value}".encode()) for at, sensor, what, value in as_readings(days(3, MONDAY, 4)))
    return list(of_lines(lines))


def boot(seq: int, at: int, before: int) -> Entry:
    payload = f'{{"boot": "b{seq}", "zero_ms": 1, "at_ms": {at}, "from_ms": {before}}}'
    return Entry(seq, Instant(at), Frame("hub", "boot", payload.encode()))


def lived(path: Path, told: list[Entry], every: int = 10**9) -> list[Alert]:
    journal, engine = Journal(path, HOME.id), Engine(HOME)
    journal.begin(engine, told[0].at, 1, "test")
    kept = Kept(journal, engine, every)
    run(fill(told, engine), engine, kept)
    journal.close()
    return kept.said


def goes_on(path: Path, home: Home, told: list[Entry]) -> list[Alert]:
    """What a hub says that starts from this journal with that home file."""
    journal = Journal(path, home.id)
    engine = resume(journal, home)
    journal.begin(engine, told[0].at, told[0].seq, "test")
    kept = Kept(journal, engine)
    run(fill(told, engine), engine, kept)
    journal.close()
    return kept.said


@pytest.mark.parametrize("every", [10**9, 700])
@pytest.mark.parametrize("cut", [1, 256, 1_500, 4_003])
def test_a_restart_knows_what_a_life_without_one_would_know(cut: int, every: int, tmp_path: Path) -> None:
    told = four_days()[:cut]
    lived(tmp_path / "journal.db", told, every)
    journal = Journal(tmp_path / "journal.db")
    assert journal.last() == (told[-1].seq, told[-1].at)
    whole = Engine(HOME)
    run(fill(told, whole), whole, Muted())
    assert resume(journal, HOME).snapshot() == whole.snapshot()


def test_an_empty_journal_is_a_hub_that_knows_nothing_yet(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db")
    assert resume(journal, HOME).snapshot() == Engine(HOME).snapshot()
    assert clock_of(resume(journal, HOME), None, None, 1).now() > MONDAY


def test_a_restart_in_the_same_boot_goes_on_with_its_clock_and_a_new_boot_does_not(tmp_path: Path) -> None:
    engine = Engine(HOME)
    payload = f'{{"boot": "{boot_id()}", "zero_ms": 17, "at_ms": {MONDAY}}}'
    engine.step(Entry(1, MONDAY, Frame("hub", "boot", payload.encode())))
    assert clock_of(engine, MONDAY, None, 1).anchor == (17, MONDAY)
    engine.step(boot(2, MONDAY + 1, MONDAY))
    assert clock_of(engine, MONDAY, None, 1).anchor[0] != 1


CHANGES: Final = {
    "nothing": TEXT,
    "the care plan": TEXT.replace("bed_exit_minutes = 30", "bed_exit_minutes = 45"),
    "a new rule": TEXT.replace("[care]\n", '[care]\nnot_up_by = "05:30"\nhome_by = "21:00"\n'),
    "the family's name for a room": TEXT.replace('name = "Living room"', 'name = "Lounge"'),
    "a sensor more": TEXT.replace("[care]\n", f"{ADDED}\n[care]\n"),
    "a comment": f"# the same\n{TEXT}",
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_home_file_goes_on_numbering_and_says_nothing_again(change: str, tmp_path: Path) -> None:
    told = four_days()
    half = sum(entry.at < MONDAY + 3 * DAY_MS + 10 * HOUR_MS for entry in told)
    before = [entry._replace(frame=BEFORE.get(half - entry.seq, entry.frame)) for entry in told[:half]]
    said = lived(tmp_path / "journal.db", before)
    assert [alert.kind for alert in said if alert.state == "raised"][-2:] == ["sos", "battery_low"]
    start = boot(half + 1, told[half].at, before[-1].at)
    later = [one._replace(frame=AFTER.get(index, one.frame)) for index, one in enumerate(told[half + 1 :])]
    after = [start, *(one._replace(seq=one.seq + 1) for one in later)]
    again = goes_on(
        tmp_path / "journal.db", parse(CHANGES[change]), [*after, Entry(after[-1].seq, Instant(told[-1].at))]
    )
    assert [alert.seq for alert in [*said, *again]] == list(range(1, len(said) + len(again) + 1))
    known = {alert.id for alert in said}
    assert not any(alert.id in known for alert in again if alert.state == "raised")
    batteries = [alert.evidence[0].sensor for alert in again if (alert.kind, alert.state) == LOW]
    assert batteries == ["hall-motion"], "the kitchen's has been said"
    assert {alert.id for alert in again if alert.kind == "sos"} <= known
    assert all(alert.at >= start.at for alert in again)


def test_two_restarts_with_two_home_files_leave_a_journal_that_replays(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    told = [one._replace(frame=PRESS) if one.seq % 90 == 0 else one for one in four_days()]
    third = len(told) // 3
    lived(path, told[:third])
    shifted = [one._replace(seq=one.seq + 1) for one in told[third + 1 : 2 * third]]
    goes_on(path, parse(CHANGES["a new rule"]), [boot(third + 1, told[third].at, told[third - 1].at), *shifted])
    journal = Journal(path)
    last = journal.last()
    assert last is not None
    seq, at = last
    rest = [one._replace(seq=one.seq + 2) for one in told[2 * third :] if one.at > at + 1]
    goes_on(path, parse(CHANGES["a sensor more"]), [boot(seq + 1, at + 1, at), *rest])
    recorded = [line for _, _, line in journal.alerts()]
    again: list[Alert] = []
    for segment in journal.segments():
        engine = Engine(parse(segment.home), segment.epoch)
        engine.restore(segment.snapshot)
        for entry in fill(journal.entries(segment.id), engine):
            again += engine.step(entry).alerts
    assert len(again) == len(recorded) > 0
    assert [alert.seq for alert in again] == list(range(1, len(recorded) + 1))
