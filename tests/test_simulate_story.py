"""The eventful morning of the demo: it happens as told, and the hub says of it what is expected."""

import json
from collections.abc import Iterator, Sequence
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agent.detect.detector import NO_MODELS, Models
from agent.engine import Engine
from agent.home import parse
from agent.loop import fill
from agent.models_io import shipped
from agent.nouns import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Act, Alert, Entry, Frame, Instant, Reading, is_activity
from agent.sensors.decode import Decoder
from agent.sensors.signals import Board
from agent.simulate.asked import ANSWER, ANSWER_MS, ASK_S, LAMP
from agent.simulate.dialects import Heard, as_felt
from agent.simulate.fleet import TEN
from agent.simulate.story import DEAD, SPEED_MOST, WIRED_BED, Story, story


@pytest.fixture(scope="module")
def morning() -> Story:
    return story(1)


def felt(told: Story) -> Iterator[Heard]:
    """What the hub keeps of the wired bed meanwhile."""
    return as_felt(told.bed, WIRED_BED, told.start_at, told.end_at)


def decoded(told: Story) -> list[Reading]:
    """What the hub's own decoder makes of the story, knowing the days before."""
    decoder = Decoder(parse(told.home_text))
    heard = [*told.opening, *told.past[-4_000:], *sorted([*told.frames, *felt(told)], key=lambda one: one.at)]
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


def test_her_bed_is_wired_and_none_of_zigbees_devices(morning: Story) -> None:
    assert parse(morning.home_text).sensors["bed"].address == "bridge-1/bed0"
    (devices,) = (frame.payload for _, frame in morning.opening if frame.address == "bridge/devices")
    assert WIRED_BED.name not in {device["friendly_name"] for device in json.loads(devices)}
    felt_before = [one for one in morning.past if one.frame.link == "serial"]
    assert {one.frame.address for one in felt_before} == {"bridge-1/bed0"}
    assert not any(one.frame.address == WIRED_BED.name for one in morning.past + morning.frames)


@settings(max_examples=4, deadline=None)
@given(st.integers(min_value=0, max_value=2**63))
@example(2**63)
def test_the_story_happens_as_its_scenes_say_for_any_seed(seed: int) -> None:
    told_story = story(seed)
    scene = {one.title: one.at for one in told_story.scenes}
    heard = told_story.past + told_story.frames
    moves = [one for one in decoded(told_story) if is_activity(one)]
    assert [one.value for one in moves if one.sensor == WIRED_BED.id] == [0, 1, 0]
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


def lived(told: Story, models: Models = NO_MODELS, besides: Sequence[Heard] = ()) -> tuple[list[Alert], list[Reading]]:
    """Every alert of the story and of its past, and what was asked at home, by the one loop."""
    engine = Engine(parse(told.home_text), models=models)
    engine.tells_promises = False
    heard = sorted([*told.past, *told.frames, *felt(told), *line(told), *besides], key=lambda one: one.at)
    entries = [Entry(seq, at, frame) for seq, (at, frame) in enumerate(heard, 1)]
    outcomes = [engine.step(entry) for entry in fill(entries, engine)]
    asked = [one for outcome in outcomes for one in outcome.readings if one.quantity in ("asked", "answered")]
    return [alert for outcome in outcomes for alert in outcome.alerts], asked


def lit(told: Story, at: Instant) -> tuple[Heard, ...]:
    """What the home says when the hub lights its lamp."""
    return told.reaction(at, LAMP.address(told.seed), b'{"state":"ON"}')


@pytest.mark.parametrize("seed", [1, 7, 42])
def test_the_hub_says_of_the_story_what_is_expected_and_nothing_else(seed: int) -> None:
    told = story(seed)
    alerts, _ = lived(told)
    missed = [(one.kind, one.state) for one in alerts if one.at < told.start_at and one.kind not in told.tolerated]
    assert missed == [("sensor_lost", "raised"), ("sensor_lost", "cleared")]  # her bed, until it was laid
    alerts = [one for one in alerts if one.at >= told.start_at]
    for expected in told.expected:
        found = [one for one in alerts if (one.kind, one.state) == (expected.kind, expected.state)]
        assert [expected.after <= one.at <= expected.before for one in found] == [True], expected
    besides = {one.kind for one in alerts} - {expected.kind for expected in told.expected}
    assert besides <= told.tolerated


@pytest.mark.parametrize("seed", [1, 42])
def test_she_answers_from_the_bath_and_nobody_answers_after_the_fall(seed: int) -> None:
    told = story(seed)
    _, asked = lived(told, shipped())
    (bath, *_) = asked
    alerts, asked = lived(told, shipped(), lit(told, bath.at))
    words = [(one.sensor, one.quantity, one.value) for one in asked]
    fall = "possible_fall"
    assert words == [(fall, "asked", ASK_S), (fall, "answered", 1), (fall, "asked", ASK_S), (fall, "answered", 0)]
    for question, expected in zip(asked[::2], told.asked, strict=True):
        assert expected.after <= question.at <= expected.before
    raised = [one.at for one in alerts if (one.kind, one.state) == (fall, "raised")]
    assert raised == [asked[-1].at] == [asked[2].at + ASK_S * SECOND_MS]


def test_the_lamp_says_what_it_was_told_and_she_presses_only_while_she_can(morning: Story) -> None:
    bath, fallen = morning.start_at, morning.answers_until
    shining, press = lit(morning, bath)
    assert (shining.at, shining.frame.address, json.loads(shining.frame.payload)["state"]) == (bath, LAMP.name, "ON")
    assert (press.at, press.frame.address) == (bath + ANSWER_MS, ANSWER.name)
    assert [one.frame.address for one in lit(morning, fallen)] == [LAMP.name]
    (dark,) = morning.reaction(bath, LAMP.address(morning.seed), b'{"state":"OFF"}')
    assert json.loads(dark.frame.payload)["state"] == "OFF"
    assert not morning.reaction(bath, ANSWER.address(morning.seed), b'{"state":"ON"}')


def test_the_hub_can_switch_the_lamp_as_its_definition_says(morning: Story) -> None:
    board = Board(parse(morning.home_text).signals)
    (devices,) = (frame.payload for _, frame in morning.opening if frame.address == "bridge/devices")
    assert board.learn(devices)
    assert not board.undriven()
    board.order(Act("ask", seconds=ASK_S), 0.0)
    ((signal, payload),) = board.commands(0.0)
    assert signal.address == LAMP.address(morning.seed)
    assert json.loads(payload) == {"state": "ON"}
