"""Questions in a terminal while a home is set up: a minus leaves the step, a mistake is told and asked again."""

from collections.abc import Callable
from shutil import get_terminal_size
from textwrap import wrap
from typing import Any, Final

from agent.provision.answers import BadAnswers
from agent.setup_io import Session

COLUMNS_MOST: Final = 78  # beside the cursor; of a wider terminal the rest stays empty
COLUMNS_LEAST: Final = 38


class Left(Exception):
    """The installer leaves the step; what was said of it before stands."""


def wrapped(words: str, indent: str = "  ", more: str = "  ") -> list[str]:
    """``words`` in lines for a terminal; a path or a link is not cut. ``more``: before each line but the first."""
    following = indent + more
    columns = min(COLUMNS_MOST, max(COLUMNS_LEAST, get_terminal_size().columns - 2))
    lines = wrap(words, columns, initial_indent=indent, subsequent_indent=following, break_long_words=False)
    return lines or [""]


def show(words: str) -> None:
    print("\n".join(wrapped(words)))


def ask(words: str, default: object = "") -> str:
    """``-`` leaves the step."""
    shown = f" [{default}]" if default not in ("", None) else ""
    *before, last = wrapped(f"{words}{shown}:", more="")
    print("".join(f"{line}\n" for line in before), end="")
    said = input(f"{last} ").strip()
    if said == "-":
        raise Left
    return said or ("" if default is None else str(default))


def agreed_to(words: str, default: bool) -> bool:
    return ask(f"{words} (y/n)", "y" if default else "n").lower().startswith("y")


def said(session: Session, tables: Callable[[], dict[str, Any]]) -> bool:
    """Asks by ``tables``, again until what is said can be; each mistake is told. False: nothing was said."""
    while True:
        try:
            if answers := tables():
                session.say(answers)
            return bool(answers)
        except BadAnswers as fault:
            for mistake in fault.mistakes:
                show(f"! {mistake.key}: {mistake.message}")
        except ValueError as odd:
            show(f"! {odd}")


def number(text: str) -> object:
    return int(text) if text.isdecimal() else text
