"""The words of a family's day: plain, whole, in as many languages as there are files, and never of an illness."""

import string
import tomllib
from pathlib import Path

import pytest

from agent.kinds import SEVERITY
from agent.nouns import ACTIVITY, Reading
from agent.summary.counts import FIGURES
from agent.summary.sentences import TOLD, sentences
from agent.summary.words import PLURALS, texts_of
from agent.summary.words_io import FOLDER, languages, words
from tests.conftest import ROOT
from tests.day_maker import A_DAY, SHOWN, at, day_of, heard, lines, weeks
from tests.home_maker import make_home
from tests.house import CLINICAL

# As small as a translation can be: what it does not say is said in English.
POLISH = """
language = "pl"
plural = "one-few-many"
day_before = "{time} dnia poprzedniego"
hours = "{hours} godz. {minutes} min"
[say.fridge]
zero = "Lodówka nie była otwierana{partly}"
one = "Lodówkę otwarto {value} raz"
few = "Lodówkę otwarto {value} razy"
many = "Lodówkę otwarto {value} razy"
[say.kitchen]
one = "{value} wizyta w kuchni"
few = "{value} wizyty w kuchni"
many = "{value} wizyt w kuchni"
[compared.count]
usual = "{said}, jak zwykle."
less = "{said}, rzadziej niż zwykle ({usual})."
more = "{said}, częściej niż zwykle ({usual})."
"""


def catalogue(language: str) -> dict[str, object]:
    return tomllib.loads((FOLDER / f"words_{language}.toml").read_text())


def test_every_sentence_figure_kind_and_reading_has_its_words() -> None:
    said = catalogue("en")
    keys = {key for key, _ in texts_of(said)}
    assert {f"figure.{name}" for name in FIGURES} <= keys
    assert {f"kind.{kind}" for kind in SEVERITY} <= keys
    assert {f"say.{name}.other" for name in TOLD} <= keys
    assert {
        f"compared.{form}.{how}" for form in ("time", "length", "count") for how in ("usual", "less", "more")
    } <= keys
    assert {f"reading.{quantity}_1" for quantity in ACTIVITY - {"button"}} <= keys, "a button has no room to be shown"


@pytest.mark.parametrize("language", languages())
def test_a_translation_says_nothing_that_english_does_not_know_and_leaves_no_place_open(language: str) -> None:
    english, other = catalogue("en"), catalogue(language)
    places = {key.rpartition(".")[0]: set[str]() for key, _ in texts_of(english)}
    for key, text in texts_of(english):
        places[key.rpartition(".")[0]] |= _places(text)
    for key, text in texts_of(other):
        assert _places(text) <= places[key.rpartition(".")[0]], key
    assert other["plural"] in PLURALS


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", languages())
def test_what_was_none_is_said_in_every_language_with_how_far_that_is_known(language: str) -> None:
    texts = [(key, text) for key, text in texts_of(catalogue(language)) if key.startswith("say.")]
    none = [(key, text) for key, text in texts if key.endswith(".zero")]
    assert {key for key, text in none if "partly" not in _places(text)} == set()
    assert none or language != "en"


READ = [*FOLDER.glob("*.toml"), *FOLDER.glob("templates/*.html"), *(ROOT / "docs").glob("family*.md")]


@pytest.mark.parametrize("file", sorted(READ), ids=lambda file: file.name)
def test_nothing_that_a_family_reads_has_a_word_of_an_illness(file: Path) -> None:
    assert not CLINICAL.search(file.read_text())


def test_a_second_language_is_a_file_with_its_own_plurals(tmp_path: Path) -> None:
    (tmp_path / "words_pl.toml").write_text(POLISH)
    polish = words("pl", tmp_path)
    said = {}
    for visits in (1, 3, 5, 12, 22):
        told = ", ".join(f"{8 + n // 4:02d}:{n % 4 * 15 + 1:02d} kitchen, {8 + n // 4:02d}:{n % 4 * 15 + 8:02d} living"
                         for n in range(visits))  # fmt: skip
        day = day_of(heard(told))
        said[visits] = next(polish.say(one, day) for one in sentences(day) if one.key == "kitchen")
    assert said == {
        1: "1 wizyta w kuchni.",
        3: "3 wizyty w kuchni.",
        5: "5 wizyt w kuchni.",
        12: "12 wizyt w kuchni.",
        22: "22 wizyty w kuchni.",
    }
    day = day_of([*weeks(), *heard(A_DAY)])
    whole = [polish.say(one, day) for one in sentences(day)]
    assert "Lodówkę otwarto 2 razy, jak zwykle." in whole
    assert whole[0] == "Up at 07:40, as usual.", "what is not translated yet is said in English"


def test_a_time_of_another_day_says_so_and_the_end_of_the_day_is_midnight() -> None:
    day, english = day_of([]), words()
    times = [english.moment(each, day) for each in (at("23:15", day.number - 1), at("00:00"), at("24:00"))]
    assert times == ["23:15 the day before", "00:00", "midnight"]
    assert [english.time(minute) for minute in (0, 1_439, 1_440, 1_900)] == ["00:00", "23:59", "00:00", "07:40"]
    assert [english.length(minutes) for minutes in (0, 59, 60, 605)] == ["0 min", "59 min", "1 h 00 min", "10 h 05 min"]


def test_every_sentence_can_be_said_whatever_its_number_and_however_it_compares() -> None:
    day = day_of([*weeks(), *heard(A_DAY)], SHOWN)
    for one in sentences(day):
        for many in (None, 0, 1, 2) if one.many is not None else (None,):
            for compared in ("", "usual", "less", "more") if one.compared else ("",):
                said = words().say(one._replace(many=many, compared=compared), day)
                assert said.endswith("."), said
                assert not said.endswith(".."), said
                assert "{" not in said, said


def test_evidence_names_a_room_and_what_was_seen_and_no_sensor() -> None:
    day = day_of(heard(A_DAY))
    assert words().evidence(Reading(at("10:00:05"), "front-door", "door", 1), day) == "10:00, hall: opened"
    assert words().evidence(Reading(at("07:40"), "kitchen-motion", "motion", 1), day) == "07:40, kitchen: movement"


def test_a_long_time_in_a_bathroom_that_is_hers_alone_is_not_told_as_one_in_the_hall() -> None:
    told = heard("08:00 living, 08:30 hall, 08:31 bathroom, 20:00 living")
    (said,) = [line for line in lines(day_of(told, make_home())) if "longest here" in line]
    assert said == "Between the nights, last seen longest here, the bathroom not told apart: hall, 11 h 30 min."
    (said,) = [line for line in lines(day_of(told, SHOWN)) if "longest here" in line]
    assert said == "Between the nights, longest here: bathroom, 11 h 29 min."


def test_a_little_movement_in_bed_is_not_none() -> None:
    day = day_of(heard(A_DAY))
    said = [words().evidence(Reading(at("02:00"), "bed", "restless", seconds), day) for seconds in (59, 60, 245)]
    assert [one.partition(": ")[2] for one in said] == [
        "movement in bed for less than a minute", "movement in bed: 1 min", "movement in bed: 4 min"
    ]  # fmt: skip


def test_there_are_the_plurals_that_the_languages_need() -> None:
    assert [PLURALS["one-few-many"](n) for n in (0, 1, 2, 4, 5, 11, 12, 14, 21, 22, 25, 112, 122)] == [
        "many", "one", "few", "few", "many", "many", "many", "many", "many", "few", "many", "many", "few",
    ]  # fmt: skip
