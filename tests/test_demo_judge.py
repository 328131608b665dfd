"""What the demo calls a success, and what whoever looks on is told of it."""

from io import StringIO
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from agent.civil import Wall
from agent.demo.judge import Got, Ledger, Question, Said, judge
from agent.demo.operator import answer
from agent.demo.plain_io import summary
from agent.demo.seen import Seen
from agent.demo.terminal_io import picture
from agent.home import parse
from agent.nouns import MINUTE_MS, Instant, Step
from agent.simulate.fleet import TIMEZONE
from agent.simulate.story import Expected, story

WALL = Wall(TIMEZONE)
STORY = story(1)


def told(expected: tuple[Expected, ...] = STORY.expected) -> list[Said]:
    """Each expectation as a hub would meet it."""
    return [Said(one.after, f"2-{n}", one.kind, one.state) for n, one in enumerate(expected, start=1)]


def ledger(said: list[Said], lost: int | None = None, unsigned: int | None = None) -> Ledger:
    """All of it received and signed for, but the ``lost``-th and the ``unsigned``-th; a person came, and was needed."""
    made = Ledger()
    made.said = said
    for seq, one in enumerate(said):
        if seq != lost:
            made.got.append(Got(one.at, one.id, one.kind, one.state, 2, seq))
        if seq not in (lost, unsigned):
            made.receipts.add((2, seq))
    made.hold(came(said))
    made.questions = asked(said)
    return made


def came(said: list[Said]) -> list[Step]:
    """What the hub's journal holds of the person who came to its possible fall."""
    falls = [one for one in said if (one.kind, one.state) == ("possible_fall", "raised")]
    return [
        Step(one.at, 2, 6, one.id, one.kind, state, verdict)
        for one in falls
        for state, verdict in (("human", None), ("outcome", "true"))
    ]


def asked(said: list[Said]) -> list[Question]:
    """The story's questions; the one that nobody answers ends when the alert leaves."""
    bath, fall = STORY.asked
    left = next((one.at for one in said if one.kind == "possible_fall"), fall.before)
    return [Question(bath.after, 120, True), Question(Instant(left - 60_000), 60, False)]


def faults(made: Ledger) -> tuple[str, ...]:
    return judge(STORY.expected, STORY.asked, STORY.tolerated, made, WALL).faults


def test_a_demo_in_which_all_was_said_and_signed_for_is_a_success() -> None:
    verdict = judge(STORY.expected, STORY.asked, STORY.tolerated, ledger(told()), WALL)
    assert not verdict.faults
    assert all(row.good for row in verdict.rows)
    lines = list(summary(verdict, WALL))
    assert len([line for line in lines if "received    signed" in line]) == len(STORY.expected)
    assert [line.split()[:3] for line in lines if line.endswith("taken, true")] == [["possible", "fall", "raised"]]
    assert "A person at the centre took the possible fall and closed it: help was needed" in "\n".join(lines)
    assert lines[-1] == "Nothing else was raised."


@pytest.mark.parametrize("state", ["human", "outcome"])
def test_a_demo_fails_if_no_word_of_a_person_came_back_to_the_hub(state: str) -> None:
    made = ledger(told())
    made.hold(step for step in came(made.said) if step.state != state)
    (fault,) = faults(made)
    assert fault.startswith("possible_fall raised: the hub holds")
    verdict = judge(STORY.expected, STORY.asked, STORY.tolerated, made, WALL)
    assert [row.expected.kind for row in verdict.rows if not row.good] == ["possible_fall"]


def test_a_demo_fails_if_the_outcome_was_another_one() -> None:
    made = ledger(told())
    made.hold(step._replace(verdict="false") if step.verdict else step for step in came(made.said))
    assert faults(made) == ("possible_fall raised: the hub holds the outcome false, not true",)


def test_a_demo_fails_if_the_home_was_not_asked_or_heard_as_the_story_says() -> None:
    made = ledger(told())
    bath, fall = made.questions
    made.questions = [fall]
    assert faults(made) == ("the home was not asked between 06:07 and 06:19",)
    made.questions = [bath._replace(answered=False), fall]
    assert faults(made) == ("the home was asked at 06:07, and nobody answered",)
    made.questions = [bath, fall, fall]
    assert faults(made) == (f"the home was asked at {WALL.hhmm(fall.at)}, which is not in the story",)
    made.questions = [bath, fall]
    made.lit = True
    assert faults(made) == ("the lamp was left on",)


def test_a_demo_fails_if_asking_made_the_alert_later_than_promised() -> None:
    made = ledger(told())
    bath, fall = made.questions
    made.questions = [bath, fall._replace(at=Instant(fall.at - 5_000))]
    (fault,) = faults(made)
    assert fault.endswith("and no alert left at the instant promised")


@given(st.sets(st.integers(min_value=0, max_value=len(STORY.expected) - 1), min_size=1))
def test_a_demo_that_misses_any_alert_names_each_that_is_missing(missing: set[int]) -> None:
    said = [one for n, one in enumerate(told()) if n not in missing]
    made = ledger(said)
    made.questions = asked(told())
    found = [fault for fault in faults(made) if "instant promised" not in fault]
    assert len(found) == len(missing)
    for n in missing:
        one = STORY.expected[n]
        assert any(fault.startswith(f"{one.kind} {one.state} was not said") for fault in found)


