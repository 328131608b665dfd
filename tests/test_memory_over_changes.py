"""Whatever is changed under a hub, it keeps what people asked of it and what it owes to the centre."""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.detect.detector import NO_MODELS, Models
from agent.engine import Engine
from agent.home import parse
from agent.journal_io import Journal
from agent.loop import fill, run
from agent.models_io import shipped
from agent.nouns import DAY_MS, HOUR_MS, MINUTE_MS, Entry, Frame, Home, Instant, Outcome
from agent.packing import pack_snapshot
from agent.recover import resume
from tests.test_recover import CHANGES, HOME, MONDAY, PRESS

SHIPPED: Final = shipped()


class Writes:
    def __init__(self, journal: Journal) -> None:
        self.calls: list[Instant] = []
        self._journal = journal

    def put(self, entry: Entry, outcome: Outcome) -> None:
        self._journal.put(entry, outcome)
        self.calls += [alert.at for alert in outcome.alerts if alert.kind == "test_call"]


def hub(address: str, at: int, link: str = "hub", **said: object) -> tuple[int, Frame]:
    return at, Frame(link, address, json.dumps(said).encode())


def booted(at: int) -> tuple[int, Frame]:
    return hub("boot", at, boot="b", zero_ms=1, at_ms=MONDAY + at, from_ms=MONDAY + max(0, at - MINUTE_MS), lines=1)


def lived(engine: Engine, journal: Journal, told: list[tuple[int, Frame | None]], seq: int) -> list[Instant]:
    """The daily calls. A start among what is told begins a segment, as a hub's does."""
    writes = Writes(journal)
    for at, frame in told:
        if frame is not None:
            seq += 1
            if frame.address == "boot":
                journal.begin(engine, Instant(MONDAY + at), seq, "test")
        run(fill([Entry(seq, Instant(MONDAY + at), frame)], engine), engine, writes)
    journal.flush()
    return writes.calls


def older(journal: Journal) -> None:
    """As if an agent whose memory was of another shape had written it."""
    for segment in journal.segments():
        memory = pack_snapshot({**segment.snapshot, "format": 1})
        list(journal.rows("UPDATE segment SET snapshot = ? WHERE id = ?", (memory, segment.id)))


def as_it_is(journal: Journal) -> None:
    pass


Rewrite = Callable[[Journal], None]
Change = tuple[Home, Models, Rewrite]
UNDER: Final[dict[str, Change]] = {
    "nothing": (HOME, NO_MODELS, as_it_is),
    "care plan": (parse(CHANGES["the care plan"]), NO_MODELS, as_it_is),
    "a sensor more": (parse(CHANGES["a sensor more"]), NO_MODELS, as_it_is),
    "another model": (HOME, SHIPPED, as_it_is),
    "older format": (HOME, NO_MODELS, older),
}


def kept(engine: Engine) -> dict[str, object]:
    """What must be as before."""
    memory = json.loads(json.dumps(engine.snapshot()))
    custody = memory["custody"]
    wishes = {name: memory["proof"]["wishes"][name] for name in ("rest", "rest_until", "withdrawal")}
    paused = engine.proof.watch.pause_until
    return wishes | {
        "watch": paused,
        "unsigned": custody["lives"],
        "of": custody["of"],
        "due": engine.custody.due,
        "call": memory["detectors"]["daily_call"],
    }


@pytest.mark.parametrize("change", UNDER)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    restart=st.integers(1, 60),
    off=st.integers(1, 30),
    rests=st.booleans(),
    withdrawn=st.booleans(),
    pressed=st.booleans(),
    received=st.booleans(),
)
def test_what_people_asked_and_what_is_owed_is_as_before(
    change: str, restart: int, off: int, rests: bool, withdrawn: bool, pressed: bool, received: bool, tmp_path: Path
) -> None:
    home, models, rewrite = UNDER[change]
    (tmp_path / "journal.db").unlink(missing_ok=True)
    journal, engine = Journal(tmp_path / "journal.db", HOME.id), Engine(HOME)
    again = DAY_MS + restart * HOUR_MS
    end = again + off * HOUR_MS
    told: list[tuple[int, Frame | None]] = [booted(0), (again - MINUTE_MS, None), booted(again), (end, None)]
    if pressed:
        told.append((end + 1_000, PRESS))
    if received:
        told.append(hub("receipt", end + 2_000, "centre", epoch=1, seq=1, alert="0" * 64, kind="received"))
    if rests:
        told.append(hub("pause", end + 3_000, "care", until_ms=MONDAY + end + DAY_MS, asked_by="Ada"))
    if withdrawn:
        told.append(hub("consent", end + 4_000, "care", given=False, by="Ada"))
    lived(engine, journal, told, 0)
    before = kept(engine)
    rewrite(journal)
    assert kept(resume(journal, home, models)) == before
    journal.close()


@pytest.mark.parametrize("change", UNDER)
def test_the_centre_hears_a_call_every_day_whatever_is_changed(change: str, tmp_path: Path) -> None:
    home, models, rewrite = UNDER[change]
    journal, engine = Journal(tmp_path / "journal.db", HOME.id), Engine(HOME)
    again = 40 * DAY_MS + 14 * HOUR_MS  # what came before is not learnt from again, and its phase would be lost
    end = again + 36 * DAY_MS + HOUR_MS
    calls = lived(engine, journal, [booted(0), (again - MINUTE_MS, None), booted(again), (end, None)], 0)
    rewrite(journal)
    after = resume(journal, home, models)
    start = end + MINUTE_MS
    calls += lived(after, journal, [booted(start), (start + 3 * DAY_MS, None)], 2)
    assert max(later - one for one, later in pairwise(calls)) <= DAY_MS + MINUTE_MS
    assert len(calls) == (start + 3 * DAY_MS) // DAY_MS + 1
    journal.close()
