"""What the hub says of its lines to the centres: which one is lost, since when, and why."""

import json
from typing import Final

import pytest

from agent.engine import Engine
from agent.loop import fill
from agent.nouns import HOUR_MS, MINUTE_MS, Entry, Frame, Instant
from tests.home_maker import make_home

NOON: Final = Instant(1_788_000_000_000)  # 2026-08-29 11:40 in London


def link(state: str, reason: str, **more: object) -> Frame:
    return Frame("centre", "link", json.dumps({"state": state, "reason": reason, "row": 1} | more).encode())


def said(*frames: tuple[int, Frame | None], engine: Engine | None = None) -> list[tuple[str, str]]:
    """State and sentence of each word on the lines, from frames at minutes after noon."""
    engine = engine or Engine(make_home())
    entries = [Entry(seq, Instant(NOON + at * MINUTE_MS), frame) for seq, (at, frame) in enumerate(frames, 1)]
    alerts = [alert for entry in fill(entries, engine) for alert in engine.step(entry).alerts]
    return [(alert.state, alert.text) for alert in alerts if alert.kind == "upstream_lost"]


def test_a_lost_line_says_why_and_that_it_is_back() -> None:
    assert said(
        (0, link("offline", "another client connected with this hub's id", line=1)), (10, link("online", "MQTT 5"))
    ) == [
        (
            "raised",
            "No connection to the monitoring centre since 11:40: another client connected with this hub's id.",
        ),
        ("cleared", "The monitoring centre is connected again."),
    ]


def test_the_second_line_is_told_as_the_second_and_does_not_stand_for_the_first() -> None:
    both = said(
        (0, link("offline", "connection lost", line=2)),
        (1, link("online", "MQTT 5", line=1)),
        (10, link("offline", "cannot connect", line=1)),
        (20, link("online", "MQTT 5", line=1)),
        (30, None),
    )
    assert both == [
        ("raised", "No connection to the monitoring centre of line 2 since 11:40: connection lost."),
        ("raised", "No connection to the monitoring centre since 11:50: cannot connect."),
        ("cleared", "The monitoring centre is connected again."),
    ]


def test_why_a_line_is_lost_survives_a_restart_before_it_is_told() -> None:
    first = Engine(make_home())
    assert not said((0, link("offline", "refused: Not authorized", line=3)), engine=first)
    second = Engine(make_home())
    second.restore(json.loads(json.dumps(first.snapshot())))
    ((_, text),) = said((10, None), engine=second)
    assert text == "No connection to the monitoring centre of line 3 since 11:40: refused: Not authorized."


@pytest.mark.parametrize("line", [0, -1, 100, True, "1", None, 1.0, [1]])
def test_a_line_that_no_hub_has_is_refused(line: object) -> None:
    engine = Engine(make_home())
    outcome = engine.step(Entry(1, NOON, link("offline", "x", line=line)))
    assert outcome.reject is not None
    assert outcome.reject.startswith("centre/link: line is ")
    assert not said((HOUR_MS // MINUTE_MS, None), engine=engine)
