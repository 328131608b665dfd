"""Certificate and privacy sheet as HTML files that need nothing else and print on one page each.

The templates came with the program. Jinja escapes all that it is given; what it does not know is a mistake of ours.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from agent.nouns import Home
from agent.provision.certificate import CLOSES, OPENS
from agent.provision.sheet import sheet
from agent.provision.walk_words import kind_name, seconds

TEMPLATES: Final = Path(__file__).parent / "templates"
SENSORS_MOST: Final = 60  # in the table; a larger home's are counted by room, and stand singly in the signed claims
DENSE: Final = 24  # sensors and rooms together: beyond, they are set smaller and side by side
DENSER: Final = 44


def _template(name: str) -> Any:
    found = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    found.filters["seconds"] = seconds
    return found.get_template(name)


def certificate_page(said: Mapping[str, Any]) -> str:
    """The page of these claims, with room for them; ``certificate.seal`` puts them in."""
    rooms: Sequence[Mapping[str, Any]] = said["rooms"]
    sensors: Sequence[Mapping[str, Any]] = said["sensors"]
    names = {room["id"]: room["name"] for room in rooms}
    minutes = {one["room"]: one for one in said["promise"]}
    counts = Counter(one["room"] for one in sensors)
    many = len(rooms) + min(len(sensors), SENSORS_MOST)
    page: str = _template("certificate.html").render(
        said=said,
        slot=OPENS + CLOSES,
        rooms=[(room["name"], kind_name(room["kind"]), minutes.get(room["id"]), counts[room["id"]]) for room in rooms],
        sensors=[(one, names[one["room"]]) for one in sensors] if len(sensors) <= SENSORS_MOST else [],
        size="denser" if many > DENSER else "dense" if many > DENSE else "",
    )
    return page


def sheet_page(home: Home, date: str) -> str:
    page: str = _template("sheet.html").render(sheet=sheet(home), date=date)
    return page
