"""The day as one file, in a real browser: nothing from elsewhere, nothing that runs, nothing hard to read."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.nouns import Instant, Reading, Room
from agent.summary.day import Day
from agent.summary.leaf_io import leaf
from agent.summary.observed import Said
from agent.summary.spans import Span
from agent.summary.view import hours, ribbon, strip
from agent.summary.words_io import words
from tests.browser import Browser, chromium
from tests.conftest import ROOT
from tests.day_maker import A_DAY, FLAT, SHOWN, TODAY, at, day_of, heard, number, weeks

PICTURES = ROOT / "build" / "day"
SCRIPTS = (
    "<script>document.title='ran'</script>", "<img src=x onerror=\"document.title='ran'\">",
    "</title><script>1</script>", "</svg><script>document.title='ran'</script>",
    "\" onload=\"document.title='ran'", "' onmouseover='alert(1)",
    "{{ 7*7 }}", "{% raw %}", "<style>*{display:none}</style>", "</style><svg onload=alert(1)>", "javascript:alert(1)",
    "&lt;b&gt;", "<!--", "]]>", "<a href=//x>",
)  # fmt: skip


def night(day: int) -> list[Reading]:
    return heard("22:40 bed", day - 1) + heard("03:00 bed 0, 03:12 bed, 07:15 bed 0", day)


def a_full_day(home: object = FLAT) -> Day:
    told = [*weeks(), *heard(A_DAY), *heard("00:01 company, 18:00 company 2, 19:30 company 1")]
    told += [one for day in range(TODAY - 28, TODAY + 1) for one in night(day)]
    said = [
        Said(at("15:00"), "1-1", "home_not_watched", "raised", at("14:00")),
        Said(at("16:30"), "1-1", "home_not_watched", "cleared", at("14:00")),
    ]
    assert home in (FLAT, SHOWN)
    return day_of(told, SHOWN if home is SHOWN else FLAT, said=said)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("profile")) as found:
        yield found


def shown(browser: Browser, folder: Path, day: Day) -> None:
    file = folder / "day.html"
    file.write_text(leaf(day, words()))
    browser.open(file.as_uri())


def test_a_page_is_without_fault_for_those_who_see_or_move_differently(browser: Browser, tmp_path: Path) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    days = {
        "full": a_full_day(),
        "shown": a_full_day(SHOWN),
        "so-far": day_of([*weeks(), *heard(A_DAY)], now=at("13:00")),
        "empty": day_of([]),
    }
    faults = []
    for name, day in days.items():
        shown(browser, tmp_path, day)
        for scheme in ("light", "dark"):
            browser.emulate(prefers_color_scheme=scheme)
            for width in (320, 1_000):
                browser.whole(width)
                faults += [f"{name} {scheme} {width}: {fault}" for fault in browser.faults_of_access()]
                if browser.run("return document.documentElement.scrollWidth > innerWidth"):
                    faults.append(f"{name} {width}: wider than the screen")
                browser.picture(PICTURES / f"{name}-{scheme}-{width}.png")
    browser.narrow(0)
    browser.emulate(prefers_color_scheme="light")
    assert not faults


def test_a_sentence_leads_to_what_it_rests_on_and_back(browser: Browser, tmp_path: Path) -> None:
    shown(browser, tmp_path, a_full_day())
    sentence = next(line for line in browser.text().splitlines() if line.startswith("Up at 07:15"))
    assert sentence.endswith("why")
    number = browser.run(
        "return [...document.querySelectorAll('.told li')].findIndex(e => /Up at/.test(e.innerText)) + 1"
    )
    browser.click(f"#s{number} a")
    assert browser.address().endswith(f"#e{number}")
    assert "03:12 to 07:15" in browser.run(f"return document.getElementById('e{number}').innerText")
    browser.click(f"#e{number} a")
    assert browser.address().endswith(f"#s{number}")


def test_names_of_rooms_are_text_and_nothing_else(browser: Browser, tmp_path: Path) -> None:
    for script in SCRIPTS:
        rooms = {id: Room(id, room.kind, script) for id, room in FLAT.rooms.items()}
        shown(browser, tmp_path, day_of(heard(A_DAY), replace(FLAT, rooms=rooms)))
        assert browser.run("return document.title").startswith("The day of "), script
        assert browser.run("return document.querySelectorAll('script, img, iframe, main style').length") == 0, script
        assert browser.run("return [...document.querySelectorAll('.label')].map(e => e.textContent)").count(script) >= 4


def test_a_printed_day_is_two_pages_at_most(browser: Browser, tmp_path: Path) -> None:
    shown(browser, tmp_path, a_full_day(SHOWN))
    PICTURES.mkdir(parents=True, exist_ok=True)
    printed = browser.printed()
    (PICTURES / "full.pdf").write_bytes(printed)
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 2


def test_the_file_needs_nothing_else_and_runs_nothing() -> None:
    text = leaf(a_full_day(), words())
    assert not re.search(r"\bsrc\s*=|\bsrcset|url\((?!#)|\bhref=(?!\"#)", text)
    assert not re.search(r"<script|\bon\w+=|@import|https?://", text)
    assert len(text.encode()) < 100_000


def test_a_page_of_a_home_with_many_rooms_and_long_names_is_no_wider_than_a_phone(
    browser: Browser, tmp_path: Path
) -> None:
    rooms = {id: Room(id, room.kind, "W" * 64) for id, room in FLAT.rooms.items()}
    shown(browser, tmp_path, day_of(heard(A_DAY), replace(FLAT, rooms=rooms)))
    browser.whole(320)
    assert not browser.run("return document.documentElement.scrollWidth > innerWidth")
    browser.picture(PICTURES / "long-names-320.png")
    browser.narrow(0)


def test_the_file_has_no_word_of_a_bathroom_that_is_not_to_be_shown() -> None:
    text = leaf(a_full_day(), words())
    rest = text.replace(words().page["bathroom_hidden"], "").replace("bedroom and bathroom", "")
    assert "bathroom" not in rest.replace("the bathroom not counted", "").replace("the bathroom not told apart", "")
    assert "In the bathroom" in leaf(a_full_day(SHOWN), words())


@pytest.mark.parametrize(("day", "marks"), [
    ("2026-03-28", ["0.00", "25.00", "50.00", "75.00"]),
    ("2026-03-29", ["0.00", "21.74", "47.83", "73.91"]),
    ("2026-10-25", ["0.00", "28.00", "52.00", "76.00"]),
])  # fmt: skip
def test_the_hours_stand_where_the_wall_clock_shows_them(day: str, marks: list[str]) -> None:
    told = day_of(heard(A_DAY, number(day)), day=number(day))
    assert [hour.left for hour in hours(told, words())] == marks
    bars = [bar for row in ribbon(told, words()) if row.label != words().page["doors"] for bar in row.bars]
    assert abs(sum(float(bar.width) for bar in bars) - 100) < 0.2, "the rows together are the whole day"


def test_a_home_with_a_bed_has_a_row_for_it_and_nights_of_which_nothing_is_known_say_so() -> None:
    day = a_full_day()
    assert [row.label for row in ribbon(day, words())][-2:] == ["bed", "outside door opened"]
    told = day_of([*heard(A_DAY), *night(TODAY)], off=[Span(Instant(0), at("10:00", TODAY - 1))])
    assert [row.beside for row in strip(told, words())] == ["not known", "8 h 23 min"], "none before the first start"
    assert not strip(day_of([]), words())


def test_a_row_of_the_day_in_which_nothing_is_says_how_far_that_is_known() -> None:
    few, began = heard("00:01 living, 07:40 living"), Span(Instant(0), at("12:00", TODAY - 1))
    lost = Said(at("09:00"), "1-1", "sensor_lost", "raised", at("08:00"), "kitchen-motion is lost")
    door = Said(at("09:00"), "1-2", "sensor_lost", "raised", at("08:00"), "front-door is lost")
    days = {
        "none": day_of(few),
        "none so far": day_of(few, now=at("13:00")),
        "none while the home was observed": day_of(few, off=[began, Span(at("10:00"), at("15:00"))]),
        "not measured": day_of(few, said=[lost, door]),
    }
    for beside, day in days.items():
        rows = {row.label: row for row in ribbon(day, words())}
        for label in ("kitchen", "outside door opened"):
            assert rows[label].beside == beside, (beside, label)
            assert rows[label].says == f"{label}: {beside}"
    dark = ribbon(day_of([], off=[Span(Instant(0), at("24:00"))]), words())
    assert {row.beside for row in dark if row.label != "not observed"} == {"not measured"}
    glimpse = day_of(heard("00:01 living, 10:00 kitchen, 10:00:20 living"))
    assert next(row.beside for row in ribbon(glimpse, words()) if row.label == "kitchen") == "1 min"
    often = day_of(heard("00:01 living," + ",".join(f"{hour:02d}:00 front-door" for hour in range(8, 22))))
    assert ribbon(often, words())[-1].says.startswith("outside door opened: 14 ×; 08:00, 09:00")
    assert ribbon(often, words())[-1].says.endswith("19:00, and 2 more")


def test_a_night_that_was_not_observed_whole_says_so_beside_what_was_seen_of_it() -> None:
    off = [Span(Instant(0), at("18:00", TODAY - 1)), Span(at("01:00"), at("02:30"))]
    row = strip(day_of(night(TODAY), off=off), words())[-1]
    assert row.beside == "6 h 53 min seen"
    assert row.says == "Wed 11 Mar: 6 h 53 min seen, in bed; not observed: 1 h 30 min"


def test_what_is_not_measured_and_what_is_none_are_told_apart_in_the_file() -> None:
    text = leaf(day_of(heard("00:05 living, 12:00 living")), words())
    assert re.search(r"Times the fridge was opened</th><td>none</td>", text)
    assert re.search(r"In bed</th><td>not measured</td>", text)
