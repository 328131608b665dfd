"""A day as one HTML file that needs nothing else: to print, to hand over, to open on any phone.

The templates came with the program. Jinja escapes all that it is given; what it does not know is a mistake of ours.
"""

from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from agent.summary.day import Day
from agent.summary.view import drawn
from agent.summary.words import Words

TEMPLATES: Final = Path(__file__).parent / "templates"


def environment() -> Environment:
    return Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True)


def leaf(day: Day, words: Words) -> str:
    """The whole file, as text."""
    title = words.page["title"].format(date=words.date(day.number))
    return environment().get_template("leaf.html").render(title=title, **drawn(day, words))
