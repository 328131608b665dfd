"""``hearthwatch replay`` from outside: exit codes, one clear line for a mistake, files whole or not at all."""

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.__main__ import main
from agent.nouns import Instant
from agent.sensors.log import write
from agent.simulate.days import days
from agent.simulate.dialects import as_readings
from agent.simulate.fleet import home_text

MONDAY = Instant(1_772_409_600_000)  # 2026-03-02
Told = Callable[..., tuple[int, list[str], list[str]]]


@pytest.fixture(scope="module")
def two_days() -> list[str]:
    return [line for line in map(write, as_readings(days(3, MONDAY, 2))) if line is not None]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, two_days: list[str]) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("home.toml").write_text(home_text(3, link="log"))
    Path("log.jsonl").write_text("".join(f"{line}\n" for line in two_days))
    return tmp_path


@pytest.fixture
def told(here: Path, capsys: pytest.CaptureFixture[str]) -> Told:
    """Runs a command: its exit code, what it printed, what it said besides."""

    def run(*words: str) -> tuple[int, list[str], list[str]]:
        try:
            code = main(list(words))
        except SystemExit as end:  # argparse
            code = int(end.code or 0)
        out, err = capsys.readouterr()
        return code, out.splitlines(), err.splitlines()

    return run


def replayed(told: Told, *words: str) -> tuple[int, list[str], list[str]]:
    return told("replay", "--home", "home.toml", *words)


def test_alerts_and_deadlines_are_as_the_contract_writes_them(told: Told) -> None:
    end = "2026-03-04T18:00:00Z"
    code, out, err = replayed(told, "log.jsonl", "--alerts", "a", "--deadlines", "d", "--until", end)
    assert (code, out) == (0, [])
    assert len(err) == 1
    assert err[0].endswith("alert lines")
    alert = json.loads(Path("a").read_text().splitlines()[0])
    assert list(alert) == [
        "id", "home", "kind", "state", "severity", "at", "since", "room", "text", "evidence",
        "confidence_permille", "coverage_permille", "late", "test",
    ]  # fmt: skip
    for line in Path("d").read_text().splitlines():
        promise = json.loads(line)
        assert list(promise) == ["at", "sensor", "deadline", "state"]
        assert promise["at"][19] == "."
        assert promise["at"][23:] == "Z"
        assert promise["state"] in ("home", "away", "asleep", "not_watched")


def test_the_same_log_gives_the_same_bytes_plain_or_packed(told: Told) -> None:
    Path("log.gz").write_bytes(gzip.compress(Path("log.jsonl").read_bytes()))
    for log, name in (("log.jsonl", "one"), ("log.jsonl", "two"), ("log.gz", "three")):
        replayed(told, log, "--alerts", f"{name}.a", "--deadlines", f"{name}.d", "--until", "2026-03-06T00:00:00Z")
    for kind in "ad":
        assert len({Path(f"{name}.{kind}").read_bytes() for name in ("one", "two", "three")}) == 1


def test_a_log_in_two_files_is_one_log(told: Told, two_days: list[str]) -> None:
    Path("odd").write_text("\n".join(two_days[1::2]) + "\n")
    Path("even").write_text("\n".join(two_days[::2]) + "\n")
    replayed(told, "log.jsonl", "--deadlines", "whole")
    assert replayed(told, "odd", "even", "--deadlines", "parts")[0] == 0
    assert Path("parts").read_text() == Path("whole").read_text()


def test_later_lines_are_left_out_and_silence_is_told_through_the_end(told: Told, two_days: list[str]) -> None:
    cut = json.loads(two_days[700])["at"]
    Path("cut.jsonl").write_text("".join(f"{line}\n" for line in two_days if json.loads(line)["at"] <= cut))
    replayed(told, "log.jsonl", "--until", cut, "--deadlines", "until", "--alerts", "until.a")
    replayed(told, "cut.jsonl", "--deadlines", "cut", "--alerts", "cut.a")
    assert Path("until").read_text() == Path("cut").read_text()
    assert Path("until.a").read_text() == Path("cut.a").read_text() == ""


def test_a_dash_prints_instead_of_writing(told: Told) -> None:
    replayed(told, "log.jsonl", "--deadlines", "d")
    code, out, _ = replayed(told, "log.jsonl", "--deadlines", "-", "--alerts", "-")
    assert (code, out) == (0, Path("d").read_text().splitlines())
    assert not Path("-").exists()


def test_a_log_of_which_ten_thousand_lines_are_bad_says_so_in_a_few(told: Told, two_days: list[str]) -> None:
    bad = ['{"at":"2026-03-03T12:00:00Z","sensor":"no-such","kind":"motion","value":1}'] * 10_000
    Path("log.jsonl").write_text("\n".join([*two_days, *bad]))
    code, _, err = replayed(told, "log.jsonl", "--alerts", "a")
    assert code == 1
    assert 5 < len(err) < 30
    assert err[0].startswith(f"log.jsonl:{len(two_days) + 1}: ")
    assert err[-1].endswith("10000 lines skipped")
    assert Path("a").exists()


