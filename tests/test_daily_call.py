"""The daily proof of life: the centre hears from every hub once a day, whatever happens in the home."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from agent.detect.daily_call import FIRST_MS
from agent.engine import Engine
from agent.loop import fill
from agent.nouns import DAY_MS, HOUR_MS, MINUTE_MS, Alert, Entry, Frame, Instant
from agent.transport.keys_io import signer
from tests.brokers import Mosquitto, centre_process, until
from tests.home_maker import make_home
from tests.whole_hub import WholeHub, upstream

NOON: Final = Instant(1_788_000_000_000)
SENSORS: Final = ("hall-motion", "kitchen-motion", "living-motion")


def boot(since: int | None = None) -> Frame:
    said: dict[str, object] = {"boot": "b1", "zero_ms": 0, "at_ms": NOON, "lines": 1}
    return Frame("hub", "boot", json.dumps(said if since is None else said | {"from_ms": since}).encode())


def motion(sensor: str) -> Frame:
    return Frame("log", sensor, b"motion 1")


def lived(frames: Sequence[tuple[int, Frame | None]], engine: Engine | None = None) -> list[Alert]:
    """What is said in a home of these frames, at these milliseconds after noon."""
    engine = engine or Engine(make_home())
    entries = [Entry(seq, Instant(NOON + at), frame) for seq, (at, frame) in enumerate(frames, 1)]
    return [alert for entry in fill(entries, engine) for alert in engine.step(entry).alerts]


def calls(alerts: Sequence[Alert]) -> list[int]:
    """When the hub called, in milliseconds after noon."""
    return [alert.at - NOON for alert in alerts if alert.kind == "test_call"]


def test_a_hub_calls_soon_after_its_first_start_and_then_once_a_day() -> None:
    said = lived([(0, boot()), (3 * DAY_MS + HOUR_MS, None)])
    assert calls(said) == [FIRST_MS + day * DAY_MS for day in range(4)]
    found = [alert for alert in said if alert.kind == "test_call"]
    assert {(alert.state, alert.severity, alert.test) for alert in found} == {("raised", "info", True)}
    assert len({alert.id for alert in found}) == 4, "each call is one of its own"
    numbers = [alert.seq for alert in said]
    assert numbers == list(range(1, len(numbers) + 1)), "a call carries the running number of what is said"


def test_a_log_of_sensors_that_is_replayed_calls_nobody() -> None:
    off = Frame("hub", "boot", b'{"from_ms":%d}' % (NOON + HOUR_MS))  # as a log tells that its hub was off
    assert not calls(lived([(0, motion("hall-motion")), (2 * HOUR_MS, off), (3 * DAY_MS, None)]))


def test_a_hub_that_was_off_when_its_call_was_due_calls_when_it_starts() -> None:
    away = FIRST_MS + DAY_MS - HOUR_MS, FIRST_MS + DAY_MS + 5 * HOUR_MS
    said = lived([(0, boot()), (away[0], motion("hall-motion")), (away[1], boot(NOON + away[0])), (3 * DAY_MS, None)])
    assert calls(said) == [FIRST_MS, away[1], away[1] + DAY_MS]


def test_a_restart_neither_repeats_a_call_nor_puts_it_off() -> None:
    first = Engine(make_home())
    assert calls(lived([(0, boot()), (HOUR_MS, motion("hall-motion"))], first)) == [FIRST_MS]
    second = Engine(make_home())
    second.restore(json.loads(json.dumps(first.snapshot())))
    rest = [(HOUR_MS + MINUTE_MS, boot(NOON + HOUR_MS)), (DAY_MS + HOUR_MS, None)]
    assert calls(lived(rest, second)) == [FIRST_MS + DAY_MS]


@given(st.lists(st.tuples(st.integers(0, 2 * DAY_MS), st.sampled_from(SENSORS)), max_size=30))
def test_when_a_hub_calls_says_nothing_of_what_happens_in_the_home(life: list[tuple[int, str]]) -> None:
    seen = [(0, boot()), *((at, motion(sensor)) for at, sensor in sorted(life)), (2 * DAY_MS + HOUR_MS, None)]
    assert calls(lived(seen)) == [FIRST_MS, FIRST_MS + DAY_MS, FIRST_MS + 2 * DAY_MS]


def test_the_centre_takes_the_call_as_proof_and_answers_that_it_needs_nobody(tmp_path: Path) -> None:
    signer(str(tmp_path / "centre.key"))
    with Mosquitto(tmp_path) as broker, centre_process(broker.client("centre"), tmp_path) as centre:
        way = upstream(broker.client("hub"), tmp_path / "centre.pub") + "[simulation]\nspeed = 120\n"
        with WholeHub(tmp_path, broker.client("local"), way) as hub:
            hub.pin_at(tmp_path)
            (call,) = until(
                lambda: centre.events("alert"), "the call, five minutes of the hub's own time after its start"
            )
            assert (call["kind"], call["test"], call["seq"]) == ("test_call", True, 1)
            until(lambda: {"received", "cancelled-test"} <= set(hub.receipts()), "both answers to be believed")
            assert not hub.outbox.waiting()
