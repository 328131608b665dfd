"""The journal: what is written is there after a kill, and what is missing or damaged is said."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

import pytest

from agent.__main__ import main
from agent.engine import Engine
from agent.home import parse
from agent.journal_io import Journal, JournalError
from agent.loop import fill, run
from agent.nouns import MINUTE_MS, NOTHING, Entry, Frame, Instant
from agent.pending import BATCH_ENTRIES, BATCH_SPAN_MS
from agent.replay import of_lines
from agent.sensors.log import write
from agent.simulate.days import days
from agent.simulate.dialects import as_readings
from agent.simulate.fleet import home_text
from agent.verify_io import verify

MONDAY: Final = Instant(1_772_409_600_000)  # 2026-03-02
TEXT: Final = home_text(3, link="log")
HOME: Final = parse(TEXT)
HUB: Final = (
    '[hub]\nid = "hub-1"\nstate = "state"\nhome = "home.toml"\n'
    '[local]\nhost = "127.0.0.1"\n[[upstream]]\nhost = "127.0.0.1"\n'
)
PRESS: Final = Frame("log", "sos-button", b"button 1")
# A hub that is killed in the middle of a day: it says each alert only once it is written.
KILLED: Final = """
import sys
from pathlib import Path
from tests.test_journal import HOME, a_day
from agent.engine import Engine
from agent.loop import fill, run
from agent.journal_io import Journal
journal, engine = Journal(Path(sys.argv[1]), HOME.id), Engine(HOME)
class Sink:
    def put(self, entry, outcome):
        journal.put(entry, outcome)
        for alert in outcome.alerts:
            print(alert.seq, entry.seq, flush=True)