MISTAKES = {
    "an empty log": ("empty",),
    "a binary file": ("binary",),
    "a text that is no log": ("text",),
    "a folder as log": ("folder",),
    "a log that is not there": ("missing",),
    "a second log that is not there": ("log.jsonl", "missing"),
    "a packed log that was cut": ("cut.gz",),
    "a gzip bomb": ("bomb.gz",),
    "a bomb of good lines": ("lines.gz",),
    "a foreign database": ("foreign.db",),
    "a broken database": ("broken.db",),
    "no offset": ("log.jsonl", "--until", "2026-03-02T10:00:00"),
    "no time": ("log.jsonl", "--until", "tomorrow"),
    "a time beyond all hubs": ("log.jsonl", "--until", "9999-12-31T23:59:59Z"),
    "a negative budget": ("log.jsonl", "--budget", "-1"),
    "a budget that is no number": ("log.jsonl", "--budget", "nan"),
    "a speed of nothing": ("log.jsonl", "--speed", "0"),
    "a speed that is no number": ("log.jsonl", "--speed", "nan"),
    "another home that is not there": ("log.jsonl", "--home-b", "missing"),
    "another home that is wrong": ("log.jsonl", "--home-b", "text"),
    "an output that is an input": ("log.jsonl", "--deadlines", "log.jsonl"),
}


def lay_out_mistakes() -> None:
    Path("empty").touch()
    Path("binary").write_bytes(bytes(range(256)) * 40)
    Path("text").write_text("Dear Sir,\nthe log follows.\n")
    Path("folder").mkdir()
    packed = gzip.compress(Path("log.jsonl").read_bytes())
    Path("cut.gz").write_bytes(packed[: len(packed) // 2])
    Path("bomb.gz").write_bytes(gzip.compress(bytes(30 << 20)))
    line = Path("log.jsonl").read_bytes().splitlines(keepends=True)[0]
    Path("lines.gz").write_bytes(gzip.compress(line * 400_000))
    Path("broken.db").write_bytes(b"SQLite format 3\x00" + bytes(range(256)) * 40)
    Path("foreign.db").write_bytes(foreign_database())


def foreign_database() -> bytes:
    from sqlite_utils import Database

    database = Database("scratch.db")
    database["people"].insert({"name": "somebody"})  # type: ignore[union-attr]  # a table, as it is new
    database.close()
    body = Path("scratch.db").read_bytes()
    Path("scratch.db").unlink()
    return body


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_clear_line_and_no_file_is_touched(mistake: str, told: Told) -> None:
    lay_out_mistakes()
    Path("kept").write_text("what stood here before\n")
    outputs = () if "--deadlines" in MISTAKES[mistake] else ("--deadlines", "new")
    before = {path: path.read_bytes() for path in Path().iterdir() if path.is_file()}
    code, out, err = replayed(told, *MISTAKES[mistake], "--alerts", "kept", *outputs)
    assert (code, out) == (2, [])
    said = [line for line in err if not line.startswith(("usage:", " "))]
    assert len(said) == 1
    assert "Traceback" not in said[0]
    assert len(said[0]) < 250
    assert {path: path.read_bytes() for path in Path().iterdir() if path.is_file()} == before


@pytest.mark.parametrize("place", ["folder", "nowhere/out", "/proc/out", "log.jsonl/out"])
@pytest.mark.parametrize("which", ["--alerts", "--deadlines"])
def test_an_output_that_cannot_be_written_leaves_the_other_alone(which: str, place: str, told: Told) -> None:
    Path("folder").mkdir()
    Path("kept").write_text("what stood here before\n")
    other = "--deadlines" if which == "--alerts" else "--alerts"
    code, _, err = replayed(told, "log.jsonl", which, place, other, "kept")
    assert code == 2
    assert len(err) == 1
    assert err[0].startswith(f"hearthwatch: {place}: cannot be written")
    assert Path("kept").read_text() == "what stood here before\n"
    assert sorted(os.listdir()) == ["folder", "home.toml", "kept", "log.jsonl"]


def test_an_output_that_is_a_pipe_or_a_link_is_written_to_and_not_replaced(told: Told) -> None:
    os.mkfifo("pipe")
    reader = os.open("pipe", os.O_RDONLY | os.O_NONBLOCK)
    Path("target").write_text("old")
    Path("link").symlink_to("target")
    code, _, _ = replayed(
        told, "log.jsonl", "--alerts", "pipe", "--deadlines", "link", "--until", "2026-03-03T00:00:00Z"
    )
    os.close(reader)
    assert code == 0
    assert Path("pipe").is_fifo()
    assert Path("link").is_symlink()
    assert Path("target").read_text().startswith('{"at":')


def test_a_clock_that_jumped_thirty_years_is_told_in_seconds(told: Told) -> None:
    last = '{"at":"2056-03-03T12:00:00Z","sensor":"kitchen-motion","kind":"motion","value":1}\n'
    with Path("log.jsonl").open("a") as log:
        log.write(last)
    code, _, _ = replayed(told, "log.jsonl", "--alerts", "a", "--deadlines", "d")
    assert code == 0
    kinds = [json.loads(line)["kind"] for line in Path("a").read_text().splitlines()]
    assert kinds.count("home_not_watched") == 2
    assert len(kinds) < 40
    assert json.loads(Path("d").read_text().splitlines()[-1])["state"] == "home"


def test_another_home_file_shows_what_it_would_change(told: Told) -> None:
    changed = Path("home.toml").read_text().replace("[care]\n", '[care]\nnot_up_by = "05:30"\n')
    Path("other.toml").write_text(changed)
    code, out, _ = replayed(told, "log.jsonl", "--alerts", "a", "--home-b", "other.toml")
    assert code == 0
    assert out[0].startswith("with other.toml: ")
    assert all(line[0] in "-+" for line in out[1:])
    assert any('"not_up"' in line for line in out[1:])
    assert len(out) > 2
