"""A running hub that asks first: signals are switched, the journal knows, and a hub that is killed leaves none on."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from agent.civil import rfc3339
from agent.clock_io import HubClock
from agent.engine import Engine
from agent.journal_io import Journal
from agent.live_io import frame_queue
from agent.nouns import HOUR_MS, Act, Frame, Instant
from agent.sensors.log import write
from agent.sensors.orders_io import Orders
from agent.watch_io import Links, live
from tests.brokers import LONG_S, until
from tests.test_ask_first import FALL, MORNING, home

SPEED = 1_800


class Hub:
    """The loop of a hub whose day passes fast, and what it ordered."""

    def __init__(self, state: Path, orders: Orders | None = None) -> None:
        self.frames, self.acts = frame_queue(), list[Act]()
        self._orders = orders or Orders()
        plan = home(240, false_alerts_per_30_days=60.0)
        words = (state, plan, "hub-1", self.frames, [None], "test", self._clock)
        self._loop = Thread(target=live, args=words, kwargs={"links": Links(self._orders), "follow": True})
        self._loop.start()

    def _clock(self, engine: Engine, last: Instant | None) -> HubClock:
        return HubClock(last, synced=lambda: True, start=MORNING, speed=SPEED)

    def ordered(self, count: int) -> list[Act]:
        def there() -> bool:
            self.acts += self._orders.taken()
            return len(self.acts) >= count

        until(there, f"{count} orders")
        return self.acts[:count]

    def stop(self) -> None:
        self.frames.put(None)
        self._loop.join(LONG_S)
        assert not self._loop.is_alive()


def test_a_running_hub_switches_its_signals_and_its_journal_keeps_what_was_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hub = Hub(tmp_path)
    hub.frames.put(Frame("log", "bathroom-motion", b"motion 1"))
    assert hub.ordered(2) == [Act("ask", seconds=240), Act("ask")]
    hub.stop()
    shown = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["seconds"] for one in shown if one.get("act") == "ask"] == [240, 0]
    assert [one["value"] for one in shown if one.get("sensor") == FALL] == [240, 0]
    assert "test_call" in [one["kind"] for one in shown if one.get("step") == "escalated"]  # nobody is there to sign
    journal = Journal(tmp_path / "journal.db")
    told = [reading for reading in journal.readings(MORNING, Instant(MORNING + 24 * HOUR_MS)) if reading.sensor == FALL]
    line = next(line for _, _, line in journal.alerts() if FALL in line)
    journal.close()
    asked, answered = told
    assert (asked[1:], answered[1:]) == ((FALL, "asked", 240), (FALL, "answered", 0))
    assert rfc3339(answered.at) == json.loads(line)["at"]
    assert [write(reading) for reading in told] == [None, None]  # what is exported is replayed, and asked anew


class Dying(Orders):
    """As if the power went at the instant of the first order: what is on the disk then is kept."""

    def __init__(self, keep: Callable[[], object]) -> None:
        super().__init__()
        self._keep: Callable[[], object] | None = keep

    def give(self, act: Act) -> None:
        if self._keep is not None:
            self._keep()
            self._keep = None
        super().give(act)


def test_a_hub_that_is_killed_during_a_question_ends_it_when_it_is_back(tmp_path: Path) -> None:
    state, left = tmp_path / "state", tmp_path / "left"
    state.mkdir()
    hub = Hub(state, Dying(lambda: shutil.copytree(state, left, ignore=shutil.ignore_patterns("*.sock"))))
    hub.frames.put(Frame("log", "bathroom-motion", b"motion 1"))
    assert hub.ordered(1) == [Act("ask", seconds=240)]
    hub.stop()
    back = Hub(left)
    assert back.ordered(1) == [Act("ask")]  # the lamp goes off
    back.stop()
