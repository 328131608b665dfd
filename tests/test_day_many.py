"""A day with a flood of alerts: still a page that can be read, and what mattered is not lost in it."""

import re

import pytest

from agent.kinds import SEVERITY
from agent.nouns import MINUTE_MS, SECOND_MS, Instant, Reading, Step
from agent.summary.leaf_io import leaf
from agent.summary.observed import Said
from agent.summary.view import EVIDENCE_MOST, told
from agent.summary.words_io import words
from tests.day_maker import A_DAY, SHOWN, TODAY, at, day_of, heard, lines, weeks

MANY = 2_000
PAGE_BYTES = 100_000
FALL = "possible_fall"


def flood(count: int, *kinds: str, sent: bool = True, apart: int = 40 * SECOND_MS) -> list[Said]:
    """Each raised and over again, one after the other from midnight on."""
    found = []
    for n in range(count):
        when, kind = Instant(at("00:00") + n * apart), kinds[n % len(kinds)]
        text = "Not heard since then: hall-motion."
        found.append(Said(when, f"1-{n}", kind, "raised", when, text, sent=sent))
        found.append(Said(Instant(when + apart // 2), f"1-{n}", kind, "cleared", when, text, sent=sent))
    return found


def test_alerts_of_a_kind_beyond_a_few_are_one_line_with_how_often_and_until_when_and_how_many_were_taken() -> None:
    said = [*flood(360, FALL, apart=MINUTE_MS), Said(at("03:00:30"), "2-1", "sos", "raised")]
    taken = [Step(at("00:30"), 1, 1, f"1-{n}", FALL, "human") for n in range(12)]
    day = day_of(heard("09:00 living"), said=said, steps=taken)
    assert lines(day)[-2:] == [
        (
            "00:00  The monitoring centre was told 360 times, the last time at 05:59: possible fall;"
            " a person there took 12 of them."
        ),
        "03:00  The monitoring centre was told: help button.",
    ]
    many = told(day, words())[-2]
    assert (len(many.evidence), many.more) == (EVIDENCE_MOST, 360 - EVIDENCE_MOST)
    untaken = lines(day_of(heard("09:00 living"), said=flood(4, FALL)))[-1]
    assert untaken.endswith(
        "told 4 times, the last time at 00:02: possible fall; no person there has taken any of them."
    )
    assert len([line for line in lines(day_of([], said=flood(3, FALL))) if "possible fall" in line]) == 3


def test_that_help_was_needed_is_not_lost_among_many_alerts() -> None:
    steps = [Step(at("10:00"), 1, 1, f"1-{n}", FALL, "outcome", "true" if n == 7 else "false") for n in range(20)]
    steps += [Step(at("09:00"), 1, 1, f"1-{n}", FALL, "human") for n in range(20)]
    (line,) = [one for one in lines(day_of([], said=flood(20, FALL), steps=steps)) if "possible fall" in one]
    assert line.endswith("a person there took 20 of them, and help was needed once.")


def test_questions_with_the_same_answer_beyond_a_few_are_one_line() -> None:
    asked = []
    for n in range(50):
        when = Instant(at("10:00") + n * MINUTE_MS)
        asked += [Reading(when, FALL, "asked", 30), Reading(Instant(when + 9_000), FALL, "answered", int(n != 5))]
    assert lines(day_of(heard("09:00 living") + asked))[-2:] == [
        (
            "10:00  The home was asked first 49 times, the last time at 10:49 (possible fall), and answered each time:"
            " nothing left the home."
        ),
        "10:05  The home was asked first (possible fall); nobody answered.",
    ]


def test_two_alerts_that_read_alike_lead_each_to_their_own_evidence() -> None:
    text = leaf(day_of([], said=flood(2, FALL, apart=SECOND_MS)), words())
    ids = re.findall(r'id="([^"]+)"', text)
    assert len(ids) == len(set(ids))


KINDS = [kind for kind in SEVERITY if kind != "test_call"]


@pytest.mark.parametrize(
    "said",
    [
        flood(MANY, FALL),
        flood(MANY, "home_not_watched"),
        flood(MANY, "sensor_lost"),
        flood(MANY, *KINDS),
        [*flood(MANY // 2, *KINDS), *flood(MANY // 2, *KINDS, sent=False)],
        [*flood(3 * len(KINDS), *KINDS), *flood(3 * len(KINDS), *KINDS, sent=False)],
    ],
    ids=["falls", "not watched", "a sensor lost", "all kinds", "all kinds, half of them sent", "a few of each kind"],
)
def test_a_page_of_a_day_with_two_thousand_alerts_is_no_larger_than_any_may_be(said: list[Said]) -> None:
    nights = [one for day in range(TODAY - 28, TODAY + 1) for one in heard("03:00 bed 0, 03:12 bed, 07:15 bed 0", day)]
    steps = [Step(at("23:00"), 1, 1, one.id, one.kind, "human") for one in said]
    steps += [Step(at("23:30"), 1, 1, one.id, one.kind, "outcome", "false") for one in said]
    day = day_of([*weeks(), *heard(A_DAY), *nights], SHOWN, said=sorted(said), steps=steps)
    assert len(leaf(day, words()).encode()) < PAGE_BYTES
