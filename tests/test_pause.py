"""Rest: a person asked this hub to be quiet; a help button is heard all the same."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from agent.__main__ import main
from agent.civil import rfc3339
from agent.clock_io import HubClock, wall_ms
from agent.engine import Engine
from agent.home import parse
from agent.journal_io import Journal
from agent.live_io import Frames, frame_queue
from agent.loop import fill, run
from agent.nouns import DAY_MS, HOUR_MS, Care, Entry, Frame, Instant, Sensor
from agent.replay import Record
from agent.simulate.fleet import home_text
from agent.watch_io import live
from tests.brokers import until
from tests.home_maker import make_home

MORNING: Final = Instant(1_772_438_400_000)  # Monday 2026-03-02, 08:00 in London, where it is UTC
PENDANT: Final = Sensor("pendant", "button", "hall", None, "log", "pendant")
HUB: Final = (
    '[hub]\nid = "hub-1"\nstate = "state"\nhome = "home.toml"\n'
    '[local]\nhost = "127.0.0.1"\n[[upstream]]\nhost = "127.0.0.1"\n'
)


# -- what the engine makes of it -------------------------------------------------------------------------------


def paused(until: int | None) -> Frame:
    return Frame("care", "pause", json.dumps({"until_ms": until, "why": "visitors", "asked_by": "carer"}).encode())


def motion(sensor: str = "bedroom-motion") -> Frame:
    return Frame("log", sensor, b"motion 1")


def said(*told: tuple[int, Frame | None], restarted: bool = False) -> list[tuple[float, str]]:
    """(hours after the morning, kind) of what is raised."""
    home = make_home(PENDANT, care=Care(not_up_by=10 * 60))
    engine, record = Engine(home), Record("elm-12")
    for seq, (after_ms, frame) in enumerate(told, 1):
        run(fill([Entry(seq, Instant(MORNING + after_ms), frame)], engine), engine, record)
        if restarted:
            memory = json.loads(json.dumps(engine.snapshot()))
            engine = Engine(home)
            engine.restore(memory)
    return [((alert.at - MORNING) / HOUR_MS, alert.kind) for alert in record.said if alert.state == "raised"]


def kinds(told: list[tuple[float, str]], before_hours: float = 1e9) -> set[str]:
    return {kind for hours, kind in told if hours < before_hours}


def test_without_a_rest_the_hub_would_speak() -> None:
    told = said((0, motion()), (11 * HOUR_MS, None))
    assert "possible_fall" in kinds(told, before_hours=11)


@pytest.mark.parametrize("restarted", [False, True])
def test_during_a_rest_silence_is_nobodys_business_and_then_it_is_again(restarted: bool) -> None:
    rest = paused(MORNING + 11 * HOUR_MS)
    told = said((0, motion()), (1, rest), (11 * HOUR_MS - 1, None), (30 * HOUR_MS, motion()), restarted=restarted)
    assert kinds(told, before_hours=11) == set()
    again = said((0, motion()), (1, rest), (11 * HOUR_MS, motion()), (23 * HOUR_MS, None), restarted=restarted)
    assert "possible_fall" in kinds(again)


def test_a_help_button_is_heard_during_a_rest() -> None:
    told = said((0, motion()), (1, paused(MORNING + 11 * HOUR_MS)), (HOUR_MS, Frame("log", "pendant", b"button 1")))
    assert told == [(1.0, "sos")]


def test_a_rest_that_is_ended_gives_back_what_was_left_of_the_wait() -> None:
    (whole,) = [hours for hours, kind in said((0, motion()), (12 * HOUR_MS, None)) if kind == "possible_fall"]
    rest, end = (HOUR_MS, paused(MORNING + DAY_MS)), (2 * HOUR_MS, paused(None))
    told = said((0, motion()), rest, end, (11 * HOUR_MS, None))
    assert [hours for hours, kind in told if kind == "possible_fall"] == [pytest.approx(whole + 1)]


@pytest.mark.parametrize("rest_hours", [1, 2, 5])
def test_what_is_promised_during_a_rest_is_what_happens_after_it(rest_hours: int) -> None:
    rest = (1, paused(MORNING + rest_hours * HOUR_MS))
    engine, record = Engine(make_home(PENDANT)), Record("elm-12", deadlines=True)
    for seq, (at, frame) in enumerate([(0, motion()), rest, (HOUR_MS // 2, motion()), (12 * HOUR_MS, None)], 1):
        run(fill([Entry(seq, Instant(MORNING + at), frame)], engine), engine, record)
    promised = json.loads(record.deadlines[-1])
    raised = [alert for alert in record.said if alert.kind == "possible_fall"]
    assert promised["deadline"] == rfc3339(raised[0].at)
    assert promised["state"] == "home"


def test_a_rest_that_was_over_before_the_hub_read_of_it_changes_nothing() -> None:
    told = [(0, motion()), (10 * HOUR_MS, None)]
    late = [told[0], (HOUR_MS, paused(MORNING - HOUR_MS)), told[1]]
    assert said(*late) == said(*told)


# -- the command -----------------------------------------------------------------------------------------------


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("home.toml").write_text(home_text(3, link="log"))
    Path("hub.toml").write_text(HUB)
    return tmp_path


@pytest.fixture
def running(hub: Path) -> Iterator[Frames]:
    """The loop of a hub, and its queue."""
    frames, clocks = frame_queue(), list[HubClock]()
    home, state = parse(Path("home.toml").read_text()), hub / "state"
    state.mkdir()

    def clock_for(engine: Engine, last: Instant | None) -> HubClock:
        clocks.append(HubClock(last))
        return clocks[0]

    loop = threading.Thread(target=live, args=(state, home, "hub-1", frames, (None,), "test", clock_for))
    loop.start()
    until((state / "watch.sock").exists, "the hub to listen")
    yield frames
    frames.put(None)
    loop.join(20)
    assert not loop.is_alive()


def asked(*words: str) -> int:
    try:
        return main(["pause", "--config", "hub.toml", *words])
    except SystemExit as end:
        return int(end.code or 0)


def in_hours(hours: float) -> str:
    return rfc3339(Instant(wall_ms() + int(hours * HOUR_MS)))


def test_a_request_is_in_the_journal_with_who_asked(running: Frames, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked("--until", in_hours(5), "--why", "holiday") == 0
    assert "not running" not in capsys.readouterr().out
    until(lambda: not list(Path("state/requests").iterdir()), "the request to be taken")
    assert asked("--end") == 0
    until(lambda: not list(Path("state/requests").iterdir()), "the end to be taken")
    journal = Journal(Path("state/journal.db"))
    frames = [entry.frame for entry in journal.entries(1) if entry.frame is not None and entry.frame.link == "care"]
    journal.close()
    begun, ended = (json.loads(frame.payload) for frame in frames)
    assert begun["why"] == "holiday"
    assert begun["until_ms"] > wall_ms()
    assert begun["asked_by"]
    assert ended["until_ms"] is None


def test_a_rest_that_stands_is_told_with_who_asked_by_status_and_by_doctor(
    running: Frames, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked("--status") == 0
    assert capsys.readouterr().out == "no rest\n"
    until_then = in_hours(5)
    assert asked("--until", until_then, "--why", "visitors", "--by", "Ada") == 0
    until(lambda: not list(Path("state/requests").iterdir()), "the request to be taken")
    capsys.readouterr()
    assert asked("--status") == 0
    said = capsys.readouterr().out
    assert said.startswith(f"until {until_then}, asked for by Ada (visitors) at 2")
    main(["doctor", "--config", "hub.toml", "--json"])
    checks = {check["name"]: check for check in json.loads(capsys.readouterr().out)}
    assert f"{checks['rest']['found']}\n" == said
    assert asked("--end") == 0
    until(lambda: not list(Path("state/requests").iterdir()), "the end to be taken")
    capsys.readouterr()
    assert asked("--status") == 0
    assert capsys.readouterr().out == "no rest\n"


def test_a_rest_that_an_older_agent_wrote_down_still_lasts() -> None:
    engine = Engine(make_home(PENDANT))
    memory = json.loads(json.dumps(engine.snapshot()))
    del memory["proof"]["wishes"]
    memory["proof"]["pause_until"] = MORNING
    engine.restore(memory)
    assert engine.proof.watch.pause_until == MORNING


def test_it_is_said_when_nobody_is_there_to_read_the_request(hub: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked("--until", in_hours(5)) == 0
    assert "not running" in capsys.readouterr().out
    (request,) = Path("state/requests").iterdir()
    assert json.loads(request.read_text())["what"] == "pause"


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--until", "tomorrow"),
        ("--until", "2026-03-02T10:00:00"),
        ("--until", "2020-03-02T10:00:00Z"),
        ("--until", in_hours(-0.01)),
        ("--until", in_hours(24 * 61)),
        ("--until", in_hours(5), "--end"),
        ("--until", in_hours(5), "--why", "bored"),
    ],
)
def test_a_rest_that_cannot_be_given_is_refused_in_one_line(
    words: tuple[str, ...], hub: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked(*words) == 2
    err = capsys.readouterr().err.splitlines()
    assert len([line for line in err if not line.startswith(("usage:", " "))]) == 1
    assert not Path("state").exists()