journal.begin(engine, a_day()[0].at, 1, "test")
run(fill(a_day(), engine), engine, Sink())
"""


def a_day(count: int = 2) -> list[Entry]:
    """A simulated day on which the help button is pressed every forty lines."""
    lines = (
        (at, sensor, f"{what} {value}".encode()) for at, sensor, what, value in as_readings(days(3, MONDAY, count))
    )
    told = list(of_lines(lines))
    return [entry._replace(frame=PRESS) if entry.seq % 40 == 0 else entry for entry in told]


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """The journal of two days."""
    path = tmp_path / "journal.db"
    journal, engine = Journal(path, HOME.id), Engine(HOME)
    journal.begin(engine, MONDAY, 1, "test")
    run(fill(a_day(), engine), engine, journal)
    journal.close()
    return path


def changed(path: Path, sql: str, *values: object) -> None:
    with sqlite3.connect(path) as db:
        db.execute(sql, values)
    db.close()


# -- what is kept ----------------------------------------------------------------------------------------------


def test_every_frame_is_kept_as_it_came(written: Path) -> None:
    journal = Journal(written)
    (segment,) = journal.segments()
    told = list(journal.entries(segment.id))
    assert [entry for entry in told if entry.frame is not None] == a_day()
    assert [entry.at for entry in told] == sorted(entry.at for entry in told)
    assert verify(written) == []


def test_a_quiet_night_is_one_row_for_each_stretch_of_silence(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db")
    journal.begin(Engine(HOME), MONDAY, 1, "test")
    journal.put(Entry(1, MONDAY, PRESS), NOTHING)
    for minute in range(1, 8 * 60):
        journal.put(Entry(1, Instant(MONDAY + minute * MINUTE_MS)), NOTHING)
    journal.put(Entry(2, Instant(MONDAY + 8 * 60 * MINUTE_MS), PRESS), NOTHING)
    journal.flush()
    told = list(journal.entries(1))
    assert [entry.seq for entry in told if entry.frame is not None] == [1, 2]
    assert len(told) < 8 * 60 * MINUTE_MS / BATCH_SPAN_MS + 3
    assert journal.last() == (2, MONDAY + 8 * 60 * MINUTE_MS)
    assert verify(tmp_path / "journal.db") == []


def test_an_alert_is_synced_and_a_batch_of_readings_is_not(tmp_path: Path) -> None:
    journal, engine = Journal(tmp_path / "journal.db", HOME.id), Engine(HOME)
    journal.begin(engine, MONDAY, 1, "test")
    said: list[str] = []
    journal._db.set_trace_callback(said.append)
    run(fill(a_day(1)[: 2 * BATCH_ENTRIES], engine), engine, journal)
    journal.close()
    synced = ""
    for statement in said:
        if "synchronous" in statement:
            synced = statement.rpartition(" ")[2]
        if "INSERT INTO alert" in statement:
            assert synced == "FULL"
    assert {"PRAGMA synchronous = FULL", "PRAGMA synchronous = NORMAL"} <= set(said)


@pytest.mark.parametrize("seed", range(4))
def test_a_hub_killed_anywhere_has_every_alert_that_it_said(seed: int, tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    hub = subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True)
    assert hub.stdout is not None
    said = [hub.stdout.readline().split() for _ in range(Random(seed).randrange(1, 60))]
    os.kill(hub.pid, signal.SIGKILL)
    hub.wait()
    hub.stdout.close()
    journal = Journal(path)
    kept = {seq for _, seq, _ in journal.alerts()}
    assert {int(seq) for seq, _ in said} <= kept == set(range(1, len(kept) + 1))
    frames = [entry for entry in journal.entries(1) if entry.frame is not None]
    assert frames == a_day()[: len(frames)]
    assert len(frames) >= int(said[-1][1])
    assert verify(path) == []


# -- what is damaged -------------------------------------------------------------------------------------------


def middle(path: Path) -> int:
    with sqlite3.connect(path) as db:
        ids = [row[0] for row in db.execute("SELECT id FROM batch ORDER BY id")]
    db.close()
    return int(ids[len(ids) // 2])


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("DELETE FROM batch WHERE id = ?", "are missing"),
        ("DELETE FROM batch WHERE id <= ?", "are missing"),
        ("DELETE FROM batch WHERE id >= ?", "newer than every entry"),
        ("UPDATE batch SET frames = frames - 1 WHERE id = ?", "does not hold"),
        ("UPDATE batch SET to_at = to_at + 1 WHERE id = ?", "does not hold"),
        ("UPDATE batch SET entries = substr(entries, 1, 30) WHERE id = ?", "damaged"),
        ("UPDATE batch SET readings = zeroblob(9) WHERE id = ?", "damaged"),
        ("UPDATE segment SET snapshot = zeroblob(9) WHERE ?", "the snapshot of segment 1"),
        ("DELETE FROM alert WHERE seq = 2 AND ?", "1 alerts of epoch 1 are missing"),
    ],
)
def test_what_is_missing_or_changed_is_found(sql: str, words: str, written: Path) -> None:
    changed(written, sql, middle(written))
    assert any(words in line for line in verify(written))


@pytest.mark.parametrize("column", ["entries", "readings"])
def test_any_flipped_bit_of_a_batch_is_found(column: str, written: Path) -> None:
    random = Random(1)
    id = middle(written)
    with sqlite3.connect(written) as db:
        body = db.execute(f"SELECT {column} FROM batch WHERE id = ?", (id,)).fetchone()[0]
    db.close()
    for _ in range(30):
        damaged = bytearray(body)
        damaged[random.randrange(len(body))] ^= 1 << random.randrange(8)
        changed(written, f"UPDATE batch SET {column} = ? WHERE id = ?", bytes(damaged), id)
        assert verify(written) or zlib.decompress(damaged) == zlib.decompress(body)  # a bit that nothing stands in


def mended(path: Path, damage: Callable[[bytes], bytes]) -> None:
    path.write_bytes(damage(path.read_bytes()))


@pytest.fixture
def hub(written: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hub whose journal is that of two days; its folder, and the current one."""
    folder = written.parent
    (folder / "state").mkdir()
    written.rename(folder / "state" / "journal.db")
    (folder / "home.toml").write_text(TEXT)
    (folder / "hub.toml").write_text(HUB)
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("keep", [0.3, 0.5, 0.9])
def test_a_journal_that_was_cut_is_one_clear_line_wherever_it_is_read(
    keep: float, hub: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = hub / "state" / "journal.db"
    mended(path, lambda body: body[: int(len(body) * keep)])
    for words in (["journal", "verify"], ["journal", "export"], ["promise"]):
        code = main([*words, "--config", "hub.toml"])
        assert code in ((1, 2) if words[-1] == "verify" else (0, 2))
        assert "Traceback" not in capsys.readouterr().err


def test_a_journal_of_a_newer_agent_is_refused_in_one_line(hub: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changed(hub / "state" / "journal.db", "PRAGMA user_version = 99")
    for words in (["verify"], ["export"], ["import", "home.toml"]):
        assert main(["journal", *words, "--config", "hub.toml"]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert "newer agent" in line


def test_a_database_that_is_no_journal_is_left_as_it_is(tmp_path: Path) -> None:
    changed(tmp_path / "other.db", "CREATE TABLE people (name TEXT)")
    before = (tmp_path / "other.db").read_bytes()
    with pytest.raises(JournalError, match="no journal"):
        Journal(tmp_path / "other.db")
    assert (tmp_path / "other.db").read_bytes() == before


# -- in and out ------------------------------------------------------------------------------------------------


def test_a_log_that_went_in_comes_out_again(hub: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [line for line in map(write, as_readings(days(3, MONDAY, 2))) if line is not None]
    (hub / "log.jsonl").write_text("".join(f"{line}\n" for line in lines))
    for name in ("one", "two"):
        (hub / f"{name}.toml").write_text(HUB.replace('"state"', f'"{name}"'))
    assert main(["journal", "import", "--config", "one.toml", "log.jsonl"]) == 0
    assert main(["journal", "export", "--config", "one.toml", "--out", "once.jsonl"]) == 0
    assert main(["journal", "import", "--config", "two.toml", "once.jsonl"]) == 0
    assert main(["journal", "verify", "--config", "two.toml"]) == 0
    capsys.readouterr()
    assert main(["journal", "export", "--config", "two.toml"]) == 0
    assert capsys.readouterr().out.splitlines() == lines == (hub / "once.jsonl").read_text().splitlines()
    assert main(["journal", "import", "--config", "two.toml", "once.jsonl"]) == 2
    assert "has begun already" in capsys.readouterr().err


def test_an_export_can_be_a_stretch_of_time(hub: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["journal", "export", "--config", "hub.toml"]) == 0
    whole = capsys.readouterr().out.splitlines()
    span = ["--since", "2026-03-02T09:00:00Z", "--until", "2026-03-02T18:00:00Z"]
    assert main(["journal", "export", "--config", "hub.toml", *span]) == 0
    part = capsys.readouterr().out.splitlines()
    assert part == [line for line in whole if "2026-03-02T09" <= json.loads(line)["at"] < "2026-03-02T18"]
    assert 100 < len(part) < len(whole)


def test_an_import_of_what_is_no_log_begins_no_journal(hub: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (hub / "new.toml").write_text(HUB.replace('"state"', '"new"'))
    (hub / "letter").write_text("Dear Sir,\n")
    assert main(["journal", "import", "--config", "new.toml", "letter"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not (hub / "new" / "journal.db").exists()


def test_a_replayed_journal_says_what_it_said(hub: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "state/journal.db", "--alerts", "again", "--deadlines", "promised"]) == 0
    assert "the same" in capsys.readouterr().err
    recorded = [line for _, _, line in Journal(hub / "state" / "journal.db").alerts()]
    assert (hub / "again").read_text().splitlines() == recorded
    assert main(["journal", "export", "--config", "hub.toml", "--segment", "0", "--out", "segment"]) == 0
    assert main(["replay", "segment", "--alerts", "once more"]) == 0
    assert (hub / "once more").read_text().splitlines() == recorded
    assert main(["journal", "export", "--config", "hub.toml", "--segment", "0", "--out", "state"]) == 2
    assert main(["replay", "state/journal.db", "--until", "2026-03-02T09:00:00Z"]) == 2
    assert main(["replay", "state/journal.db", "--alerts", "again", "--budget", "1"]) in (0, 1)
