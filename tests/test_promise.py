"""``hearthwatch promise``: by room and hour, when a fall now would be reported, from what was really promised."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

import pytest

from agent import VERSION
from agent.__main__ import main
from agent.civil import Wall, parse_rfc3339
from agent.engine import Engine
from agent.home import parse
from agent.journal_io import Journal, lay_down
from agent.nouns import DAY_MS, HOUR_MS, MINUTE_MS, Entry, Frame, Instant, Reading, is_activity
from agent.packing import pack_snapshot
from agent.promise.waits import HOURS
from agent.promise.words import minutes, sentence
from agent.replay import of_lines
from agent.sensors.log import write
from agent.simulate.days import days
from agent.simulate.dialects import as_readings
from agent.simulate.fleet import home_text
from tests.promise_maker import DAYS, MONDAY, lived, promised

SVG: Final = "{http://www.w3.org/2000/svg}"
HUB: Final = (
    '[hub]\nid = "hub-7"\nstate = "state"\nhome = "home.toml"\n'
    '[local]\nhost = "127.0.0.1"\n[[upstream]]\nhost = "127.0.0.1"\n'
)
Told = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def log() -> str:
    return "".join(f"{line}\n" for line in map(write, as_readings(days(3, MONDAY, DAYS))) if line is not None)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log: str) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("home.toml").write_text(home_text(3, link="log"))
    Path("hub.toml").write_text(HUB)
    Path("log.jsonl").write_text(log)
    return tmp_path


@pytest.fixture
def told(here: Path, capsys: pytest.CaptureFixture[str]) -> Told:
    """Runs ``promise``: its exit code, what it printed, what it said besides."""

    def ask(*words: str) -> tuple[int, str, str]:
        try:
            code = main(["promise", *words])
        except SystemExit as end:  # argparse
            code = int(end.code or 0)
        return code, *capsys.readouterr()

    return ask


def of_log(told: Told, *words: str) -> tuple[int, str, str]:
    return told("--home", "home.toml", "log.jsonl", *words)


def test_what_is_promised_is_what_the_deadlines_of_a_replay_say(told: Told, here: Path) -> None:
    code, out, _ = of_log(told, "--json")
    assert code == 0
    main(["replay", "--home", "home.toml", "log.jsonl", "--deadlines", "deadlines"])
    home, wall = parse(Path("home.toml").read_text()), Wall("Europe/London")
    waits = defaultdict(list)
    for line in map(json.loads, Path("deadlines").read_text().splitlines()):
        at = parse_rfc3339(line["at"])
        if line["deadline"] is not None:
            cell = home.sensors[line["sensor"]].room, wall.minute_of_day(at) // 60
            waits[cell].append(minutes(parse_rfc3339(line["deadline"]) - at))
    own = 0
    for room, cells in json.loads(out)["rooms"].items():
        for cell in cells:
            real = sorted(waits[room, cell["hour"]])
            assert cell["signs_of_life"] == len(real)
            if cell["from"] == "this home":
                own += 1
                assert cell["median_minutes"] == real[(len(real) + 1) // 2 - 1]
                assert sum(wait <= cell["nine_in_ten_minutes"] for wait in real) >= 0.9 * len(real)
                assert cell["median_minutes"] <= cell["nine_in_ten_minutes"] <= 720
    assert own > 40


def test_where_a_home_has_hardly_been_heard_the_rule_without_a_model_is_shown_as_such(told: Told) -> None:
    _, out, _ = of_log(told, "--json")
    _, bare, _ = told("--home", "home.toml", "--json")
    seldom = [cell for cells in json.loads(out)["rooms"].values() for cell in cells if cell["from"] != "this home"]
    assert seldom
    assert all(cell["median_minutes"] == cell["nine_in_ten_minutes"] for cell in seldom)
    _, text, _ = of_log(told)
    assert text.count("*") == len(seldom) + 1, "each is starred, and the star is explained"
    assert "rule without a model" in text
    assert {cell["from"] for cells in json.loads(bare)["rooms"].values() for cell in cells} == {"rule without a model"}


def test_ten_firings_on_one_day_are_not_taken_for_a_habit(here: Path) -> None:
    """She sits up with a visitor, once, at three in the morning."""
    night = Instant(MONDAY + 7 * DAY_MS + 3 * HOUR_MS)
    quiet = [entry for entry in lived() if not night <= entry.at < night + HOUR_MS]
    firings = [(Instant(night + n * MINUTE_MS), "living-motion", b"motion 1") for n in range(1, 40, 2)]
    told = [(entry.at, entry.frame.address, entry.frame.payload) for entry in quiet if entry.frame is not None]
    cell = promised(home_text(3, link="log"), list(of_lines(sorted([*told, *firings])))).rooms["living"][3]
    assert cell.signs >= 10
    assert not cell.own


def test_only_the_last_four_weeks_count(here: Path) -> None:
    entries = lived(32)
    found = promised(home_text(3, link="log"), entries)
    assert 27 * DAY_MS < found.until - found.since <= 28 * DAY_MS
    late = parse_rfc3339("2026-03-06T00:00:00Z")  # the fifth of thirty-two days
    kept = sum(cell.signs + cell.without for cells in found.rooms.values() for cell in cells)
    assert kept == sum(entry.at >= late and is_sign(entry) for entry in entries)


def is_sign(entry: Entry) -> bool:
    assert entry.frame is not None
    quantity, _, value = entry.frame.payload.decode().partition(" ")
    return is_activity(Reading(entry.at, entry.frame.address, quantity, int(value)))


def test_a_sentence_tells_when_a_fall_would_be_reported(told: Told) -> None:
    code, out, _ = of_log(told, "--at", "08:20", "--room", "kitchen")
    assert code == 0
    assert out.startswith("A fall in the kitchen at 08:20 would be reported by about ")
    assert "in nine of ten cases)" in out
    _, plain, _ = of_log(told, "--at", "08:20", "--room", "kitchen", "--json")
    said = json.loads(plain)
    assert said["sentence"] == out.strip()
    end = 8 * 60 + 20 + said["median_minutes"]
    assert f"by about {end // 60:02d}:{end % 60:02d} " in out


def test_a_deadline_after_midnight_is_said_to_be_the_next_day(here: Path) -> None:
    found = promised(home_text(3, link="log"), lived())
    assert "the next day" in sentence(found, "bedroom", 23 * 60 + 50)


def test_two_rooms_of_a_kind_are_told_apart_by_their_names(here: Path) -> None:
    text = home_text(3, link="log") + '\n[[room]]\nid = "spare"\nkind = "bedroom"\nname = "Spare room"\n'
    text += '[[sensor]]\nid = "spare-motion"\nkind = "motion"\nroom = "spare"\nlink = "log"\naddress = "spare"\n'
    found = promised(text, lived(2))
    assert "in “Spare room” at 10:00" in sentence(found, "spare", 600)
    assert "in the kitchen at 10:00" in sentence(found, "kitchen", 600)


def test_a_room_that_no_sensor_hears_is_named_and_promised_nothing(told: Told) -> None:
    with Path("home.toml").open("a") as home:
        home.write('\n[[room]]\nid = "cellar"\nkind = "other"\nname = "Cellar"\n')
    code, out, _ = of_log(told, "--json")
    assert code == 0
    assert "cellar" not in json.loads(out)["rooms"]
    assert json.loads(out)["unheard"] == ["cellar"]
    assert "No sensor hears anybody in: Cellar." in of_log(told)[1]
    code, _, err = of_log(told, "--at", "10:00", "--room", "cellar")
    assert code == 2
    assert "last heard in another room" in err


def test_outings_are_told_as_time_without_a_deadline(here: Path) -> None:
    found = promised(home_text(3, link="log"), lived())
    assert found.without_permille("away", 10) > 100
    assert found.without_permille("away", 3) == 0
    assert 0 < found.without_permille("away") < 100
    assert found.without_permille("not_watched") == found.without_permille("paused") == 0


def test_hours_in_which_the_hub_was_off_are_told_as_not_watched(here: Path) -> None:
    entries = lived(2)
    off = Instant(MONDAY + 10 * HOUR_MS), Instant(MONDAY + 16 * HOUR_MS)
    seen = [entry for entry in entries if not off[0] < entry.at <= off[1]]
    index = next(n for n, entry in enumerate(seen) if entry.at > off[1])
    gap = Frame("hub", "gap", json.dumps({"from_ms": seen[index - 1].at}).encode())
    seen.insert(index, Entry(seen[index - 1].seq, off[1], gap))
    found = promised(home_text(3, link="log"), seen)
    share = found.without_permille("not_watched")
    assert share == pytest.approx(6 / 48 * 1_000, abs=15)
    assert found.without_permille("not_watched", 12) == 500
    assert found.without_permille("not_watched", 4) == 0


def test_a_home_of_less_than_a_day_says_so_and_shows_the_rule_without_a_model(told: Told, log: str) -> None:
    Path("log.jsonl").write_text("".join(log.splitlines(keepends=True)[:40]))
    code, out, _ = of_log(told)
    assert code == 0
    assert out.splitlines()[1].startswith("There is less than a day of this home yet")
    assert len([line for line in out.splitlines() if line[2:5] == ":00"]) == HOURS
    assert "/" not in out.splitlines()[5]


def test_a_hub_without_a_journal_promises_what_the_rule_without_a_model_would_wait(told: Told) -> None:
    code, out, _ = told("--config", "hub.toml")
    assert code == 0
    assert "There is less than a day of this home yet" in out
    assert "Expected false alerts: " in out
    assert not Path("state/journal.db").exists()


def test_a_hub_promises_from_its_journal_what_a_log_of_the_same_days_does(told: Told) -> None:
    home = parse(Path("home.toml").read_text())
    Path("state").mkdir()
    journal = Journal(Path("state/journal.db"), home.id)
    lay_down(journal, Engine(home), lived(), VERSION)
    journal.close()
    before = Path("state/journal.db").read_bytes()
    code, of_hub, _ = told("--config", "hub.toml", "--json")
    assert code == 0
    assert Path("state/journal.db").read_bytes() == before, "it is only read"
    _, of_the_log, _ = of_log(told, "--json")
    assert json.loads(of_hub)["rooms"] == json.loads(of_the_log)["rooms"]


def test_what_another_agent_wrote_is_left_out_and_said(told: Told) -> None:
    home = parse(Path("home.toml").read_text())
    Path("state").mkdir()
    journal = Journal(Path("state/journal.db"), home.id)
    lay_down(journal, Engine(home), lived(2), VERSION)
    journal.close()
    with closing(sqlite3.connect("state/journal.db")) as database, database:
        database.execute("UPDATE segment SET snapshot = ? WHERE id = 1", (pack_snapshot({"format": 1}),))
    code, out, err = told("--config", "hub.toml")
    assert code == 1
    assert len(err.splitlines()) == 1
    assert err.startswith("left out what was heard from 2026-03-02T")
    assert "There is less than a day of this home yet" in out


def test_the_picture_says_each_cell_in_words_and_stands_by_itself(told: Told) -> None:
    code, out, _ = of_log(told, "--svg", "promise.svg")
    assert code == 0
    text = Path("promise.svg").read_text()
    drawn = ElementTree.fromstring(text)
    cells = [each.text or "" for each in drawn.iter(f"{SVG}title")]
    assert sum(" minutes" in words for words in cells) == 5 * HOURS
    assert any(words.startswith("Kitchen, 08:00 to 09:00: ") and "in nine of ten" in words for words in cells)
    said = " ".join(each.text or "" for each in drawn.iter(f"{SVG}text"))
    for line in out.splitlines()[-3:]:
        assert line in said, "what stands beside the picture is what the terminal says"
    assert not any(mark in text for mark in ("<script", "href", "url(", "<image", "http://www.w3.org/1999"))


MISTAKES: Final = {
    "no home": ("log.jsonl",),
    "a time without a room": ("--home", "home.toml", "--at", "10:00"),
    "a room without a time": ("--home", "home.toml", "--room", "kitchen"),
    "a room that is not there": ("--home", "home.toml", "--at", "10:00", "--room", "cellar"),
    "a time that is none": ("--home", "home.toml", "--at", "25:00", "--room", "kitchen"),
    "a time in words": ("--home", "home.toml", "--at", "noon", "--room", "kitchen"),
    "a picture in place of the log": ("--home", "home.toml", "log.jsonl", "--svg", "log.jsonl"),
    "a picture in place of the home": ("--home", "home.toml", "log.jsonl", "--svg", "home.toml"),
    "a picture that cannot be written": ("--home", "home.toml", "--svg", "nowhere/promise.svg"),
    "a log that is not there": ("--home", "home.toml", "missing.jsonl"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_clear_line_and_nothing_is_written(mistake: str, told: Told) -> None:
    before = {path: path.read_bytes() for path in Path().iterdir() if path.is_file()}
    code, out, err = told(*MISTAKES[mistake])
    assert (code, out) == (2, "")
    said = [line for line in err.splitlines() if not line.startswith(("usage:", " "))]
    assert len(said) == 1
    assert len(said[0]) < 250
    assert {path: path.read_bytes() for path in Path().iterdir() if path.is_file()} == before


def test_a_hub_and_a_home_at_once_are_refused_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["promise", "--config", "hub.toml", "--home", "home.toml"]) == 2
    assert "either --config HUB, or --home HOME" in capsys.readouterr().err
