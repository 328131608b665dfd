"""Consent that is withdrawn means stop: nothing is taken in, written down or said, until it is given again."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from agent.__main__ import main
from agent.engine import Engine
from agent.home import parse
from agent.journal_io import Journal
from agent.loop import fill, run
from agent.nouns import DAY_MS, HOUR_MS, Consent, Entry, Frame, Home, Instant, Sensor
from agent.recover import WARM_DAYS, resume
from agent.replay import Record
from tests.brokers import until
from tests.home_maker import make_home
from tests.living_hub import HOME
from tests.test_pause import HUB
from tests.test_watch_process import Run

MORNING: Final = Instant(1_772_438_400_000)  # Monday 2026-03-02, 08:00 in London, where it is UTC
PENDANT: Final = Sensor("pendant", "button", "hall", "help", "log", "pendant")
FLAT: Final = make_home(PENDANT)


def consent(given: bool) -> Frame:
    said = {"given": given, "by": "Ada", "asked_by": "root"}
    return Frame("care", "consent", json.dumps(said).encode())


def motion(room: str = "kitchen") -> Frame:
    return Frame("log", f"{room}-motion", b"motion 1")


def lived(home: Home, *told: tuple[int, Frame | None], engine: Engine | None = None) -> Record:
    """As the hub lives: what may not be taken in is not."""
    engine, record, seq = engine or Engine(home), Record("h"), 0
    for after_ms, frame in told:
        if frame is None or engine.takes_in(frame):
            seq += 1
            run(fill([Entry(seq, Instant(MORNING + after_ms), frame)], engine), engine, record)
    return record


def diary(record: Record) -> list[str]:
    return [f"{(alert.at - MORNING) / HOUR_MS:g} {alert.kind} {alert.state}" for alert in record.said]


def test_it_is_said_once_in_its_own_words_and_then_nothing_is() -> None:
    record = lived(
        FLAT,
        (0, motion()),
        (HOUR_MS, consent(False)),
        (2 * HOUR_MS, Frame("log", "pendant", b"button 1")),
        (3 * HOUR_MS, motion()),
        (9 * DAY_MS, None),
    )
    assert diary(record) == ["1 home_not_watched raised"]
    assert record.said[0].text == (
        "Since 09:00 this home is not watched, by the wish of who lives there; help buttons are off too."
    )


def test_given_again_the_home_is_watched_and_the_time_between_is_no_fall() -> None:
    days = 20 * DAY_MS
    record = lived(
        FLAT,
        (0, motion()),
        (HOUR_MS, consent(False)),
        (days, consent(True)),
        (days + 1, motion()),
        (days + HOUR_MS, motion()),
        (days + 2 * HOUR_MS, Frame("log", "pendant", b"button 1")),
    )
    assert diary(record) == ["1 home_not_watched raised", "480 home_not_watched cleared", "482 sos raised"]


def test_a_fall_that_is_open_is_not_closed_by_it() -> None:
    told = lived(FLAT, (0, motion()), (9 * HOUR_MS, None), (10 * HOUR_MS, consent(False)), (DAY_MS, None))
    assert [f"{alert.kind} {alert.state}" for alert in told.said] == [
        "possible_fall raised",
        "home_not_watched raised",
        "possible_fall updated",
    ]


def test_what_is_neither_yes_nor_no_changes_nothing() -> None:
    odd = [Frame("care", "consent", payload) for payload in (b"{}", b'{"given":1}', b'{"given":"no"}', b"[]")]
    engine = Engine(FLAT)
    record = lived(FLAT, (0, motion()), *((HOUR_MS, frame) for frame in odd), engine=engine)
    assert record.rejected == 4
    assert engine.proof.wishes.watched


def test_a_home_file_without_consent_is_not_watched_from_the_start() -> None:
    home = replace(FLAT, consent=Consent(monitoring=False))
    boot = Frame("hub", "boot", b"{}")
    assert diary(lived(home, (0, boot), (HOUR_MS, motion()), (9 * DAY_MS, None))) == ["0 home_not_watched raised"]
    assert not parse(f"{HOME}\n[consent]\nmonitoring = false\n").consent.monitoring
    assert parse(HOME).consent.monitoring


def test_a_withdrawal_outlives_another_home_file_and_every_week_that_is_forgotten(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db")
    engine, seq = Engine(FLAT), 0
    for at, frame in ((0, motion()), (HOUR_MS, consent(False)), (50 * DAY_MS, None), (100 * DAY_MS, None)):
        journal.begin(engine, Instant(MORNING + at), seq + 1, "test")
        seq += frame is not None
        run(fill([Entry(seq, Instant(MORNING + at), frame)], engine), engine, journal)
        journal.flush()
    assert WARM_DAYS < 50
    other = make_home(PENDANT, Sensor("new", "motion", "hall", None, "log", "new"))
    for home in (FLAT, replace(FLAT, text="changed"), replace(other, text="other")):
        assert not resume(journal, home).proof.wishes.watched
    journal.close()


# -- the command -----------------------------------------------------------------------------------------------


def asked(*words: str) -> int:
    try:
        return main(["consent", "--config", "hub.toml", *words])
    except SystemExit as end:
        return int(end.code or 0)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("home.toml").write_text(HOME)
    Path("hub.toml").write_text(HUB)
    Path("state").mkdir()
    return tmp_path / "state"


def taken(state: Path) -> None:
    until(lambda: not list((state / "requests").iterdir()), "the request to be taken")


def alerts(state: Path) -> list[str]:
    journal = Journal(state / "journal.db")
    said = [json.loads(line) for _, _, line in journal.alerts()]
    journal.close()
    return [f"{one['kind']} {one['state']}" for one in said]


def test_who_withdrew_it_is_written_down_and_what_comes_after_is_not(
    hub: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run(hub)
    until((hub / "watch.sock").exists, "the hub to listen")
    assert asked("--withdraw", "--by", "Ada Lovelace") == 0
    assert "HELP BUTTONS AND SMOKE ALARMS INCLUDED" in capsys.readouterr().out
    taken(hub)
    run.smoke(1)
    run.stop()
    run = Run(hub)  # a restart changes nothing
    run.smoke(1)
    until(run.has_taken_all, "the hub to have heard the smoke, and dropped it")
    assert asked("--status") == 0
    assert capsys.readouterr().out.startswith("withdrawn, asked for by Ada Lovelace at 2")
    assert alerts(hub) == ["home_not_watched raised"]
    assert asked("--give", "--by", "Ada Lovelace") == 0
    taken(hub)
    run.smoke(1)
    until(lambda: alerts(hub)[1:] == ["home_not_watched cleared", "smoke raised"], "the smoke to be heard again")
    run.stop()
    journal = Journal(hub / "journal.db")
    entries = [entry for segment in journal.segments() for entry in journal.entries(segment.id)]
    journal.close()
    heard = [entry.frame.address for entry in entries if entry.frame is not None and entry.frame.link != "hub"]
    assert heard == ["consent", "consent", "smoke"]
    assert asked() == 0
    assert "given: this home is watched" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ("--withdraw",),
        ("--give",),
        ("--withdraw", "--give", "--by", "Ada"),
        ("--withdraw", "--by", ""),
        ("--withdraw", "--by", "a\nb"),
        ("--withdraw", "--by", "x" * 65),
    ],
)
def test_a_withdrawal_that_cannot_be_written_down_is_refused_in_one_line(
    words: tuple[str, ...], hub: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked(*words) == 2
    err = capsys.readouterr().err.splitlines()
    assert len([line for line in err if not line.startswith(("usage:", " "))]) == 1
    assert not list(hub.iterdir())


def test_consent_that_the_home_file_withholds_cannot_be_given_past_it(
    hub: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("home.toml").write_text(f"{HOME}\n[consent]\nmonitoring = false\n")
    assert asked("--give", "--by", "Ada") == 2
    assert "monitoring = false" in capsys.readouterr().err
    assert asked("--status") == 0
    assert "this home is not watched" in capsys.readouterr().out
