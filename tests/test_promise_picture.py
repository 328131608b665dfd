"""The picture of a promise, and the words beside it, whatever a room is called and however little was heard."""

from typing import Final
from xml.etree import ElementTree

import pytest

from agent.detect.budget import Expected
from agent.home import parse
from agent.nouns import MINUTE_MS
from agent.promise.picture import picture
from agent.promise.waits import Waits
from agent.promise.words import sentence, table
from agent.simulate.fleet import home_text
from tests.promise_maker import lived, promised

SVG: Final = "{http://www.w3.org/2000/svg}"
HOSTILE: Final = (
    "</text><script>alert(1)</script>",
    "&lt;b&gt; &amp; \\\" ' ]]> --",
    "x" * 64,
    "<!DOCTYPE a [<!ENTITY b SYSTEM 'c'>]>",
    "\N{ZERO WIDTH SPACE}\N{ZERO WIDTH SPACE}",
    "\ufffe\ufdd0 noncharacters",
    "厨房 Küche ☃",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_room_name_comes_out_inert(name: str) -> None:
    text = home_text(3, link="log").replace('name = "Kitchen"', f'name = "{name}"')
    text += f'\n[[room]]\nid = "other"\nkind = "other"\nname = "{name}"\n'
    text += '[[sensor]]\nid = "more"\nkind = "motion"\nroom = "other"\nlink = "log"\naddress = "more"\n'
    text += f'[[room]]\nid = "unheard"\nkind = "other"\nname = "{name}"\n'
    found = promised(text, lived(4))
    drawn = ElementTree.fromstring(picture(found))
    assert {each.tag.removeprefix(SVG) for each in drawn.iter()} == {
        "svg",
        "title",
        "desc",
        "style",
        "rect",
        "text",
        "g",
    }
    words = [sentence(found, "other", 600), *table(found)]
    assert all(line.isprintable() for line in words)
    assert "“”" not in words[0]


def test_nothing_at_all_was_heard_and_still_there_is_a_promise() -> None:
    home = parse(home_text(3, link="log"))
    found = Waits(home).promised(lambda room, minute: 20 * MINUTE_MS, Expected(2_000, 0, 0, 14))
    assert sentence(found, "kitchen", 600).startswith(
        "A fall in the kitchen at 10:00 would be reported by about 10:20."
    )
    assert ElementTree.fromstring(picture(found)).tag == f"{SVG}svg"
