"""An upgrade: this release finds in the last hours what the one before did not. Nothing of it is lost in between."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final, cast

import pytest

from agent.engine import Engine
from agent.journal_io import Journal
from agent.loop import fill, run
from agent.nouns import HOUR_MS, MINUTE_MS, SECOND_MS, Act, Alert, Entry, Frame, Instant, Outcome
from agent.recover import resume
from tests.test_memory_over_changes import Rewrite, as_it_is, older
from tests.test_recover import HOME, MONDAY, PRESS

MOVED: Final = Frame("log", "kitchen-motion", b"motion 1")
FLAT: Final = Frame("log", "kitchen-motion", b"battery_percent 4")
OPENED: Final = Frame("log", "front-door", b"door 1")
SHUT: Final = Frame("log", "front-door", b"door 0")
NINE: Final = 9 * HOUR_MS
Told = tuple[int, Frame | None]  # milliseconds after Monday


def booted(at: int, before: int) -> Frame:
    said = {"boot": "b", "zero_ms": 1, "at_ms": MONDAY + at, "from_ms": MONDAY + before, "lines": 1}
    return Frame("hub", "boot", json.dumps(said).encode())


def signed(seq: int, kind: str) -> Frame:
    said = {"epoch": 1, "seq": seq, "alert": "0" * 64, "kind": kind}
    return Frame("centre", "receipt", json.dumps(said).encode())


class Sink:
    """Keeps what is said and done; writes it down without the kinds that the older release did not know."""

    def __init__(self, journal: Journal | None = None, unknown: str = "") -> None:
        self.alerts: list[Alert] = []
        self.acts: list[Act] = []
        self._journal, self._unknown = journal, unknown

    def put(self, entry: Entry, outcome: Outcome) -> None:
        known = tuple(one for one in outcome.alerts if one.kind != self._unknown)
        self.alerts += known
        self.acts += outcome.acts
        if self._journal is not None:
            self._journal.put(entry, outcome._replace(alerts=known))

    def raised(self) -> list[str]:
        return [alert.kind for alert in self.alerts if alert.state == "raised"]


def lived(engine: Engine, sink: Sink, told: Sequence[Told], seq: int = 0) -> int:
    """The last number."""
    entries = []
    for at, frame in told:
        seq += frame is not None
        entries.append(Entry(seq, Instant(MONDAY + at), frame))
    run(fill(entries, engine), engine, sink)
    return seq


def upgraded(path: Path, unknown: str, told: Sequence[Told], rewrite: Rewrite = as_it_is) -> tuple[Engine, Sink, int]:
    """The engine after the upgrade, what the older release said, and the last number."""
    journal, engine = Journal(path, HOME.id), Engine(HOME)
    journal.begin(engine, MONDAY, 1, "older")
    before = Sink(journal, unknown)
    seq = lived(engine, before, [(0, booted(0, 0)), *told])
    journal.flush()
    rewrite(journal)
    after = resume(journal, HOME)
    journal.close()
    return after, before, seq


UNTOLD: Final[dict[str, list[Told]]] = {
    "possible_fall": [(NINE, MOVED), (NINE + 200 * MINUTE_MS, None)],
    "battery_low": [(NINE, FLAT), (NINE + HOUR_MS, None)],
    "door_left_open": [(NINE, SHUT), (NINE + 1_000, OPENED), (NINE + 30 * MINUTE_MS, None)],
    "clock_unknown": [(NINE, Frame("hub", "clock", b'{"offset_ms": 0, "quality": "unknown"}')), (NINE + HOUR_MS, None)],
    "sos": [(NINE, PRESS)],
}


@pytest.mark.parametrize("kind", UNTOLD)
def test_what_only_the_newer_release_finds_and_still_stands_is_told_when_it_starts(kind: str, tmp_path: Path) -> None:
    engine, before, seq = upgraded(tmp_path / "journal.db", kind, UNTOLD[kind])
    assert kind not in before.raised()
    after, since = Sink(), engine.now - MONDAY
    start = since + 10 * SECOND_MS
    lived(engine, after, [(start, booted(start, since)), (start + MINUTE_MS, None)], seq)
    assert after.raised().count(kind) == 1
    assert [(alert.epoch, alert.seq) for alert in after.alerts] == [(2, nth + 1) for nth in range(len(after.alerts))]


def test_what_was_told_already_is_not_told_again_and_its_end_is(tmp_path: Path) -> None:
    pressed = NINE + 22 * MINUTE_MS
    told = [(6 * MINUTE_MS, signed(1, "received")), *UNTOLD["door_left_open"][:2], (pressed, PRESS)]
    engine, before, seq = upgraded(tmp_path / "journal.db", "sos", told)
    assert before.raised() == ["test_call", "door_left_open"]
    after = Sink()
    start = pressed + 10 * SECOND_MS
    lived(engine, after, [(start, booted(start, pressed)), (start + MINUTE_MS, SHUT)], seq)
    assert [(alert.kind, alert.state) for alert in after.alerts] == [("sos", "raised"), ("door_left_open", "cleared")]
    assert after.alerts[1].id == before.alerts[1].id


@pytest.mark.parametrize("signs", [(), ("received",), ("received", "human")])
def test_custody_after_an_upgrade_is_of_what_was_really_said(signs: tuple[str, ...], tmp_path: Path) -> None:
    receipts = [(HOUR_MS + 1_000 * nth, signed(2, kind)) for nth, kind in enumerate(signs, 1)]
    called = [(6 * MINUTE_MS + nth, signed(1, kind)) for nth, kind in enumerate(("received", "cancelled-test"))]
    told: list[Told] = [*called, (HOUR_MS, PRESS), *receipts, (HOUR_MS + 9_000, FLAT)]
    engine, before, _ = upgraded(tmp_path / "journal.db", "battery_low", told)
    assert before.raised() == ["test_call", "sos"]
    (life,) = cast(list[list[object]], engine.custody.snapshot()["lives"])
    assert life[1] == "sos"
    escalates = {0: HOUR_MS + MINUTE_MS, 1: HOUR_MS + 5 * MINUTE_MS}
    waits = engine.custody.due - MONDAY
    assert waits == escalates[len(signs)] if len(signs) in escalates else waits > 99 * HOUR_MS


def test_no_siren_calls_for_an_alert_that_no_outbox_holds(tmp_path: Path) -> None:
    engine, _, seq = upgraded(tmp_path / "journal.db", "possible_fall", UNTOLD["possible_fall"])
    after, since = Sink(), engine.now - MONDAY
    start = since + 10 * SECOND_MS
    lived(engine, after, [(start, booted(start, since)), (start + HOUR_MS, None)], seq)
    held = {(1, 1), *((alert.epoch, alert.seq) for alert in after.alerts)}
    called = {(act.epoch, act.seq) for act in after.acts if act.kind == "second_path" or act.seconds}
    assert called <= held
    assert any(act.kind == "sound" for act in after.acts), "the fall that is told now is called for, too"


def test_a_release_that_says_the_same_goes_on_as_if_nothing_had_been(tmp_path: Path) -> None:
    engine, _, _ = upgraded(tmp_path / "journal.db", "", UNTOLD["possible_fall"])
    whole = Engine(HOME)
    lived(whole, Sink(), [(0, booted(0, 0)), *UNTOLD["possible_fall"]])
    assert engine.snapshot() == whole.snapshot()
    assert engine.incidents.epoch == 1


@pytest.mark.parametrize("unknown", ["possible_fall", ""])
def test_a_fall_is_told_once_though_all_else_is_learnt_anew(unknown: str, tmp_path: Path) -> None:
    engine, before, seq = upgraded(tmp_path / "journal.db", unknown, UNTOLD["possible_fall"], older)
    after, since = Sink(), engine.now - MONDAY
    start = since + 10 * SECOND_MS
    lived(engine, after, [(start, booted(start, since)), (start + MINUTE_MS, None)], seq)
    assert [*before.raised(), *after.raised()].count("possible_fall") == 1
