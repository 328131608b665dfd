"""`hearthwatch bridge monitor` and the hub take turns at one board: what happens meanwhile is not lost to the hub."""

from pathlib import Path

import pytest

from tests.bridge_monitor import ENDS_S, Monitor
from tests.brokers import until
from tests.pretend_board import PretendBoard
from tests.simulated_board import REED, HubsEnd, SimulatedBoard, build
from tests.wired_hub import WiredHub


def test_the_port_of_a_hub_that_watches_is_refused_and_while_it_is_stopped_its_readings_wait_for_it(
    tmp_path: Path,
) -> None:
    config = str(tmp_path / "hub.toml")
    with PretendBoard("--still") as board, WiredHub(tmp_path) as hub:
        hub.plug(board.port)
        hub.until_met()
        with Monitor("--config", config) as refused:
            code, said = refused.end(None)
        assert code == 2
        assert said.count("\n") == 1
        assert "if that is `hearthwatch watch`, nobody watches meanwhile" in said
        hub.kill()
        with Monitor("--config", config, "--json") as monitor:
            assert monitor.until("hello")["channels"][-1] == "bed0"
            monitor.until("bed")  # the hub has switched it on, and it stays on
            for count, value in enumerate((1, 0, 1, 0), 1):
                board.say(f"door0 {value}")
                assert monitor.until("reading", count)["sensor"] == "front-door"
            assert monitor.end() == (0, "")
        hub.start()
        hub.until_heard(4, "what happened while somebody looked on")
        assert [(one.sensor, one.value) for one in hub.readings()] == [("front-door", value) for value in (1, 0, 1, 0)]


def test_the_real_board_is_looked_at_and_then_tells_the_hub_everything() -> None:
    build()
    with SimulatedBoard() as real:
        with Monitor("--port", real.path, "--json", "--selftest") as monitor:
            names = ["motion0", "door0", "button0", "tamper0", "bed0", "bed1"]
            assert monitor.until("hello")["channels"] == names
            for nth in range(12):
                real.pin(REED, 1 - nth % 2)
            monitor.until("selftest")
            monitor.until("beat")
            until(lambda: monitor.lines() and monitor.events("beat")[-1]["kept"] == 12, "twelve readings kept", ENDS_S)
            monitor.until("beat", len(monitor.events("beat")) + 4)
            told = [event["number"] for event in monitor.events("reading") if "number" in event]
            assert told == sorted(set(told))
            assert monitor.end() == (0, "")
        hub = HubsEnd(real).met()
        hub.until_heard(12, "all that happened while somebody looked on")
        assert hub.told() == [("front-door", "door", 1 - nth % 2) for nth in range(12)]
        hub.close()


@pytest.mark.parametrize("forget", [False, True])
def test_a_cord_pulled_for_a_test_is_a_call_for_help_unless_the_board_was_told_to_forget(
    forget: bool, tmp_path: Path
) -> None:
    with PretendBoard("--still") as board, WiredHub(tmp_path) as hub:
        hub.plug(board.port)
        hub.until_met()
        hub.kill()
        with Monitor("--config", str(tmp_path / "hub.toml"), "--json", *["--forget"] * forget) as monitor:
            monitor.until("hello")
            board.say("button0 1")
            monitor.until("reading")
            board.say("button0 0")
            monitor.until("reading", 2)
            assert monitor.end() == (0, "")
            assert monitor.until("end")["calls"] == {"cord (button0) pressed": 1}
        hub.start()
        board.say("door0 1")
        hub.until_heard(1 if forget else 3, "what comes after it")
        assert [one.sensor for one in hub.readings()] == (["front-door"] if forget else ["cord", "cord", "front-door"])
        assert len(hub.alerts("sos")) == (0 if forget else 1)