@pytest.mark.parametrize("which", range(len(STORY.expected)))
def test_a_demo_fails_if_the_centre_or_the_hub_lacks_one_signature(which: int) -> None:
    (lost,) = faults(ledger(told(), lost=which))
    assert "did not reach the centre" in lost
    (unsigned,) = faults(ledger(told(), unsigned=which))
    assert "holds no receipt" in unsigned


def test_an_alert_at_the_wrong_time_is_told_with_both_times() -> None:
    said = told()
    said[0] = said[0]._replace(at=Instant(STORY.expected[0].before + MINUTE_MS))
    (fault,) = faults(ledger(said))
    assert fault == "night_exit raised was said at 05:49, not between 05:34 and 05:48"


def test_an_alert_that_is_not_in_the_story_is_a_false_alert() -> None:
    more = Said(STORY.start_at, "2-99", "bed_exit", "raised")
    assert faults(ledger([*told(), more])) == ("bed_exit raised at 05:22 is not in the story",)
    assert not faults(ledger([*told(), more._replace(kind="test_call")]))
    twice = told()[0]._replace(id="2-99")
    assert faults(ledger([*told(), twice])) == ("night_exit raised at 05:34 is not in the story",)


def test_what_the_centre_complains_of_spoils_the_demo() -> None:
    made = ledger(told())
    made.complaints.append("the centre complains: a forged envelope")
    assert faults(made) == ("the centre complains: a forged envelope",)


# -- what is told ---------------------------------------------------------------------------------------------

AT: Final = "2026-03-02T06:34:00.000Z"
FALL: Final = {"at": AT, "incident": "2-6", "kind": "possible_fall", "epoch": 2, "seq": 6}


def words_of(*lines: dict[str, object]) -> list[str]:
    seen = Seen(parse(STORY.home_text))
    for line in lines:
        seen.hear(line)
    return [one.words for one in seen.told]


def test_whoever_looks_on_reads_that_the_home_was_asked_and_what_came_of_it() -> None:
    begins = {"at": AT, "sensor": "possible_fall", "kind": "asked", "value": 120}
    ends = begins | {"kind": "answered"}
    assert words_of(begins, ends | {"value": 1}) == [
        "asks at home first; if nobody answers, it says possible fall in 120 s",
        "asked at 06:34, and was answered: nothing left the home",
    ]
    assert words_of(begins, ends | {"value": 0})[-1] == "asked at 06:34, and nobody answered"


def test_whoever_looks_on_reads_who_has_the_alert_and_that_it_was_no_false_one() -> None:
    signed, human, outcome = words_of(
        FALL | {"step": "received"}, FALL | {"step": "human"}, FALL | {"step": "outcome", "verdict": "true"}
    )
    assert signed == "possible fall: holds the centre's receipt"
    assert "a person at the centre has taken it" in human
    assert "it is no false alert of this home" in outcome


def test_the_operator_takes_what_is_critical_and_closes_it_when_it_is_over() -> None:
    event: dict[str, object] = {"event": "alert", "hub": "demo", "id": "2-6", "severity": "critical", "state": "raised"}
    taken, closed = answer(event), answer(event | {"state": "cleared"})
    assert taken is not None
    assert closed is not None
    assert taken.words == ("demo/2-6", "--by=ana")
    assert closed.words == ("demo/2-6", "--by=ana", "--outcome=true")
    assert answer(event | {"severity": "high"}) is None
    assert answer({"event": "gone", "hub": "demo"}) is None


def shown(seen: Seen) -> str:
    """The picture on a terminal of the usual size."""
    console = Console(width=100, height=24, file=StringIO())
    console.print(picture(seen, STORY.answers_until, 24))
    file = console.file
    assert isinstance(file, StringIO)
    return file.getvalue()


def test_the_terminal_shows_the_question_the_lamp_and_who_has_the_alert() -> None:
    seen = Seen(parse(STORY.home_text))
    assert "lamp on" not in shown(seen)
    seen.hear({"at": AT, "sensor": "possible_fall", "kind": "asked", "value": 120})
    seen.switched(STORY.start_at, b'{"state":"ON"}')
    assert "It asks at home whether all is well." in shown(seen)
    assert "lamp on" in shown(seen)
    seen.hear({"at": AT, "sensor": "possible_fall", "kind": "answered", "value": 0})
    seen.switched(STORY.start_at, b'{"state":"OFF"}')
    words = {"severity": "critical", "text": "No movement since 06:26."}
    seen.hear({"alert": {"at": AT, "id": "2-6", "kind": "possible_fall", "state": "raised"} | words})
    assert "lamp on" not in shown(seen)
    assert "asks at home" not in shown(seen)
    assert "on its way" in shown(seen)
    seen.hear(FALL | {"step": "human"})
    assert "a person has it" in shown(seen)
    seen.hear(FALL | {"step": "outcome", "verdict": "true"})
    assert "help was needed" in shown(seen)
