"""The eventful morning of the demo: it happens as told, and the hub says of it what is expected."""

import json
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.engine import Engine
from agent.home import parse
from agent.loop import fill
from agent.nouns import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Alert, Entry, Frame, Reading, is_activity
from agent.sensors.decode import Decoder
from agent.simulate.dialects import Heard
from agent.simulate.fleet import TEN
from agent.simulate.story import DEAD, SPEED_MOST, Story, story


@pytest.fixture(scope="module")
def morning() -> Story:
    return story(1)


def decoded(told: Story) -> list[Reading]:
    """What the hub's own decoder makes of the story, knowing the days before."""
    decoder = Decoder(parse(told.home_text))
    heard = told.opening + told.past[-4_000:] + told.frames
    found = [reading for at, frame in heard for reading in decoder.decode(at, frame)]
    return [reading for reading in found if reading.at >= told.start_at]


def test_the_story_fits_seventy_seconds_and_its_scenes_are_in_order(morning: Story) -> None:
    assert (morning.end_at - morning.start_at) / SPEED_MOST <= 70 * SECOND_MS
    assert [one.at for one in morning.scenes] == sorted(one.at for one in morning.scenes)
    assert [one.cue for one in morning.scenes if one.cue] == ["line_down", "line_up"]
    for expected in morning.expected:
        assert morning.start_at < expected.after < expected.before <= morning.end_at


def test_the_story_follows_twenty_eight_days_without_a_break(morning: Story) -> None:
    heard = morning.past + morning.frames
    assert all(before.at <= after.at for before, after in pairwise(heard))
    assert morning.past[-1].at < morning.start_at <= morning.frames[0].at
    assert morning.start_at - morning.past[-1].at < HOUR_MS
    assert 28 * DAY_MS < morning.start_at - morning.past[0].at < 29 * DAY_MS
    assert {frame.address for frame in (one.frame for one in morning.opening)} == {"bridge/state", "bridge/devices"}


@settings(max_examples=4, deadline=None)
@given(st.integers(min_value=0, max_value=2**63))
def test_the_story_happens_as_its_scenes_say_for_any_seed(seed: int) -> None:
    told_story = story(seed)
    scene = {one.title: one.at for one in told_story.scenes}
    heard = told_story.past + told_story.frames
    moves = [one for one in decoded(told_story) if is_activity(one)]
    assert not [one for one in moves if scene["A fall"] + MINUTE_MS <= one.at < scene["Help arrives"]]
    assert not [one for one in moves if scene["The line goes down"] <= one.at < scene["Home again"]]
    assert [one.value for one in moves if one.sensor == "front-door"] == [1, 0] * 3
    name = next(device.name for device in TEN if device.id == DEAD)
    last = max(one.at for one in heard if one.frame.address == name)
    assert scene["A sensor dies"] - 6 * MINUTE_MS < last < scene["A sensor dies"]


def line(told: Story) -> Iterator[Heard]:
    """The scenes' cues as the uplink reports them."""
    for scene in told.scenes:
        if scene.cue:
            state = "offline" if scene.cue == "line_down" else "online"
            yield Heard(scene.at, Frame("centre", "link", json.dumps({"state": state}).encode()))


def said(told: Story) -> list[Alert]:
    """Every alert of the story and of its past, by the one loop."""
    engine = Engine(parse(told.home_text))
    heard = sorted([*told.past, *told.frames, *line(told)], key=lambda one: one.at)
    entries = [Entry(seq, at, frame) for seq, (at, frame) in enumerate(heard, 1)]
    return [alert for entry in fill(entries, engine) for alert in engine.step(entry).alerts]


@pytest.mark.parametrize("seed", [1, 7, 42])
def test_the_hub_says_of_the_story_what_is_expected_and_nothing_else(seed: int) -> None:
    told = story(seed)
    alerts = said(told)
    for expected in told.expected:
        found = [one for one in alerts if (one.kind, one.state) == (expected.kind, expected.state)]
        assert [expected.after <= one.at <= expected.before for one in found] == [True], expected
    besides = {one.kind for one in alerts} - {expected.kind for expected in told.expected}
    assert besides <= told.tolerated
